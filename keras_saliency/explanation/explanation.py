"""An explanation as a value: maps, the scores that they explain, and what was explained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import optree

from keras_saliency.arguments import local_path
from keras_saliency.engine import Layout
from keras_saliency.engine.layout import is_possible, way_out
from keras_saliency.errors import UnreadableFileError
from keras_saliency.metrics.completeness import incomplete_sentence
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.captions import captions, names
from keras_saliency.records import npz
from keras_saliency.records.scores import HasScores, Scores
from keras_saliency.records.whole_file import replace_file
from keras_saliency.render import (
    MOST_DISPLAYED,
    Caption,
    bundle,
    contact_sheet,
    heatmaps,
    pictures,
    to_png,
    using_font,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(HasScores):
    """The maps of `n` images and the scores that they explain.

    Attributes:
        maps: float32, signed, of the explained tensor's shape `(n, …)`; for several inputs the inputs' own
            structure, with None in the place of an integer input. In units of score per unit of input.
        model_scores: the scores, and what the model predicts; the attributes `scores`, `score_kind`,
            `target_classes`, `predicted_classes` and `probabilities` read them.
        method: the method's name.
        probes: the explained images.
        layout: which of the explained tensors and of the inputs are images, and where their channels are.
        diagnostics: what else there is to know; `"explained"` names the inputs, or the tensor behind them,
            that the maps belong to.

    Example:
        >>> explanation = ks.explain(model, probes)
        >>> explanation.heatmaps("magnitude").shape
        (12, 12, 12)
        >>> explanation.save("out")
        >>> ks.Explanation.load("out").method
        'gradient'
    """

    maps: Any
    model_scores: Scores
    method: str
    probes: ProbeSet
    layout: Layout
    diagnostics: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        shapes = optree.tree_map(np.shape, self.maps)
        return (
            f"<Explanation of {len(self.scores)} images by {self.method}: maps {shapes}, "
            f"score: {self.score_kind.replace('_', ' ')}>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the contact sheet."""
        return bundle(repr(self), self.sheet(MOST_DISPLAYED) if self.has_image else None)

    @property
    def channel_axis(self) -> int:
        """The axis of the images' channels: −1, or 1 for channels first."""
        return self.layout.channel_axis

    @property
    def has_image(self) -> bool:
        """Whether the maps are those of images."""
        return self.layout.image is not None

    @property
    def incomplete(self) -> str:
        """The sentence that names the images whose maps miss the change of the score; empty where there are none."""
        return incomplete_sentence(self.diagnostics, names(self.probes))

    def heatmaps(self, view: str = "magnitude") -> np.ndarray:
        """The maps as `(n, height, width)` float32, of the first input that is an image.

        Args:
            view: `"magnitude"`, `"positive"`, `"negative"` or `"signed"`.

        Raises:
            ValueError: an unknown view, or no input is an image.
        """
        if not self.has_image:
            shape = self.image_maps.shape
            raise ValueError(
                f"Heatmaps are for images, and none of the inputs is one. Received: shape={shape}."
                f"{way_out([shape[1:]])}"
            )
        return heatmaps.heatmap(self.image_maps, view, self.channel_axis)

    @property
    def image_maps(self) -> np.ndarray:
        """The maps of the image, `(n, …)`; of the first explained tensor where none is an image."""
        leaves: list[np.ndarray] = optree.tree_leaves(self.maps)
        return leaves[0 if len(leaves) == 1 else self.layout.image or 0]

    def pictures(self) -> np.ndarray:
        """What people should see of the images, `(n, height, width, 3)` uint8.

        Raises:
            ValueError: no input is an image, and the probe set has no `display_images`.
        """
        return pictures_of(self.probes, self.layout)

    def plot(
        self, *, columns: tuple[str, ...] = ("magnitude", "signed"), font: str | Path | None = None
    ) -> Figure:
        """A matplotlib figure, a row per image: the image and its heatmaps. Needs `keras_saliency[plot]`.

        The figure belongs to no window and matplotlib's state stays as it is; a notebook shows it as the last line of a
        cell.

        Args:
            columns: views of the maps, see `heatmaps`.
            font: the path of a .ttf or .otf file, for names in letters that matplotlib's font lacks.

        Raises:
            ImportError: matplotlib is missing.
            FileNotFoundError, UnreadableFileError: the font cannot be read.
        """
        try:
            from keras_saliency.explanation.plot import plot
        except ImportError as error:
            raise ImportError("Plotting needs matplotlib: pip install keras_saliency[plot]") from error
        views = {view: self.heatmaps(view) for view in columns}
        title = f"{self.method} ({self.score_kind.replace('_', ' ')})"
        with using_font(font):
            return plot(self.pictures(), views, self.captions, title)

    @property
    def captions(self) -> list[Caption]:
        """What stands beside each image: its name and label, and what the model says."""
        return captions(self.probes, self.model_scores, self.diagnostics)

    def save(self, folder: str | Path, *, font: str | Path | None = None) -> None:
        """Write `maps.npz` and `probes.npz`, which `load` reads, and the contact sheet `sheet.png`.

        Files of these names that are in the folder are replaced. Only images have a sheet. A tuple of inputs is read
        back as a list.

        Args:
            folder: where to; it is made.
            font: the path of a .ttf or .otf file, for names on the sheet in letters that are boxes without it: they are
                drawn in Pillow's font, and in DejaVu where matplotlib is installed.

        Raises:
            FileNotFoundError, UnreadableFileError: the font cannot be read; nothing is written.
        """
        folder = local_path("folder", folder)
        sheet = to_png(self.sheet(font=font)) if self.has_image else None
        leaves, structure = optree.tree_flatten(self.maps)
        arrays = {f"maps_{position}": leaf for position, leaf in enumerate(leaves)}
        arrays |= {name: getattr(self, name) for name in _ARRAYS}
        about = {
            "score_kind": self.score_kind,
            "method": self.method,
            "layout": asdict(self.layout),
            **{
                key: getattr(self.layout, key) for key in ("image", "picture", "channel_axis")
            },  # for older readers
            "structure": optree.tree_unflatten(structure, range(len(leaves))),
            "diagnostics": dict(self.diagnostics),
            "fingerprint": self.probes.fingerprint,
        }
        npz.write(folder / "maps.npz", "explanation", arrays, about)
        self.probes.save(folder / "probes.npz")
        if sheet is not None:
            replace_file(folder / "sheet.png", sheet)

    def sheet(self, most: int | None = None, *, font: str | Path | None = None) -> np.ndarray:
        """The contact sheet: one picture `(height, width, 3)` uint8 of all images, or the first, maps and captions.

        A few large images are shown large. `font` is as in `save`, also what it raises.
        """
        return next(self._sheets([slice(most)], font))

    def sheets(self, *, font: str | Path | None = None) -> Iterator[np.ndarray]:
        """The contact sheet of each image by itself. Arguments and errors as of `sheet`."""
        return self._sheets([slice(at, at + 1) for at in range(len(self.probes))], font)

    def _sheets(self, parts: Iterable[slice], font: str | Path | None) -> Iterator[np.ndarray]:
        """A contact sheet of each part of the images; what is shown of all of them is made once."""
        views = {view: self.heatmaps(view) for view in ("magnitude", "signed")}
        shown, said = self.pictures(), self.captions
        for part in parts:
            with using_font(font):
                sheet = contact_sheet(
                    shown[part],
                    {view: maps[part] for view, maps in views.items()},
                    None,
                    said[part],
                    title=self.method,
                    subtitle=f"score: {self.score_kind.replace('_', ' ')}",
                    changes=False,
                    large=True,
                )
            yield sheet

    @classmethod
    def load(cls, folder: str | Path) -> Explanation:
        """The explanation that `save` wrote, or the one in a folder that `keras-saliency explain --out` wrote.

        Raises:
            FileNotFoundError: there is none, or there are those of several methods, a folder each.
            UnreadableFileError: its files are damaged, by a newer version, or do not belong together.
        """
        folder = _home(local_path("folder", folder))
        arrays, about = npz.read(folder / "maps.npz", "explanation")
        probes = ProbeSet.load(folder / "probes.npz")
        if probes.fingerprint != about.get("fingerprint"):
            raise UnreadableFileError(f"The maps and the probes in {folder} do not belong together.")
        try:
            return _unpacked(cls, arrays, about, probes)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise UnreadableFileError(f"{folder / 'maps.npz'} is damaged: {error!r}") from error


