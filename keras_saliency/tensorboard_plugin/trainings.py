"""One training, one run: a store that shows each training of an older log by itself."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from keras_saliency import records
from keras_saliency.tensorboard_plugin.looks import look_header
from keras_saliency.tensorboard_plugin.probes import ProbesAbout, probes_about
from keras_saliency.tensorboard_plugin.recent import Recent
from keras_saliency.tensorboard_plugin.store import NotStoredError, Point, Series, Store

Borders: TypeAlias = dict[tuple[str, str], list[int]]
"""The steps at which another training begins, by scope and stored run."""


class Trainings:
    """A store of runs that are one training each.

    Older versions logged all trainings in a folder as one run. Such a run is shown as several, `saliency`, `saliency#2`
    and so on, where the epochs of its looks give away that a training began anew: nothing is drawn over that border.

    Args:
        store: the store of what was logged.
        recent: what was read of records before; it may be shared by stores of the same logs.
        scope: what tells stores that share `recent` or `borders` apart.
        borders: what was found before.
    """

    def __init__(self, store: Store, recent: Recent, scope: str = "", borders: Borders | None = None) -> None:
        self._store = store
        self._recent = recent
        self._scope = scope
        self._borders: Borders = {} if borders is None else borders

    def runs(self) -> Mapping[str, Mapping[str, Series]]:
        """All series by run and tag."""
        parts = {}
        for run, tags in self._store.runs().items():
            borders = self._borders[self._scope, run] = self._found(run, tags)
            for part in range(len(borders) + 1):
                cut = {
                    tag: Series(series.metadata, _part_of(series.points, borders, part))
                    for tag, series in tags.items()
                }
                parts[records.part_name(run, part + 1)] = {
                    tag: series for tag, series in cut.items() if not borders or series.points
                }
        return parts

    def problems(self) -> Mapping[str, Sequence[str]]:
        """What could not be read when the runs were listed last, as sentences by run."""
        return self._store.problems()

    def points(self, run: str, tag: str) -> Sequence[Point]:
        """The points of a series, by step. Raises `NotStoredError` if there is no such series."""
        stored, part = self._place(run)
        found = _part_of(self._store.points(stored, tag), self._borders.get((self._scope, stored), []), part)
        if part and not found:
            raise NotStoredError(f"There is no series {tag!r} in the run {run!r}.")
        return found

    def point(self, run: str, tag: str, step: int) -> Point:
        """One point of a series, without reading all. Raises `NotStoredError` if it is not there."""
        return self._store.point(self._place(run)[0], tag, step)

    def record(self, point: Point) -> bytes:
        """The record at a point. Raises `NotStoredError` if it is gone."""
        return self._store.record(point)

    def _place(self, run: str) -> tuple[str, int]:
        """The stored run that a run is a part of, and which part, from 0 on."""
        if (self._scope, run) in self._borders:
            return run, 0
        stored, part = records.parse_part_name(run)
        if (self._scope, stored) not in self._borders:
            self.runs()  # asked for before the runs were listed
        return (run, 0) if (self._scope, run) in self._borders else (stored, part - 1)

    def _found(self, run: str, tags: Mapping[str, Series]) -> list[int]:
        """The steps at which another training begins in a stored run."""
        probes = tags.get(records.PROBES_TAG)
        starts = [] if probes is None else probes.points[1:]
        return [point.step for point in starts if self._begins_anew(run, tags, point)]

    def _begins_anew(self, run: str, tags: Mapping[str, Series], start: Point) -> bool:
        """Whether the file that begins at a point of the probes begins another training."""
        key = self._scope, run, records.PROBES_TAG, start.step, start.wall_time
        try:
            about = ProbesAbout.from_json(self._recent.get(key, lambda: probes_about(self._store, start)))
            if about.goes_on is not None:
                return False  # versions that say so keep each training in a folder of its own
            looks = sorted(
                (point.step, tag, place)
                for tag, series in tags.items()
                if records.method_of(tag) is not None
                for place, point in enumerate(series.points)
            )
            at = bisect_left(looks, (start.step,))
            if not 0 < at < len(looks):
                return False
            step, tag, place = looks[at]
            point = tags[tag].points[place]
            key = self._scope, run, tag, step, point.wall_time
            header = json.loads(self._recent.get(key, lambda: look_header(self._store, point)))
        except NotStoredError:
            return False
        return records.begins_anew(None, step, header.get("epoch"), looks[at - 1][0])


def _part_of(points: Sequence[Point], borders: Sequence[int], part: int) -> Sequence[Point]:
    """The points of one training, of those that stand in a log with these borders."""
    if not borders:
        return points
    return [point for point in points if bisect_right(borders, point.step) == part]
