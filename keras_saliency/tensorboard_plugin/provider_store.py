"""The store that TensorBoard's data provider is, be it the Python loader or the data server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from tensorboard import errors
from tensorboard.data.provider import RunTagFilter

from keras_saliency.records import PLUGIN_NAME
from keras_saliency.tensorboard_plugin.store import NotStoredError, Point, Series

_ALL = 1_000_000
"""How many points to read: all. `SaliencyLoader` asks the loaders to keep as many."""

_MOST_SERIES = 64
_MOST_BLOBS = 64
"""How many records one event of a series may claim; ours has one. TensorBoard makes as many keys as it claims."""

_REFUSED = (
    "TensorBoard's data server refuses to read this, as it does where the name of a run or a method holds a "
    "quotation mark or a backslash. Rename it, or start tensorboard with --load_fast=false. It said: {}"
)

_CLAIMS = f"{{}}: Expected one record at each step. Received: an event that claims more than {_MOST_BLOBS}"

Known: TypeAlias = dict[tuple[str, str, str], dict[int, Point]]
"""The points of some series, by experiment, run and tag, and then by step.

A point's key names its series and its step: it reads what is there now, also after a new log took the place
of the one that the key comes from.
"""


class ProviderStore:
    """Reads for one request.

    Args:
        provider: TensorBoard's `DataProvider`.
        context: the `RequestContext` of the request.
        experiment: the experiment's id, empty for a local log.
        known: the points that earlier requests found; they need not be listed again to be read.
    """

    def __init__(self, provider: Any, context: Any, experiment: str, known: Known) -> None:
        self._provider = provider
        self._known = known
        self._context = context
        self._asked = {"experiment_id": experiment, "plugin_name": PLUGIN_NAME}
        self._problems: dict[str, list[str]] = {}

    def runs(self) -> Mapping[str, Mapping[str, Series]]:
        """All series of the plugin by run and tag, but for those that TensorBoard must not be asked to read."""
        listed = self._provider.list_blob_sequences(self._context, **self._asked)
        self._problems = {
            run: [_CLAIMS.format(tag) for tag in tags if tag not in _modest(tags)]
            for run, tags in listed.items()
        }
        points = self._read(listed, None)
        return {
            run: {
                tag: Series(about.plugin_content or b"", points.get(run, {}).get(tag, ()))
                for tag, about in _modest(tags).items()
            }
            for run, tags in listed.items()
        }

    def problems(self) -> Mapping[str, Sequence[str]]:
        """What was left out when the runs were listed last, as sentences by run."""
        return self._problems

    def points(self, run: str, tag: str) -> Sequence[Point]:
        """The points of a series, by step. Raises `NotStoredError` if there is no such series."""
        only = RunTagFilter(runs=[run], tags=[tag])
        listed = self._provider.list_blob_sequences(self._context, **self._asked, run_tag_filter=only)
        found = self._read(listed, only).get(run, {}).get(tag)
        if found is None:
            raise NotStoredError(f"There is no series {tag!r} in the run {run!r}.")
        if len(self._known) >= _MOST_SERIES:
            self._known.clear()
        self._known[self._series(run, tag)] = {point.step: point for point in found}
        return found

    def point(self, run: str, tag: str, step: int) -> Point:
        """One point of a series. Raises `NotStoredError` if it is not there."""
        known = self._known.get(self._series(run, tag), {}).get(step)
        found = known or next((point for point in self.points(run, tag) if point.step == step), None)
        if found is None:
            raise NotStoredError(f"There is nothing at step {step} of {tag!r} in the run {run!r}.")
        return found

    def record(self, point: Point) -> bytes:
        """The record at a point. Raises `NotStoredError` if it is gone."""
        if point.key is None:
            raise NotStoredError(f"There is no data at step {point.step}.")
        try:
            blob = self._provider.read_blob(self._context, blob_key=point.key)
        except (errors.NotFoundError, LookupError) as error:
            raise NotStoredError(f"The data of step {point.step} is gone.") from error
        except errors.InvalidArgumentError as error:
            raise NotStoredError(_REFUSED.format(error)) from error
        except (
            ValueError,
            TypeError,
            MemoryError,
        ) as error:  # TensorBoard makes an array of what the event claims
            raise NotStoredError(
                f"TensorBoard cannot read the data of step {point.step}: {error!r:.200}"
            ) from error
        if not isinstance(blob, bytes):
            raise NotStoredError(f"There is no data at step {point.step}.")
        return blob

    def _series(self, run: str, tag: str) -> tuple[str, str, str]:
        return self._asked["experiment_id"], run, tag

    def _read(
        self, listed: Mapping[str, Mapping[str, Any]], only: RunTagFilter | None
    ) -> dict[str, dict[str, list[Point]]]:
        """The points of what is listed; run by run where something is left out, as one filter is for all runs."""
        fine = {run: list(_modest(tags)) for run, tags in listed.items()}
        if all(len(fine[run]) == len(tags) for run, tags in listed.items()):
            return self._read_all(only)
        read = [self._read_all(RunTagFilter(runs=[run], tags=tags)) for run, tags in fine.items() if tags]
        return {run: points for one in read for run, points in one.items()}

    def _read_all(self, only: RunTagFilter | None) -> dict[str, dict[str, list[Point]]]:
        try:
            read = self._provider.read_blob_sequences(
                self._context, **self._asked, downsample=_ALL, run_tag_filter=only
            )
        except (errors.NotFoundError, LookupError) as error:
            raise NotStoredError("The run went while it was read.") from error
        return {
            run: {tag: sorted(map(_point, data), key=lambda point: point.step) for tag, data in tags.items()}
            for run, tags in read.items()
        }


def _modest(tags: Mapping[str, Any]) -> dict[str, Any]:
    """The series whose events claim no more records than TensorBoard can make keys for."""
    return {tag: about for tag, about in tags.items() if (about.max_length or 0) <= _MOST_BLOBS}


def _point(datum: Any) -> Point:
    key = datum.values[0].blob_key if datum.values else None
    return Point(int(datum.step), float(datum.wall_time), key)
