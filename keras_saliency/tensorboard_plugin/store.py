"""What the pages are made from: series of records by run and tag, wherever they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class NotStoredError(LookupError):
    """What was asked for is not there, or no longer; the message is a sentence for a person."""


@dataclass(frozen=True)
class Point:
    """One record of a series.

    Attributes:
        step: the step under which it is logged.
        wall_time: seconds since 1970.
        key: how the store finds it.
    """

    step: int
    wall_time: float
    key: Any


@dataclass(frozen=True)
class Series:
    """The records under one tag of one run.

    Attributes:
        metadata: what `keras_saliency.records.metadata` wrote, or bytes that another program wrote.
        points: by step, which grows.
    """

    metadata: bytes
    points: Sequence[Point]


class Store(Protocol):
    """Reads what was logged. A training may go on writing, and runs may go, while it is read."""

    def runs(self) -> Mapping[str, Mapping[str, Series]]:
        """All series of the plugin by run and tag; a run without any where there is only a problem."""

    def problems(self) -> Mapping[str, Sequence[str]]:
        """What could not be read when the runs were listed last, as sentences by run."""

    def points(self, run: str, tag: str) -> Sequence[Point]:
        """The points of a series, by step. Raises `NotStoredError` if there is no such series."""

    def point(self, run: str, tag: str, step: int) -> Point:
        """One point of a series, without reading all. Raises `NotStoredError` if it is not there."""

    def record(self, point: Point) -> bytes:
        """The record at a point. Raises `NotStoredError` if it is gone."""