def _home(folder: Path) -> Path:
    """The folder with the maps: this one, or the only one in it that has some."""
    if (folder / "maps.npz").exists() or not folder.is_dir():
        return folder
    found = sorted(maps.parent for maps in folder.glob("*/maps.npz"))
    if len(found) > 1:
        raise FileNotFoundError(
            f"Expected the folder of one method. Received: {folder}, with those of "
            f"{', '.join(one.name for one in found)}: load {found[0]}."
        )
    return found[0] if found else folder


_ARRAYS = ("scores", "target_classes", "predicted_classes", "probabilities")


def _unpacked(
    cls: type[Explanation], arrays: dict[str, np.ndarray], about: dict[str, Any], probes: ProbeSet
) -> Explanation:
    positions, structure = optree.tree_flatten(about["structure"])
    maps = [arrays[f"maps_{position}"] for position in positions]
    rows = [arrays[name] for name in _ARRAYS]
    _check(maps, rows, len(probes))
    layout = _layout(about, maps, probes)
    if not isinstance(about["score_kind"], str) or not isinstance(about["method"], str):
        raise TypeError(f"expected words, not {about['score_kind']!r:.200} and {about['method']!r:.200}")
    return cls(
        maps=optree.tree_unflatten(structure, maps),
        model_scores=Scores(rows[0], about["score_kind"], *rows[1:]),
        method=about["method"],
        probes=probes,
        layout=layout,
        diagnostics=dict(about["diagnostics"]),
    )


