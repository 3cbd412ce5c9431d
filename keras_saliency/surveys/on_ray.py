"""The pass over a data set on a Ray cluster: actors hold the model, read their examples, and write whole parts.

Scheduling, transport and retries are Ray's. A task that is tried again writes the same part under the same name.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from typing import Any

import numpy as np

from keras_saliency.engine import PackedModel
from keras_saliency.errors import SaliencyError
from keras_saliency.surveys.examples import NAMED, Chunk, Source
from keras_saliency.surveys.measuring import Measurer
from keras_saliency.surveys.parts import Parts
from keras_saliency.surveys.sources import OfArrays

_OURS = (
    "fn",
    "fn_args",
    "fn_kwargs",
    "fn_constructor_args",
    "fn_constructor_kwargs",
    "batch_size",
    "batch_format",
)

_MOST_BLOCKS = 10_000
"""Ray's scheduler runs in this process, and looks at every block."""

_PROOF = 8
"""So many examples prove that the copy of a model is the same function."""

_ALIKE = 1e-3
"""The share by which scores of the model and of its copy may differ."""


def settings_of(on: str | Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What `map_batches` of Ray is to be given for the workers; None: no cluster is wanted.

    Raises:
        ValueError, TypeError: `on` is something else.
        ImportError: Ray is not installed.
    """
    if on is None:
        return None
    if isinstance(on, str) and on != "ray":
        raise ValueError(f'Expected on to be None, "ray" or settings of workers. Received: on={on!r}')
    if not isinstance(on, (str, Mapping)):
        raise TypeError(
            f'Expected on to be None, "ray" or settings of workers. Received: {type(on).__name__}'
        )
    if find_spec("ray") is None:
        raise ImportError('A survey on a cluster needs Ray: pip install "keras_saliency[ray]"')
    settings = {} if isinstance(on, str) else dict(on)
    if own := [name for name in settings if name in _OURS]:
        raise ValueError(
            "Expected settings of the workers, such as num_gpus, num_cpus, memory or compute, see map_batches of Ray "
            f"Data. Received: {', '.join(own)}, which the survey gives itself"
        )
    return settings


@dataclass(frozen=True, eq=False)
class Pass:
    """A pass over the examples that are not measured yet.

    Attributes:
        source: of the examples.
        measurer: what is measured of them.
        parts: where the parts go; each worker must reach it under the same name.
        size: examples in a part.
        known: ids and keys of those that are measured.
    """

    source: Source
    measurer: Measurer
    parts: Parts
    size: int
    known: Mapping[str, str]

    def measure(self, workers: Mapping[str, Any], tell: Callable[[int], None]) -> None:
        """Measure on the cluster that is connected, the one that `RAY_ADDRESS` names, or else one on this machine.

        Args:
            workers: settings of the workers, see `settings_of`.
            tell: is told how many more examples are done.

        Raises:
            ValueError: the data set is read from its beginning alone.
            SaliencyError: the model cannot be sent, or the workers do not do what was asked.
        """
        if self.source.ray_data is None and self.source.positions is None:
            raise ValueError(
                "Expected, on a cluster, arrays, pictures or a Ray data set, of which each worker reads its part. "
                "Received: a data set that is read from its beginning"
            )
        model = packed(self.measurer, self.source.first(_PROOF))
        with _cluster(), _quiet(), _in_one_sentence():
            measured = self._measure(model, dict(workers), tell)
        here = len(self.parts)
        if here != measured:
            raise SaliencyError(
                f"Workers say that {measured:,} examples are measured, and {here:,} are here, in {self.parts.folder}. "
                "Give a folder that all of them have under this name, such as a mounted one."
            )

    def _measure(self, model: PackedModel, workers: dict[str, Any], tell: Callable[[int], None]) -> int:
        import ray

        if "GPU" in ray.cluster_resources() and not {"num_gpus", "num_cpus"} & workers.keys():
            workers["num_gpus"] = 1
        tasks, at_once = self._tasks()
        work = ray.put((self._to_send(), model))  # once on each machine, whatever the number of its workers
        told = tasks.map_batches(
            _Worker,
            fn_constructor_args=([work],),
            batch_size=at_once,
            **workers,
        )
        measured = met = 0
        source = self.source
        source.unreadable, source.unreadable_count = [], 0
        for row in told.iter_rows():
            if row["error"]:
                raise ray.cloudpickle.loads(row["error"])
            measured, met = measured + row["measured"], met + row["met"]
            source.unreadable_count += row["lost"]
            source.unreadable = [*source.unreadable, *json.loads(row["named"])][:NAMED]
            tell(row["measured"] + row["met"])
        source.refuse_missing(len(self.known) - met)
        return measured + met

    def _to_send(self) -> Pass:
        given, measurer = self.source.ray_data, replace(self.measurer, model=None)
        source = self.source if given is None else self.source.like(replace(given, dataset=None))
        return replace(self, source=source, measurer=measurer)

    def _tasks(self) -> tuple[Any, int]:
        """A Ray data set of what is to be done, and how many of its rows make a part."""
        import ray

        given = self.source.ray_data
        if given is not None:
            return given.dataset, self.size
        count = self.source.positions or 0
        starts = [{"start": start} for start in range(0, count, self.size)]
        return ray.data.from_items(starts, override_num_blocks=min(len(starts), _MOST_BLOCKS)), 1


class _Worker:
    """Measures the examples of a task after the other; made once in each of Ray's actors."""

    def __init__(self, boxed: list[Any]) -> None:
        self._boxed = boxed

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, list[Any]]:
        """One row: what became of a task. An error is one, as Ray would wrap it, and keep its kind to itself."""
        told = {"measured": 0, "met": 0, "lost": 0, "named": "[]", "error": b""}
        try:
            told |= self._measured(batch)
        except Exception as error:
            told["error"] = _pickled(error)
        return {name: [value] for name, value in told.items()}

    def _measured(self, batch: dict[str, np.ndarray]) -> dict[str, Any]:
        todo, measurer = self._work
        source = self._source(batch)
        known = {one: todo.known[one] for one in source.ids if one in todo.known}
        measured = 0
        for chunk in source.chunks(todo.size, known):
            todo.parts.write(measurer.rows(chunk))
            measured += len(chunk)
        named = json.dumps(source.unreadable)
        return {"measured": measured, "met": len(known), "lost": source.unreadable_count, "named": named}

    @cached_property
    def _work(self) -> tuple[Pass, Measurer]:
        import ray

        todo, model = ray.get(self._boxed[0])
        return todo, replace(todo.measurer, model=model.open())

    def _source(self, batch: dict[str, np.ndarray]) -> Source:
        todo, _ = self._work
        given = todo.source.ray_data
        if given is None:
            start = int(batch["start"][0])
            return todo.source.between(start, start + todo.size)
        ids, images, labels = given.taken(batch)
        return todo.source.like(OfArrays(images, labels, ids))


