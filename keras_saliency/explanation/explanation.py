"""One-off explanations: the maps of any model for any images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import optree

from keras_saliency.arguments import whole
from keras_saliency.engine import ScoredModel
from keras_saliency.errors import UnreadableFileError
from keras_saliency.explanation.progress import shown
from keras_saliency.methods import Method, make_method
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.targets import BoundTarget, Label, Predicted, as_target, bind
from keras_saliency.records import npz
from keras_saliency.records.whole_file import replace_file
from keras_saliency.render import contact_sheet, heatmaps, pictures, to_png
from keras_saliency.render.probe_captions import captions

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Explanation:
    """The maps of `n` images and the scores that they explain.

    Attributes:
        maps: float32, signed, of the explained tensor's shape `(n, …)`; for several inputs the inputs' own
            structure, with None in the place of an integer input. In units of score per unit of input.
        scores: `(n,)` float32.
        target_classes: `(n,)` int64, −1 where the score belongs to no class.
        predicted_classes: `(n,)` int64, −1 where the model predicts no class.
        probabilities: `(n,)` float32 of the predicted class, NaN where the model gives none.
        score_kind: `"logit"`, `"output"`, `"centred_log_probability"` or `"custom"`.
        method: the method's name.
        probes: the explained images.
        channel_axis: of the images: −1, or 1 for channels first.
        diagnostics: what else there is to know; `"explained"` names the inputs, or the tensor behind them,
            that the maps belong to.
    """

    maps: Any
    scores: np.ndarray
    target_classes: np.ndarray
    predicted_classes: np.ndarray
    probabilities: np.ndarray
    score_kind: str
    method: str
    probes: ProbeSet = field(repr=False)
    channel_axis: int = -1
    diagnostics: Mapping[str, Any] = field(default_factory=dict)

    def heatmaps(self, view: str = "magnitude") -> np.ndarray:
        """The maps as `(n, height, width)` float32, of the first input that is an image.

        Args:
            view: `"magnitude"`, `"positive"`, `"negative"` or `"signed"`.

        Raises:
            ValueError: an unknown view, or no input is an image.
        """
        return heatmaps.heatmap(self.image_maps, view, self.channel_axis)

    @property
    def image_maps(self) -> np.ndarray:
        """The maps of the first input that is an image, `(n, …)`; of the first input where none is."""
        leaves: list[np.ndarray] = optree.tree_leaves(self.maps)
        return next(filter(heatmaps.is_image, leaves), leaves[0])

    def pictures(self) -> np.ndarray:
        """What people should see of the images, `(n, height, width, 3)` uint8.

        Raises:
            ValueError: no input is an image, and the probe set has no `display_images`.
        """
        return pictures_of(self.probes, self.channel_axis)

    def plot(self, *, columns: tuple[str, ...] = ("magnitude", "signed")) -> Figure:
        """A matplotlib figure, a row per image: the image and its heatmaps. Needs `keras_saliency[plot]`.

        The figure belongs to no window and matplotlib's state stays as it is; a notebook with
        `%matplotlib inline` shows it.
        """
        from keras_saliency.explanation.plot import plot

        return plot(self, columns)

    def save(self, folder: str | Path) -> None:
        """Write `maps.npz` and `probes.npz`, which `load` reads, and the contact sheet `sheet.png`.

        Inputs that are no images have no sheet. A tuple of inputs is read back as a list.
        """
        folder = Path(folder)
        leaves, structure = optree.tree_flatten(self.maps)
        arrays = {f"maps_{position}": leaf for position, leaf in enumerate(leaves)}
        arrays |= {name: getattr(self, name) for name in _ARRAYS}
        about = {name: getattr(self, name) for name in _WORDS}
        about |= {
            "structure": optree.tree_unflatten(structure, range(len(leaves))),
            "diagnostics": dict(self.diagnostics),
            "fingerprint": self.probes.fingerprint,
        }
        npz.write(folder / "maps.npz", "explanation", arrays, about)
        self.probes.save(folder / "probes.npz")
        if any(map(heatmaps.is_image, leaves)):
            replace_file(folder / "sheet.png", to_png(self.sheet()))

    def sheet(self) -> np.ndarray:
        """The contact sheet: one picture `(height, width, 3)` uint8 of all images, maps and captions."""
        views = {view: self.heatmaps(view) for view in ("magnitude", "signed")}
        return contact_sheet(
            self.pictures(),
            views,
            None,
            captions(self.probes, self),
            title=self.method,
            subtitle=f"score: {self.score_kind.replace('_', ' ')}",
        )

    @classmethod
    def load(cls, folder: str | Path) -> Explanation:
        """The explanation that `save` wrote.

        Raises:
            FileNotFoundError: there is none.
            UnreadableFileError: its files are damaged, by a newer version, or do not belong together.
        """
        folder = Path(folder)
        arrays, about = npz.read(folder / "maps.npz", "explanation")
        probes = ProbeSet.load(folder / "probes.npz")
        if probes.fingerprint != about.get("fingerprint"):
            raise UnreadableFileError(f"The maps and the probes in {folder} do not belong together.")
        try:
            return _unpacked(cls, arrays, about, probes)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise UnreadableFileError(f"{folder / 'maps.npz'} is damaged: {error!r}") from error


_ARRAYS = ("scores", "target_classes", "predicted_classes", "probabilities")
_WORDS = ("score_kind", "method", "channel_axis")


def _unpacked(
    cls: type[Explanation], arrays: dict[str, np.ndarray], about: dict[str, Any], probes: ProbeSet
) -> Explanation:
    positions, structure = optree.tree_flatten(about["structure"])
    known: dict[str, Any] = {name: arrays[name] for name in _ARRAYS} | {name: about[name] for name in _WORDS}
    maps = [arrays[f"maps_{position}"] for position in positions]
    _check(maps, known, len(probes))
    return cls(
        maps=optree.tree_unflatten(structure, maps),
        probes=probes,
        diagnostics=dict(about["diagnostics"]),
        **known,
    )


def _check(maps: list[np.ndarray], known: Mapping[str, Any], count: int) -> None:
    """Raise `ValueError` or `TypeError` unless there are maps, a row of numbers for each image, and words."""
    rows = [*maps, *(known[name] for name in _ARRAYS)]
    if not maps or any(array.dtype.kind not in "if" or array.shape[:1] != (count,) for array in rows):
        raise ValueError(f"expected numbers for {count} images")
    if any(known[name].ndim != 1 for name in _ARRAYS):
        raise ValueError("expected one score per image")
    if known["channel_axis"] not in (-1, 1) or not all(isinstance(known[name], str) for name in _WORDS[:2]):
        raise TypeError(
            f"expected words and channel_axis −1 or 1, not {[known[name] for name in _WORDS]!r:.200}"
        )


def pictures_of(probes: ProbeSet, channel_axis: int) -> np.ndarray:
    """What people should see of a probe set: its display images, or its first input that is an image."""
    if probes.display_images is not None:
        return pictures(probes.display_images)
    image = next(filter(heatmaps.is_image, optree.tree_leaves(probes.images)), None)
    if image is None:
        raise ValueError(
            "None of the inputs is an image. Give the probe set display_images= to show something."
        )
    return pictures(image, channel_axis)


def explain(
    model: Any,
    images: Any,
    method: str | Method = "gradient",
    target: Any = None,
    *,
    output: str | int | None = None,
    logits: str = "auto",
    chunk_size: int | None = None,
    seed: int = 0,
    progress: bool = False,
) -> Explanation:
    """The maps of a model for some images.

    Args:
        model: a Keras model on any backend. Nothing of it is changed.
        images: a `ProbeSet`, or what the model eats: an array `(n, …)`, a list or a dict of arrays.
        method: the name of a method, or a method such as `ks.Gradient()`.
        target: whose score is explained: `"predicted"`, `"label"`, a class index, one index per image,
            `ks.OutputGradient(array)`, or a callable from the model's outputs to `(n,)` scores. None: the
            label where there are labels, else the predicted class.
        output: the name or position of the output, for models with several.
        logits: `"auto"` explains the score before softmax or sigmoid; `"output"` the output as it is;
            `"centred_log_probability"` log p − mean log p.
        chunk_size: images per call of the model; None chooses 32, and up to 128 for a small model.
        seed: of the private generator of methods that draw random numbers.
        progress: whether a line on stderr says how far the work has come, while it lasts.

    Raises:
        LogitsNotFoundError: `logits="auto"`, and the score before the output's probabilities cannot be found.
        ModelRejectedInputsError: the model cannot be called on the images.
        NoGradientError: no gradient reaches them.
        ValueError, TypeError: an argument is wrong.
    """
    seed = whole("seed", seed, 0)
    probes = images if isinstance(images, ProbeSet) else ProbeSet(images)
    scored = ScoredModel(model, output=output, logits=logits, chunk_size=chunk_size)
    made, bound = make_method(method), bind_target(target, probes)
    if not progress:
        return explain_scored(scored, probes, made, bound, seed)
    with shown(made.name) as tell, scored.telling(tell):
        return explain_scored(scored, probes, made, bound, seed)


def bind_target(target: Any, probes: ProbeSet) -> BoundTarget:
    """The target for these probes; None is the label where there are labels, else the predicted class."""
    if target is None:
        target = Predicted() if probes.labels is None else Label()
    return bind(as_target(target), len(probes), probes.labels)


def explain_scored(
    scored: ScoredModel, probes: ProbeSet, method: Method, target: BoundTarget, seed: int
) -> Explanation:
    """The explanation of probes by a method, for a model that is ready; the same seed gives the same maps."""
    anatomy = scored.inspect(probes.images, target)
    rng = np.random.default_rng([seed, crc32(method.name.encode())])
    result = method.explain(scored, probes.images, target, rng)
    return Explanation(
        maps=optree.tree_map(_writable, result.maps),
        scores=_writable(result.scores.scores),
        target_classes=result.scores.target_classes,
        predicted_classes=result.scores.predicted_classes,
        probabilities=result.scores.probabilities,
        score_kind=result.scores.kind,
        method=method.name,
        probes=probes,
        channel_axis=anatomy.channel_axis,
        diagnostics={"explained": ", ".join(anatomy.explained), **result.diagnostics},
    )


def _writable(values: np.ndarray) -> np.ndarray:
    """The values as whoever asked for them expects: what comes from a framework may be read-only."""
    return np.require(values, requirements="W")
