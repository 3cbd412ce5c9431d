"""The answers to what the page asks, from any store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from keras_saliency import records
from keras_saliency.errors import UnreadableFileError
from keras_saliency.tensorboard_plugin.looks import look_header, looks, problem
from keras_saliency.tensorboard_plugin.probes import ProbesAbout, probes_about
from keras_saliency.tensorboard_plugin.recent import Recent
from keras_saliency.tensorboard_plugin.store import NotStoredError, Point, Series, Store

VERSION = 1

_READERS = 8

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Answers:
    """The answers from one store.

    Args:
        store: where the records are.
        recent: what was read of records before; it may be shared by stores of the same logs.
        scope: what tells stores that share `recent` apart.
    """

    def __init__(self, store: Store, recent: Recent, scope: str = "") -> None:
        self._store = store
        self._recent = recent
        self._scope = scope

    def runs(self) -> dict[str, Any]:
        """Every run with data of ours: its probes, its methods with their steps, and what is wrong with it."""
        runs, faults = self._store.runs(), self._store.problems()
        answer = _at_once(lambda run: self._run(run, runs[run], faults.get(run, ())), sorted(runs))
        return {"version": VERSION, "runs": answer}

    def looks(
        self, run: str, method: str, after: int | None = None, limit: int | None = None
    ) -> dict[str, Any]:
        """What the looks of a method say, without maps: those after a step, no more than `limit`, or all.

        Raises:
            NotStoredError: there is no such run or method.
        """
        tag = records.maps_tag(method)
        later = [point for point in self._points(run, tag, method) if after is None or point.step > after]
        points = later[:limit]
        probes = self._probes(run, self._probe_points(run))
        headers = _at_once(lambda point: self._look(run, tag, point), points)
        return {**looks(points, headers, probes), "more": len(later) > len(points)}

    def probes(self, run: str) -> bytes:
        """The newest record of a run's probes, as it is stored. Raises `NotStoredError` if there is none."""
        points = self._probe_points(run)
        if not points:
            raise NotStoredError(f"There are no probes in a run {run!r}.")
        return self._store.record(points[-1])

    def maps(self, run: str, method: str, step: int) -> bytes:
        """The record of a method's maps at a step, as it is stored.

        Raises:
            NotStoredError: there is no such run, method or step.
        """
        try:
            point = self._store.point(run, records.maps_tag(method), step)
        except NotStoredError as error:
            raise NotStoredError(
                f"There are no maps by {method!r} at step {step} in the run {run!r}."
            ) from error
        return self._store.record(point)

    def checks(self, run: str) -> dict[str, Any]:
        """What checks found, look by look. Raises `NotStoredError` if there is no such run."""
        tags = self._store.runs().get(run)
        if tags is None:
            raise NotStoredError(f"There is no run {run!r}.")
        series = tags.get(records.CHECKS_TAG)
        return {"checks": _at_once(self._checks, series.points if series else ())}

    def _run(self, run: str, tags: Mapping[str, Series], faults: Sequence[str]) -> dict[str, Any]:
        kinds, problems = _kinds(tags)
        probes = self._listed_probes(run, tags, kinds)
        problems += faults if probes.problem is None else [*faults, probes.problem]
        return {
            "run": run,
            "fingerprint": probes.fingerprint,
            "count": probes.count,
            "names": probes.names,
            "labels": probes.labels,
            "class_names": probes.class_names,
            "size": probes.size,
            "regions": probes.regions,
            "has_pictures": probes.has_pictures,
            "settings": probes.settings,
            "descriptions": probes.descriptions,
            "methods": _methods(tags, kinds, probes.settings.get("method names")),
            "phases": _phases(tags, kinds),
            "problems": problems,
        }

    def _listed_probes(self, run: str, tags: Mapping[str, Series], kinds: Mapping[str, str]) -> ProbesAbout:
        """What a run says of its probes; nothing where their series cannot be read, which `_kinds` says."""
        if records.PROBES_TAG not in tags:
            return self._probes(run, ())
        if records.PROBES_TAG not in kinds:
            return ProbesAbout()
        return self._probes(run, tags[records.PROBES_TAG].points)

    def _probes(self, run: str, points: Sequence[Point]) -> ProbesAbout:
        """What the newest record of the probes says."""
        if not points:
            return ProbesAbout(problem="The probes of this run are not in its log.")
        newest = points[-1]
        try:
            about = self._recent.get(
                self._key(run, records.PROBES_TAG, newest), lambda: probes_about(self._store, newest)
            )
        except NotStoredError as error:
            return ProbesAbout(problem=str(error))
        return ProbesAbout.from_json(about)

    def _look(self, run: str, tag: str, point: Point) -> bytes:
        try:
            return self._recent.get(self._key(run, tag, point), lambda: look_header(self._store, point))
        except NotStoredError as error:
            return problem(str(error))

    def _checks(self, point: Point) -> dict[str, Any]:
        try:
            found = records.decode_checks(self._store.record(point))
        except (NotStoredError, UnreadableFileError) as error:
            return {"step": point.step, "epoch": None, "results": [], "problem": str(error)}
        return {"step": point.step, "epoch": found.epoch, "results": list(found.results)}

    def _points(self, run: str, tag: str, method: str) -> Sequence[Point]:
        try:
            return self._store.points(run, tag)
        except NotStoredError as error:
            raise NotStoredError(f"There are no maps by {method!r} in a run {run!r}.") from error

    def _probe_points(self, run: str) -> Sequence[Point]:
        try:
            return self._store.points(run, records.PROBES_TAG)
        except NotStoredError:
            return ()

    def _key(self, run: str, tag: str, point: Point) -> tuple[str, str, str, int, float]:
        return self._scope, run, tag, point.step, point.wall_time


def _at_once(read: Callable[[Asked], Answer], asked: Sequence[Asked]) -> list[Answer]:
    """The answers in order. Several are read at once: TensorBoard's data server takes 45 ms for one, and
    less than one each for many."""
    with ThreadPoolExecutor(_READERS) as readers:
        return list(readers.map(read, asked))


def _kinds(tags: Mapping[str, Series]) -> tuple[dict[str, str], list[str]]:
    """The kind of each series that can be read, and sentences about the others."""
    kinds: dict[str, str] = {}
    problems: list[str] = []
    for tag, series in sorted(tags.items()):
        try:
            kinds[tag] = records.parse_metadata(series.metadata)
        except UnreadableFileError as error:
            problems.append(f"{tag}: {error}")
    return kinds, problems


def _phases(tags: Mapping[str, Series], kinds: Mapping[str, str]) -> list[int]:
    """The steps from which on later fits of the same training were looked at."""
    return (
        [point.step for point in tags[records.PROBES_TAG].points[1:]] if records.PROBES_TAG in kinds else []
    )


def _methods(
    tags: Mapping[str, Series], kinds: Mapping[str, str], given: Any
) -> dict[str, dict[str, list[int]]]:
    """The methods with their steps, in the order given; of others, as in older logs, the plain gradient first."""
    found = {
        method: {"steps": [point.step for point in tags[tag].points]}
        for tag, kind in sorted(kinds.items())
        if kind == records.MAPS and (method := records.method_of(tag)) is not None
    }
    order = [*(given if isinstance(given, list) else ()), "gradient", *found]
    return {method: found[method] for method in order if isinstance(method, str) and method in found}