def packed(measurer: Measurer, first: Chunk) -> PackedModel:
    """The model as it travels, proven on some examples."""
    model = PackedModel.of(measurer.model)
    here = measurer.rows(first)["score"]
    there = replace(measurer, model=model.open()).rows(first)["score"]
    if not np.allclose(here, there, rtol=_ALIKE, atol=_ALIKE, equal_nan=True):
        raise SaliencyError(
            f"The model {measurer.model.name!r} is another one after Keras has saved and loaded it: its scores differ "
            f"by up to {np.abs(here - there).max():.2g}. Its layers must keep all of their settings in get_config, and "
            "all of their weights."
        )
    return model


@contextmanager
def _cluster() -> Iterator[None]:
    """Connected to a cluster. One that is started here ends here, has no dashboard and reports to nobody."""
    import ray

    if ray.is_initialized():
        yield
        return
    ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Ray Data's own progress bars and tracebacks: the survey has its own."""
    import ray

    context, log = ray.data.DataContext.get_current(), logging.getLogger("ray.data")
    names = ("enable_progress_bars", "print_on_execution_start")
    before, level = {name: getattr(context, name) for name in names if hasattr(context, name)}, log.level
    for name in before:
        setattr(context, name, False)
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(context, name, value)
        log.setLevel(level)


@contextmanager
def _in_one_sentence() -> Iterator[None]:
    """What Ray itself cannot do is said in one sentence."""
    import ray

    failed = None
    try:
        yield
    except ray.exceptions.RayError as error:
        failed = SaliencyError(f"The cluster gave up: {_first_line(error)}")
    if failed is not None:
        raise failed


def _pickled(error: Exception) -> bytes:
    """An error on its way to the process that asked; of one that cannot travel, what it says."""
    from ray import cloudpickle

    try:
        pickled: bytes = cloudpickle.dumps(error)
        cloudpickle.loads(pickled)
    except Exception:
        pickled = cloudpickle.dumps(SaliencyError(f"{type(error).__name__}: {error}"))
    return pickled


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