def _check(maps: list[np.ndarray], rows: list[np.ndarray], count: int) -> None:
    """Raise `ValueError` unless there are maps, and a row of numbers for each image."""
    if not maps or any(a.dtype.kind not in "if" or a.shape[:1] != (count,) for a in (*maps, *rows)):
        raise ValueError(f"expected numbers for {count} images")
    if any(row.ndim != 1 for row in rows):
        raise ValueError("expected one score per image")


def _layout(about: dict[str, Any], maps: list[np.ndarray], probes: ProbeSet) -> Layout:
    """The layout that was saved. Older files say less: what they leave out is found from the shapes."""
    shapes = [[leaf.shape[1:] for leaf in leaves] for leaves in (maps, optree.tree_leaves(probes.images))]
    saved = about["layout"] if "layout" in about else _layout_before(about, *shapes)
    layout = Layout(tuple(saved["explained"]), tuple(saved["inputs"]))
    for axes, found in zip((layout.explained, layout.inputs), shapes, strict=True):
        if not all(is_possible(axis, shape) for axis, shape in zip(axes, found, strict=True)):
            raise ValueError(f"expected each image to have its channel_axis −1 or 1, not {axes!r:.200}")
    return layout


def _layout_before(about: dict[str, Any], *shapes: list[tuple[int, ...]]) -> dict[str, list[int | None]]:
    """The layout in a older file: the position of each image, and one axis for all."""
    found = [next((i for i, shape in enumerate(each) if len(shape) in (2, 3)), None) for each in shapes]
    positions = (about.get("image", found[0]), about.get("picture", found[1]))
    axes = [
        [about["channel_axis"] if i == position else None for i in range(len(each))]
        for position, each in zip(positions, shapes, strict=True)
    ]
    return dict(zip(("explained", "inputs"), axes, strict=True))


def pictures_of(probes: ProbeSet, layout: Layout) -> np.ndarray:
    """What people should see of a probe set: its display images, or the input that is an image."""
    if probes.display_images is not None:
        return pictures(probes.display_images)
    if layout.picture is None:
        shapes = [np.shape(leaf)[1:] for leaf in optree.tree_leaves(probes.images)]
        raise ValueError(
            "None of the inputs is an image. Give the probe set display_images= to show something."
            f"{way_out(shapes)}"
        )
    return pictures(optree.tree_leaves(probes.images)[layout.picture], layout.picture_axis)
