"""Looks read back from a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from keras_saliency import records
from keras_saliency.arguments import local_path
from keras_saliency.errors import UnreadableFileError
from keras_saliency.looks.event_file import event_files, read_events
from keras_saliency.looks.look import Look, MethodLook
from keras_saliency.records import begins_anew, part_name, run_folder, run_number
from keras_saliency.reports.result import CheckResult, result_from

_ONCE_PER_RUN = {records.SETTINGS_TAG, records.PROBES_TAG}


def load_looks(log_dir: str | Path, run: str | None = None) -> list[Look]:
    """All looks of one run that was logged under `log_dir`, by step.

    Maps are as they were stored: in 255 steps, and smaller than the inputs where these are large.
    `explanation` is None and `lost` is empty; `checks` have no pictures and no details. Where a step was logged twice
    the later file counts. `run` and `phase` of a look say which training it belongs to, and which `fit` of it: older
    versions logged all trainings in a folder as one run.

    Args:
        log_dir: the `log_dir` of the callback, or the folder of one of its runs.
        run: the name of the run, as the Saliency tab shows it (`"saliency_2"`), or what the callback had as `run=`.
            None: the newest one that has looks.

    Raises:
        FileNotFoundError: there is no such folder, or there are no looks in it.
        UnreadableFileError: a newer version wrote the looks, or a file or look in it cannot be read; the sentence names
            the file.

    Example:
        >>> saliency = ks.SaliencyCallback(probes, "logs")
        >>> _ = model.fit(images, labels, epochs=2, verbose=0, callbacks=[saliency])
        >>> [look.moment for look in ks.load_looks("logs")]
        ['before training', 'after epoch 1', 'after epoch 2']
    """
    top = local_path("log_dir", log_dir, "the path of a folder")
    home = top if run is None else top / run
    if not home.is_dir():
        raise FileNotFoundError(
            f"No folder {home}. Expected the log_dir of a SaliencyCallback, or one of its runs.{_named(top)} "
            f"Received: log_dir={str(log_dir)!r}, run={run!r}"
        )
    folders = run_folders(home) or [home]
    for folder in folders:
        below = folder.name if run is None else run if folder == home else f"{run}/{folder.name}"
        if looks := _looks_of(folder, Path(below).as_posix()):
            return looks
    raise FileNotFoundError(
        f"No looks in {folders[0]}. Expected event files that SaliencyCallback wrote: pass the log_dir that "
        f"it had.{_named(top)} Received: log_dir={str(log_dir)!r}, run={run!r}"
    )


def run_folders(home: Path) -> list[Path]:
    """The folders of the runs of one `log_dir`, the newest first; none where it cannot be listed."""
    try:
        numbered = {run_number(path.name): path for path in home.iterdir() if path.is_dir()}
    except OSError:
        return []
    return [numbered[number] for number in sorted(filter(None, numbered), reverse=True)]


def outer_looks(folder: Path, fingerprint: str) -> tuple[Look, Look] | None:
    """The first and the last look of the last training in a folder at the probes of this fingerprint, if there is one.

    Files and looks that cannot be read are passed over.
    """
    found: list[Look] = []
    for path in event_files(folder):
        outer: list[Any] = []
        with suppress(UnreadableFileError):
            for event in _looks_in(path):
                outer = [*outer[:1], event]
        here: list[Look] = []
        for event in outer:
            with suppress(UnreadableFileError):
                if (maps := _records(event, path))[0].fingerprint == fingerprint:
                    here.append(_look(event, maps))
        if here and _begins_anew(path, here[0], max((look.step for look in found), default=None)):
            found.clear()
        found += here
    found.sort(key=lambda look: look.step)
    return (found[0], found[-1]) if found else None


def _looks_of(folder: Path, below: str) -> list[Look]:
    """All looks in a folder, by step; `below`: the folder, seen from the log directory."""
    looks: dict[int, Look] = {}
    part, phase = 1, 0
    for path in event_files(folder):
        here = [_look(event, _records(event, path), _checks(event, path)) for event in _looks_in(path)]
        if not here:
            continue
        anew = _begins_anew(path, here[0], max(looks, default=None))
        part, phase = (part + 1, 1) if anew else (part, phase + 1)
        run = part_name(below, part).removesuffix(f"/{run_folder(1)}")  # as the Saliency tab shows it
        looks |= {look.step: replace(look, run=run, phase=phase) for look in here}
    return [looks[step] for step in sorted(looks)]


def _begins_anew(path: Path, first: Look, last_step: int | None) -> bool:
    """Whether the file whose first look this is begins another training than the looks before it."""
    return begins_anew(_goes_on(path), first.step, first.epoch, last_step)


def _goes_on(path: Path) -> bool | None:
    """What a file says of itself at its start; None where it says nothing, or cannot be read."""
    with suppress(UnreadableFileError):
        for event in islice(read_events(path), 2):  # the version of the format, then what stays the same
            for value in event.summary.value:
                if value.tag == records.PROBES_TAG:
                    return records.decode_probes(_record(value), outline=True).goes_on
    return None


def _named(log_dir: Path) -> str:
    """The runs of a log directory as a sentence, where it has several."""
    names = [folder.name for folder in reversed(run_folders(log_dir))]
    with suppress(OSError):
        names += sorted(
            path.name for path in log_dir.iterdir() if run_number(path.name) is None and run_folders(path)
        )
    return f" Runs: {', '.join(names)}." if names else ""


def last_step(folder: Path, tell: Callable[[str], object] | None = None) -> int | None:
    """The highest step of a look in a folder's event files; None where there is none, or no folder.

    Args:
        folder: the folder.
        tell: called with a sentence for each file that cannot be read to its end; what can be read counts.
    """
    steps: list[int] = []
    for path in event_files(folder):
        try:
            steps.extend(event.step for event in read_events(path) if _has_more_than_settings(event))
        except UnreadableFileError as error:
            if tell is not None:
                tell(str(error))
    return max(steps, default=None)


def _has_more_than_settings(event: Any) -> bool:
    return any(value.tag not in _ONCE_PER_RUN for value in event.summary.value)


def _look(event: Any, maps: list[records.MapsRecord], checks: tuple[CheckResult, ...] = ()) -> Look:
    """The look in an event that holds these maps, and what checks found."""
    return Look(
        step=event.step,
        epoch=maps[0].epoch,
        wall_time=event.wall_time,
        methods={record.method: _method_look(record) for record in maps},
        probe_accuracy=_probe_accuracy(event),
        checks=checks,
        logs=maps[0].logs,
    )


def _looks_in(path: Path) -> Iterator[Any]:
    """The events of a file that hold maps."""
    with _naming(path):
        yield from (event for event in read_events(path) if any(map(_holds_maps, event.summary.value)))


def _records(event: Any, path: Path) -> list[records.MapsRecord]:
    with _naming(path):
        return [_maps(value) for value in event.summary.value if _holds_maps(value)]


def _checks(event: Any, path: Path) -> tuple[CheckResult, ...]:
    """What checks found at the look in an event; nothing where none was made."""
    with _naming(path):
        stored = [value for value in event.summary.value if value.tag == records.CHECKS_TAG]
        results = [one for value in stored for one in records.decode_checks(_record(value)).results]
        try:
            return tuple(map(result_from, results))
        except ValueError as error:
            raise UnreadableFileError(f"Expected what checks found. {error}") from error


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let an error say which file it is about."""
    try:
        yield
    except UnreadableFileError as error:
        if str(error).startswith(str(path)):
            raise
        raise UnreadableFileError(f"{path}: {error}") from error


def _holds_maps(value: Any) -> bool:
    plugin = value.metadata.plugin_data
    return (
        plugin.plugin_name == records.PLUGIN_NAME and records.parse_metadata(plugin.content) == records.MAPS
    )


def _maps(value: Any) -> records.MapsRecord:
    return records.decode_maps(_record(value))


def _record(value: Any) -> bytes:
    if not value.tensor.string_val:
        raise UnreadableFileError(f"Expected a saliency record. Received: no data, tag={value.tag!r}")
    record: bytes = value.tensor.string_val[0]
    return record


def _method_look(record: records.MapsRecord) -> MethodLook:
    return MethodLook(
        heatmaps=record.heatmaps,
        model_scores=record.scores,
        per_probe=record.per_probe,
    )


def _probe_accuracy(event: Any) -> float | None:
    found = (
        value.tensor.float_val for value in event.summary.value if value.tag == records.PROBE_ACCURACY_TAG
    )
    return next((float(values[0]) for values in found if values), None)
