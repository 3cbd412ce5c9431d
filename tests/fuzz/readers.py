"""Every place where bytes that others wrote are read, as a function of the bytes and of a folder to work in.

A reader returns, or raises one of its refusals, exactly; anything else is a defect. None of them loads a framework.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from werkzeug.test import Client

from keras_saliency import records
from keras_saliency.checks.gate.config import Config, read_config
from keras_saliency.checks.shared.golden_file import GoldenFile
from keras_saliency.cli.view_server import view_app
from keras_saliency.errors import UnreadableFileError
from keras_saliency.looks import reading
from keras_saliency.looks.page.export import export_page
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.looks.reading import load_looks
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.annotations import read_class_names, with_labels
from keras_saliency.probes.files import load_images, load_probes
from keras_saliency.probes.pictures import read_mask
from keras_saliency.reports import read_report
from keras_saliency.surveys.survey import ABOUT, Survey
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.recent import Recent

from . import claims, samples

_PROBES = samples.probes()
_PROBE_SET = samples.saved(_PROBES.save)
_GOLDEN = samples.saved(samples.golden().write)
_RUN = {"run": "saliency"}
_METHOD = _RUN | {"method": "gradient"}
_QUESTIONS = [
    ("runs", {}),
    ("looks", _METHOD),
    ("probes", _RUN),
    ("checks", _RUN),
    *(("maps", _METHOD | {"step": step}) for step in (0, 3, 4)),
]


@dataclass(frozen=True)
class Reader:
    """One place where bytes are read.

    Attributes:
        read: given the bytes and an empty folder.
        seeds: bytes that it takes.
        refusals: what it may raise.
        claims: bytes that claim far more than they hold; fuzzing starts from these too.
    """

    read: Callable[[bytes, Path], object]
    seeds: tuple[bytes, ...]
    refusals: tuple[type[Exception], ...] = (UnreadableFileError,)
    claims: tuple[bytes, ...] = ()

    def takes(self, data: bytes, folder: Path) -> bool:
        """Whether the bytes are taken; what must not be raised comes out."""
        try:
            self.read(data, folder)
        except Exception as error:
            if type(error) not in self.refusals or not str(error).strip():
                raise
            return False
        return True


def _from_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes, Path], object]:
    def reader(data: bytes, folder: Path) -> object:
        path = folder / name
        path.write_bytes(data)
        return read(path)

    return reader


def _record(data: bytes, folder: Path) -> None:
    """All that reads records, and their metadata."""
    del folder
    readers = (
        records.decode,
        records.decode_header,
        records.decode_maps,
        records.decode_maps_header,
        records.decode_probes,
        partial(records.decode_probes, outline=True),
        records.decode_checks,
    )
    for read in (*readers, records.parse_metadata):
        with contextlib.suppress(UnreadableFileError):
            read(data)


def _store(data: bytes, folder: Path) -> LogStore:
    run = folder / "saliency"
    run.mkdir(exist_ok=True)
    (run / "events.out.tfevents.1.x").write_bytes(data)
    return LogStore(folder)


def _log(data: bytes, folder: Path) -> None:
    """What the tab and Python make of an event file."""
    client = Client(view_app(Answers(_store(data, folder), Recent(1_000_000))))
    for route, parameters in _QUESTIONS:
        answer = client.get(f"/{route}", query_string=parameters)
        if answer.status_code not in (200, 404):
            raise AssertionError(f"{route}: {answer.status_code} {answer.text}")
    reading.last_step(folder / "saliency")
    load_looks(folder)


def _record_in_a_log(kind: str) -> Callable[[bytes, Path], object]:
    """What becomes of a record, given before it is zipped, in a log."""

    def reader(plain: bytes, folder: Path) -> object:
        record = samples.zipped(plain)
        _record(record, folder)
        others = [samples.event(0, records.PROBES), samples.event(4, records.MAPS)]
        return _log(samples.event_file([*others, samples.event(3, kind, record=record)]), folder)

    return reader


def _event(data: bytes, folder: Path) -> object:
    return _log(samples.event_file([samples.event(0, records.PROBES), data]), folder)


def _described(file: bytes, reader: str) -> Callable[[bytes, Path], object]:
    """What becomes of a file of ours with these bytes as its description."""
    arrays, _ = samples.described(file)
    return lambda about, folder: READERS[reader].read(samples.with_description(arrays, about), folder)


_NOTHING_THERE = (UnreadableFileError, FileNotFoundError)
_FILES = (UnreadableFileError, ValueError, TypeError)

READERS: dict[str, Reader] = {
    "probe_set": Reader(_from_file("probes.npz", ProbeSet.load), (_PROBE_SET,)),
    "golden": Reader(_from_file("golden.npz", GoldenFile.read), (_GOLDEN,)),
    "described_probe_set": Reader(
        _described(_PROBE_SET, "probe_set"), (samples.described(_PROBE_SET)[1],), claims=claims.DESCRIBED
    ),
    "described_golden": Reader(
        _described(_GOLDEN, "golden"), (samples.described(_GOLDEN)[1],), claims=claims.DESCRIBED
    ),
    "images": Reader(
        _from_file("images.npz", load_probes),
        (samples.npz({"images": _PROBES.images, "labels": _PROBES.labels}),),
        _FILES,
        tuple(claims.npz_of({"images.npy": array}) for array in claims.ARRAYS),
    ),
    "array": Reader(
        _from_file("images.npy", lambda path: load_images([path], size=None, scale=1.0, channels=3)),
        (samples.npy(_PROBES.images),),
        _FILES,
        claims.ARRAYS,
    ),
    "mask": Reader(
        _from_file("mask.npy", lambda path: Config(forbid=(str(path),)).with_masks(_PROBES)),
        (samples.npy(_PROBES.regions["corner"]),),
        _FILES,
        claims.ARRAYS,
    ),
    "picture": Reader(
        _from_file("picture.png", lambda path: load_images([path], size=(4, 3), scale=0.5, channels=3)),
        (*samples.pictures(), samples.picture()),
        claims=(claims.png_of(10**5, 10**5), claims.png_of(10**9, 1), claims.png_of(9000, 9000)),
    ),
    "mask_picture": Reader(
        _from_file("mask.png", lambda path: read_mask(path, (4, 3), None)),
        (samples.mask(),),
        (UnreadableFileError, ValueError),
        (claims.png_of(10**5, 10**5), claims.png_of(10**9, 1)),
    ),
    "labels": Reader(
        _from_file("labels.csv", lambda path: with_labels(replace(_PROBES, names=("a", "b")), path)),
        (b"file,label\na,1\nb,0\n",),
        (UnreadableFileError, ValueError),
    ),
    "class_names": Reader(
        _from_file("names.txt", read_class_names), (b"cat\ndog\n",), (UnreadableFileError, ValueError)
    ),
    "config": Reader(
        _from_file("saliency.toml", read_config),
        (samples.CONFIG,),
        (UnreadableFileError, ValueError),
        claims.CONFIGS,
    ),
    "pyproject": Reader(
        _from_file("pyproject.toml", read_config),
        (samples.PYPROJECT,),
        (UnreadableFileError, ValueError),
        claims.CONFIGS,
    ),
    "report": Reader(_from_file("report.json", read_report), (samples.report_file(),)),
    "survey": Reader(_from_file(ABOUT, lambda path: Survey.load(path.parent)), (samples.survey_file(),)),
    "record": Reader(
        _record,
        tuple(make() for _, make in samples.KINDS.values()),
        claims=tuple(map(samples.zipped, claims.RECORDS)),
    ),
    "event_file": Reader(_log, (samples.log(),), _NOTHING_THERE, claims.EVENTS),
    "exported": Reader(
        lambda data, folder: export_page(_store(data, folder), 1, 200), (samples.log(),), _NOTHING_THERE
    ),
    "event": Reader(_event, (samples.event(3, *samples.KINDS),), _NOTHING_THERE),
    **{
        f"{kind}_in_a_log": Reader(
            _record_in_a_log(kind),
            (samples.plain_record(*samples.parts(make())),),
            _NOTHING_THERE,
            claims.RECORDS,
        )
        for kind, (_, make) in samples.KINDS.items()
    },
}
