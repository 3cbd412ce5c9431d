"""Looks at full precision, for those who compute with the maps later."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from typing_extensions import override

from keras_saliency.looks.look import Look, MethodLook
from keras_saliency.looks.writers.base import Packed, Run, Writer, opened
from keras_saliency.records.file_names import file_name, step_name
from keras_saliency.records.whole_file import replace_file


class ArchiveWriter(Writer):
    """Every look as `archive/step_000012.npz` in the run's folder, uncompressed.

    Holds `step`, `wall_time` and, where looks are counted in epochs, `epoch`; and for each method `<method>/maps`
    (float32, signed, in the shape of the explained tensor), `<method>/scores`, `<method>/target_classes`,
    `<method>/predicted_classes` and `<method>/probabilities`. Models with several inputs have `<method>/maps/<input>`.
    Characters of an input's name that a file system may refuse are written `%2f`.
    """

    def __init__(self) -> None:
        self._run: Run | None = None

    @override
    def open(self, run: Run) -> None:
        (run.folder / "archive").mkdir(exist_ok=True)
        self._run = run

    def opening(self, run: Run) -> int:
        """No bytes."""
        return 0

    @override
    def write(self, look: Look, previous: Look | None) -> int:
        return self.pack(look, previous).write()

    def pack(self, look: Look, previous: Look | None) -> Packed:
        """One look as the bytes of its file."""
        run = opened(self._run)
        arrays = {"step": look.step, "wall_time": look.wall_time}
        if look.epoch is not None:
            arrays["epoch"] = look.epoch
        for method, seen in look.methods.items():
            arrays |= _arrays(method, seen)
        content = _npz(arrays)
        path = run.folder / "archive" / f"{step_name(look.step)}.npz"
        return Packed(len(content), partial(replace_file, path, content, follow=False))

    @override
    def close(self) -> None:
        self._run = None


def _arrays(method: str, seen: MethodLook) -> dict[str, Any]:
    if seen.explanation is None:
        raise ValueError(
            "Expected looks with whole explanations to archive, as a fit makes them; those read back from a "
            f"log have none. Received: explanation=None for method {method!r}"
        )
    return {
        **dict(_leaves(f"{method}/maps", seen.explanation.maps)),
        f"{method}/scores": seen.scores,
        f"{method}/target_classes": seen.target_classes,
        f"{method}/predicted_classes": seen.predicted_classes,
        f"{method}/probabilities": seen.probabilities,
    }


def _leaves(name: str, maps: Any) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays in nested lists, tuples and mappings, named by their way there; None has none."""
    if isinstance(maps, list | tuple):
        maps = dict(enumerate(maps))
    if not isinstance(maps, Mapping):
        yield from [] if maps is None else [(name, np.asarray(maps))]
        return
    for key, leaf in maps.items():
        yield from _leaves(f"{name}/{file_name(str(key))}", leaf)


def _npz(arrays: Mapping[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()
