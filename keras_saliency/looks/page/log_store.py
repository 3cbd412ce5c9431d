"""The store that a folder of event files is, without TensorBoard."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from keras_saliency.arguments import local_path
from keras_saliency.errors import UnreadableFileError
from keras_saliency.looks.event_file import event_files, events_from
from keras_saliency.records import PLUGIN_NAME, run_number
from keras_saliency.tensorboard_plugin.store import NotStoredError, Point, Series

_MOST_FOLDERS = 20_000
_State: TypeAlias = tuple[int, int] | None


class LogStore:
    """All folders `saliency`, `saliency_2`, … under a log directory. Keeps where the records are, not the records.

    Runs have the names that TensorBoard gives them: the folder, seen from the log directory. Every listing
    looks for new runs and reads on in files that have grown. Safe to use from several threads.

    Args:
        log_dir: the log directory, or the folder of one of its runs.

    Attributes:
        is_whole: whether the last listing saw all folders; links may lead to a whole disk, so that it sees 20,000 at
            most, those behind links last.

    Raises:
        FileNotFoundError: there is no such folder.
    """

    def __init__(self, log_dir: str | os.PathLike[str]) -> None:
        path = local_path("logdir", log_dir)
        if not path.is_dir():
            raise FileNotFoundError(f"No such folder: {path}")
        self._log_dir = path
        self.is_whole = True
        self._runs: dict[str, _RunIndex] = {}
        self._lock = threading.Lock()

    def runs(self) -> Mapping[str, Mapping[str, Series]]:
        """All series by run and tag."""
        with self._lock:
            self._refresh()
            return {run: index.series() for run, index in self._runs.items() if index.is_shown}

    def problems(self) -> Mapping[str, Sequence[str]]:
        """What could not be read, as sentences by run, at the last listing."""
        with self._lock:
            return {run: index.problems for run, index in self._runs.items() if index.problems}

    def points(self, run: str, tag: str) -> Sequence[Point]:
        """The points of a series, by step. Raises `NotStoredError` if there is no such series."""
        found = self.runs().get(run, {}).get(tag)
        if found is None:
            raise NotStoredError(f"There is no series {tag!r} in the run {run!r}.")
        return found.points

    def point(self, run: str, tag: str, step: int) -> Point:
        """One point of a series. Raises `NotStoredError` if it is not there."""
        with self._lock:
            known = self._runs[run].find(tag, step) if run in self._runs else None
        found = known or next((point for point in self.points(run, tag) if point.step == step), None)
        if found is None:
            raise NotStoredError(f"There is nothing at step {step} of {tag!r} in the run {run!r}.")
        return found

    def record(self, point: Point) -> bytes:
        """The record at a point. Raises `NotStoredError` if it is gone."""
        path, start, tag = point.key
        try:
            _, _, event = next(events_from(path, start))
        except UnreadableFileError as error:
            raise NotStoredError(str(error)) from error
        except (FileNotFoundError, StopIteration) as error:
            raise NotStoredError(f"The data of step {point.step} is gone.") from error
        stored = [value.tensor.string_val for value in event.summary.value if value.tag == tag]
        if event.step != point.step or not stored or not stored[0]:
            raise NotStoredError(f"There is no data at step {point.step}.")
        return bytes(stored[0][0])

    def _refresh(self) -> None:
        top = os.path.realpath(self._log_dir)
        walked = list(islice(_folders_below(self._log_dir), _MOST_FOLDERS + 1))
        self.is_whole = len(walked) <= _MOST_FOLDERS
        folders = {
            _run_name(folder, self._log_dir): Path(folder)
            for folder in walked[:_MOST_FOLDERS]
            if run_number(os.path.basename(top if folder == str(self._log_dir) else folder)) is not None
        }
        self._runs = {run: self._runs.get(run, _RunIndex(folder)) for run, folder in folders.items()}
        for index in self._runs.values():
            index.refresh()


class _RunIndex:
    """Where the records of one run are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[Path, int | None] = {}
        self._ends: dict[Path, int] = {}
        self._faults: dict[Path, tuple[_State, str]] = {}
        self._metadata: dict[str, bytes] = {}
        self._points: dict[str, dict[int, Point]] = {}

    @property
    def problems(self) -> list[str]:
        """A sentence about each file that cannot be read, and about the folder."""
        return [problem for _, problem in self._faults.values()]

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to say of the run."""
        return bool(self._points or self._faults)

    def series(self) -> dict[str, Series]:
        """The series by tag."""
        return {
            tag: Series(self._metadata[tag], [points[step] for step in sorted(points)])
            for tag, points in self._points.items()
        }

    def find(self, tag: str, step: int) -> Point | None:
        """The point of a series at a step, if it is known."""
        return self._points.get(tag, {}).get(step)

    def refresh(self) -> None:
        """Read on in the files that have grown; start anew if one was replaced."""
        paths = event_files(self._folder)
        self._faults = {path: fault for path, fault in self._faults.items() if path in paths}
        files = {path: _identity(path) for path in paths}
        if any(files.get(path) != known for path, known in self._files.items()) or any(
            _size(path) < end for path, end in self._ends.items()
        ):
            self._forget()
        self._files = files
        if not os.access(self._folder, os.R_OK | os.X_OK):
            self._faults[self._folder] = None, f"{self._folder} cannot be read: it is not allowed."
        for path in paths:
            self._read_on(path)

    def _forget(self) -> None:
        for kept in (self._files, self._ends, self._faults, self._metadata, self._points):
            kept.clear()

    def _read_on(self, path: Path) -> None:
        state = _state(path)
        known = self._faults.pop(path, None)
        if _size(path) <= self._ends.get(path, 0):
            return
        if known is not None and known[0] == state:  # reading it again would take as long as before
            self._faults[path] = known
            return
        try:
            for start, end, event in events_from(path, self._ends.get(path, 0)):
                for value in event.summary.value:
                    self._add(value, Point(event.step, event.wall_time, (path, start, value.tag)))
                self._ends[path] = end
        except FileNotFoundError:
            return  # removed just now; the next listing forgets it
        except UnreadableFileError as error:
            self._faults[path] = state, str(error)

    def _add(self, value: Any, point: Point) -> None:
        plugin = value.metadata.plugin_data
        if plugin.plugin_name == PLUGIN_NAME:
            self._metadata.setdefault(value.tag, plugin.content)
        if value.tag in self._metadata:
            self._points.setdefault(value.tag, {})[point.step] = point


def _folders_below(log_dir: Path) -> Iterator[str]:
    """All folders, each once; those behind links come last."""
    seen: set[tuple[int, int]] = set()
    folders, linked = deque([str(log_dir)]), deque[str]()
    while folders or linked:
        folder = (folders or linked).popleft()
        with suppress(OSError):  # gone just now, or not ours to read
            found = os.stat(folder)
            if (found.st_dev, found.st_ino) in seen:
                continue
            seen.add((found.st_dev, found.st_ino))
            yield folder
            with os.scandir(folder) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    if os.path.isdir(entry.path):  # False for a link in a circle
                        (linked if entry.is_symlink() else folders).append(entry.path)


def _run_name(folder: str, log_dir: Path) -> str:
    """The folder, seen from the log directory; bytes that are no UTF-8, which no page can ask for, are spelled out."""
    return os.fsencode(os.path.relpath(folder, log_dir)).decode("utf-8", "backslashreplace")


def _identity(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _state(path: Path) -> _State:
    """What changes when a file is written, or its permissions are."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_ctime_ns


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
