"""The folder that `keras-saliency explain` writes: a folder for each method, and one sheet of them all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_saliency.metrics import enrichment
from keras_saliency.probes import ProbeSet
from keras_saliency.records import npz
from keras_saliency.records.file_names import file_name
from keras_saliency.records.outputs import OutputFile
from keras_saliency.records.whole_file import replace_file
from keras_saliency.render import to_png

if TYPE_CHECKING:
    from keras_saliency.explanation import Explanation

_FILES = ("maps.npz", "probes.npz", "sheet.png")
_ALL = "methods.png"


class ExplainedFolder:
    """Writes each explanation into `<folder>/<method>/`, as soon as it is there; what other methods left stays.

    Args:
        folder: the folder, which may hold maps of other methods.
        methods: the names of the methods.
        font: for names on sheets, or None.
    """

    def __init__(self, folder: Path, methods: list[str], font: Path | None) -> None:
        self._folder, self._methods, self._font = folder, methods, font
        self._written: list[Explanation] = []

    def outputs(self) -> list[OutputFile]:
        """The files to write: ours where a folder holds an explanation, else somebody's."""
        files = [
            OutputFile(self._home(method) / name, f"The explanation by {method}", _beside_maps)
            for method in self._methods
            for name in _FILES
        ]
        is_one = len(self._methods) == 1  # then there is no such sheet, and what is there stays
        is_ours = (lambda path: True) if is_one else _above_maps
        return [*files, OutputFile(self._folder / _ALL, "The sheet of all methods", is_ours)]

    def pictures(self, probes: ProbeSet) -> list[OutputFile]:
        """The files of pictures to write, besides."""
        return [
            OutputFile(path, "The picture", lambda one: _beside_maps(one.parent))
            for method in self._methods
            for path in self._pictures(method, probes)
        ]

    def add(self, explanation: Explanation, *, pictures: bool) -> Iterator[str]:
        """Write the explanation by one method, and say so."""
        home, probes = self._home(explanation.method), explanation.probes
        explanation.save(home, font=self._font)
        written = [name for name in _FILES if (home / name).is_file()]
        if pictures:
            paths = self._pictures(explanation.method, probes)
            for path, sheet in zip(paths, explanation.sheets(font=self._font), strict=True):
                replace_file(path, to_png(sheet), follow=False)
            written.append(f"{len(probes)} pictures")
        self._written.append(explanation)
        explained = explanation.diagnostics["explained"]
        yield f"{len(probes)} maps by {explanation.method} of {explained}: {home}"
        yield f"score: {explanation.score_kind.replace('_', ' ')}; files: {', '.join(written)}"
        for region, mask in probes.regions.items() if explanation.has_image else ():
            shares = enrichment(explanation.heatmaps("magnitude"), mask)
            yield f"enrichment of region {region}: {_words(shares)} (1 is chance)"

    def end(self) -> Iterator[str]:
        """Write one sheet of all methods, where there are several, and say so."""
        if len(self._written) < 2 or not all(one.has_image for one in self._written):
            return
        from keras_saliency.explanation.several import methods_sheet

        path = self._folder / _ALL
        replace_file(path, to_png(methods_sheet(self._written, font=self._font)))
        yield f"all side by side: {path}"

    def _home(self, method: str) -> Path:
        return self._folder / file_name(method)

    def _pictures(self, method: str, probes: ProbeSet) -> list[Path]:
        """A file for each image; their names sort as the images do."""
        digits = len(str(len(probes) - 1))
        names = [f"image_{n:0{digits}}" for n in range(len(probes))]
        if probes.names is not None:
            names = [f"{n:0{digits}}_{Path(name).stem}" for n, name in enumerate(probes.names)]
        return [self._home(method) / "pictures" / f"{file_name(name)}.png" for name in names]


def _beside_maps(path: Path) -> bool:
    maps = path.parent / "maps.npz"
    return maps.is_file() and npz.kind_of(maps) == "explanation"


def _above_maps(path: Path) -> bool:
    return any(_beside_maps(maps) for maps in path.parent.glob("*/maps.npz"))


def _words(values: np.ndarray) -> str:
    there = values[np.isfinite(values)]
    if not there.size:
        return "none, as no map has a value there"
    of = f" in {there.size} of {values.size} maps" if there.size < values.size else ""
    if there.size == 1:
        return f"{there[0]:.2f}{of}"
    return f"mean {there.mean():.2f}, from {there.min():.2f} to {there.max():.2f}{of}"
