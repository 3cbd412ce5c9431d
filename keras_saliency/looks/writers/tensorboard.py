"""Looks in TensorBoard: curves, contact sheets, settings, and the data of the Saliency tab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from typing_extensions import override

from keras_saliency import records
from keras_saliency.arguments import whole
from keras_saliency.looks import event_file as eventfile
from keras_saliency.looks.look import Look
from keras_saliency.looks.numbers import PROBE_ACCURACY, descriptions
from keras_saliency.looks.reading import last_step
from keras_saliency.looks.writers.base import Packed, Run, Writer, opened
from keras_saliency.looks.writers.settings import settings_table
from keras_saliency.looks.writers.sheets import draw_sheet
from keras_saliency.render import shrink, to_jpeg, to_png
from keras_saliency.render.cells import cell_side

_OF_A_RESULT = ("name", "status", "sentence", "value", "limit", "direction", "about", "counts")
_CHECK = "1 where the check passed or only warned, 0 where it failed; nothing where it could not be made."


class TensorBoardWriter(Writer):
    """One event file per `fit` in the run's folder; each look is one event, there as a whole or not at all.

    Args:
        max_side: maps, masks and pictures with a longer side are stored smaller, each pixel the mean of those
            it covers. The contact sheet and the numbers come from the maps as they are.
    """

    def __init__(self, *, max_side: int = 112) -> None:
        self._max_side = whole("max_side", max_side, 1)
        self._run: Run | None = None
        self._file: eventfile.EventFile | None = None

    @override
    def open(self, run: Run) -> None:
        self.close()
        start = self._start(run)
        self._run, self._file = run, eventfile.EventFile(run.folder)
        self._file.append(start)

    def opening(self, run: Run) -> int:
        """The bytes of an event file with the settings and the probes."""
        return eventfile.size_with(self._start(run))

    @override
    def write(self, look: Look, previous: Look | None) -> int:
        return self.pack(look, previous).write()

    def pack(self, look: Look, previous: Look | None) -> Packed:
        """One look as the bytes of its event."""
        run, file = opened(self._run), opened(self._file)
        record = eventfile.record(look.step, self._values(run, look, previous), look.wall_time)
        return Packed(len(record), partial(file.append, record))

    @override
    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._run = self._file = None

    def _start(self, run: Run) -> bytes:
        last = last_step(run.folder)
        return eventfile.record(0 if last is None else last + 1, [_settings(run), self._probes(run)])

    def _values(self, run: Run, look: Look, previous: Look | None) -> Iterator[eventfile.Value]:
        if look.probe_accuracy is not None:
            yield eventfile.scalar(records.PROBE_ACCURACY_TAG, look.probe_accuracy, PROBE_ACCURACY)
        yield from _checks(look)
        for method in look.methods:
            yield from _numbers(run, look, method)
            yield self._maps(run, look, method)
            if run.sheets:
                yield _sheet(run, look, method, previous)

    def _maps(self, run: Run, look: Look, method: str) -> eventfile.Value:
        seen = look.methods[method]
        record = records.MapsRecord(
            step=look.step,
            epoch=look.epoch,
            wall_time=look.wall_time,
            method=method,
            fingerprint=run.probes.fingerprint,
            scores=seen.model_scores,
            numbers=seen.numbers,
            per_probe=seen.per_probe,
            heatmaps={view: shrink(maps, self._max_side) for view, maps in seen.heatmaps.items()},
            logs=look.logs,
        )
        return _blob(records.maps_tag(method), records.encode_maps(record), records.MAPS)

    def _probes(self, run: Run) -> eventfile.Value:
        probes = run.probes
        record = records.ProbesRecord(
            fingerprint=probes.fingerprint,
            count=len(probes),
            names=probes.names,
            labels=None if probes.labels is None else tuple(probes.labels.tolist()),
            class_names=probes.class_names,
            size=_size(run),
            regions={name: _smaller_mask(mask, self._max_side) for name, mask in _regions(run).items()},
            pictures=None if run.pictures is None else shrink(run.pictures, self._max_side),
            settings=run.settings,
            descriptions=descriptions(_regions(run)),
            goes_on=run.goes_on,
        )
        return _blob(records.PROBES_TAG, records.encode_probes(record), records.PROBES)


def _settings(run: Run) -> eventfile.Value:
    return eventfile.text(records.SETTINGS_TAG, settings_table(run.settings), "What was asked for.")


def _numbers(run: Run, look: Look, method: str) -> Iterator[eventfile.Value]:
    described = descriptions(_regions(run))
    for number, value in look.methods[method].numbers.items():
        words = f"Mean over the probes that have it. {described.get(number, '')}"
        yield eventfile.scalar(records.number_tag(method, number), value, words)


def _checks(look: Look) -> Iterator[eventfile.Value]:
    """All results for the tab, and a curve of each that could be judged: 1 passed or only warned, 0 failed."""
    if look.checks:
        results = tuple({name: getattr(result, name) for name in _OF_A_RESULT} for result in look.checks)
        record = records.ChecksRecord(look.step, look.epoch, results)
        yield _blob(records.CHECKS_TAG, records.encode_checks(record), records.CHECKS)
    for result in look.checks:
        if result.status in ("passed", "warned", "failed"):
            held = float(result.status != "failed")
            yield eventfile.scalar(records.check_tag(result.name), held, _CHECK)


def _sheet(run: Run, look: Look, method: str, previous: Look | None) -> eventfile.Value:
    """The sheet as PNG where each pixel of a map is a square of many, which then stay sharp; else as JPEG."""
    sheet = draw_sheet(run, look, method, previous)
    height, width = sheet.shape[:2]
    pixels = look.methods[method].heatmaps["signed"].shape[1:]
    encoded = to_png(sheet) if cell_side(*pixels) > max(pixels) else to_jpeg(sheet)
    return eventfile.image(records.sheet_tag(method), [encoded], width, height)


def _blob(tag: str, record: bytes, kind: str) -> eventfile.Value:
    return eventfile.blobs(tag, [record], records.PLUGIN_NAME, records.metadata(kind))


def _size(run: Run) -> tuple[int, int] | None:
    """Height and width of what people see; None where there is neither a picture nor a mask."""
    seen = [] if run.pictures is None else [run.pictures.shape[1:3]]
    seen += [mask.shape[-2:] for mask in _regions(run).values()]
    return (int(seen[0][0]), int(seen[0][1])) if seen else None


def _regions(run: Run) -> Mapping[str, np.ndarray]:
    return run.probes.regions or {}


def _smaller_mask(mask: np.ndarray, max_side: int) -> np.ndarray:
    """The mask at the size of the stored maps, true where it touches a pixel: small regions stay visible."""
    masks = mask.reshape(-1, *mask.shape[-2:]).astype(np.float32)
    smaller = shrink(masks, max_side) > 0
    return smaller.reshape(*mask.shape[:-2], *smaller.shape[-2:])
