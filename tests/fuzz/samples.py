"""Files as keras_saliency writes them, in memory: what fuzzing starts from. No framework is loaded."""

from __future__ import annotations

import io
import json
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary

from keras_saliency import records
from keras_saliency.checks.shared.golden_file import GoldenFile, Training
from keras_saliency.looks import event_file as eventfile
from keras_saliency.probes import ProbeSet
from keras_saliency.records import npz as npz_files
from keras_saliency.records.scores import Scores
from keras_saliency.render import to_png
from keras_saliency.reports import as_json
from keras_saliency.reports.report import Report
from keras_saliency.reports.result import CheckResult
from keras_saliency.surveys.survey import ABOUT, Survey

CONFIG = b"""checks = ["quick", "golden"]
forbid = "corner, mask.npy"
min_accuracy = 0.9
golden = "golden.npz"
method = "smoothgrad"
target = 3
seed = 1
fail_on = "warned"
html = "report.html"
options = {samples = 2}
[[waivers]]
check = "accuracy"
reason = "few probes"
expires = 2030-01-31
"""

PYPROJECT = b"[tool.keras_saliency]\n" + CONFIG.replace(b"[[waivers]]", b"[[tool.keras_saliency.waivers]]")


def saved(save: Callable[[Path], object]) -> bytes:
    """What `save` writes to a path."""
    with tempfile.TemporaryDirectory() as folder:
        save(Path(folder, "file"))
        return Path(folder, "file").read_bytes()


def probes(**changes: Any) -> ProbeSet:
    """Two small images with everything that a probe set may have."""
    corner = np.zeros((4, 3), bool)
    corner[0, 0] = True
    given = {
        "names": ("<b>", "猫"),
        "class_names": ("cat", "狗"),
        "regions": {"corner": corner},
        "display_images": np.full((2, 4, 3, 3), 7, "uint8"),
    }
    images = np.arange(24, dtype="float32").reshape(2, 4, 3, 1)
    return ProbeSet(images, [0, 1], **(given | changes))


def golden() -> GoldenFile:
    """A golden file of one training."""
    training = Training("ab12", np.ones((2, 12), "float32"), np.array([0, 1]), {"entropy": 0.5})
    return GoldenFile("ab12", "gradient", (training,))


def report(**changes: Any) -> Report:
    """A report with a failure that has a picture, and a skipped check."""
    failed = CheckResult(
        "region_corner",
        "failed",
        "It rests on the corner.",
        *(0.25, 0.5, "at_least"),
        per_probe={"share": np.array([0.5, np.nan])},
        pictures={"worst_probe": np.zeros((2, 3, 3), "uint8")},
        details={"tried": 4},
    )
    results = (failed, CheckResult("random_logit", "skipped", "One class."))
    return Report(**({"results": results, "model": "m", "method": "gradient"} | _FACTS | changes))


_FACTS = {"fingerprint": "ab12", "probes": 2, "versions": {"numpy": "2"}}


def plain_record(header: Any, arrays: Mapping[str, np.ndarray]) -> bytes:
    """A record as it is before it is zipped. Its header may be anything; a text is taken for its JSON."""
    layout: dict[str, Any] = {}
    body = b""
    for name, array in arrays.items():
        layout[name] = {"dtype": array.dtype.name, "shape": array.shape, "offset": len(body)}
        body += array.tobytes()
    text = header if isinstance(header, str) else json.dumps(header)
    head = f'{{"header": {text}, "arrays": {json.dumps(layout)}}}'.encode("utf-8", "replace")
    return struct.pack("<8sII", b"SALIENCY", records.VERSION, len(head)) + head + body


def zipped(plain: bytes) -> bytes:
    """A gzip stream, made quickly."""
    zip_ = zlib.compressobj(1, wbits=31)
    return zip_.compress(plain) + zip_.flush()


def parts(record: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of a record of ours, to be changed."""
    return records.decode(record)


def maps_record() -> bytes:
    """A record of maps of two probes."""
    maps = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    views = {"magnitude": maps, "positive": maps, "negative": 0 * maps, "signed": maps + 1}
    return records.encode_maps(
        records.MapsRecord(
            step=3,
            epoch=3,
            wall_time=1e9,
            method="gradient",
            scores=Scores(
                kind="logit",
                values=np.array([1, 2], "float32"),
                target_classes=np.array([0, 1]),
                predicted_classes=np.array([0, 0]),
                probabilities=np.array([0.75, np.nan], "float32"),
            ),
            fingerprint="ab12",
            numbers={"drift": 0.25},
            per_probe={"drift": np.array([0.5, np.nan])},
            heatmaps=views,
        )
    )


def probes_record() -> bytes:
    """A record of two probes."""
    return records.encode_probes(
        records.ProbesRecord(
            "ab12",
            2,
            names=("<b>", "猫"),
            labels=(0, 1),
            class_names=("cat", "狗"),
            size=(4, 3),
            regions={"corner": np.eye(4, 3, dtype=bool)},
            pictures=np.full((2, 4, 3, 3), 7, np.uint8),
            settings={"every": 1},
            descriptions={"drift": "0 is the same."},
        )
    )


def checks_record() -> bytes:
    """A record of what one check found."""
    result = {"name": "nonzero", "status": "passed", "sentence": "They are.", "value": 1.0, "limit": 0.5}
    return records.encode_checks(records.ChecksRecord(3, 3, (result,)))


KINDS = {
    records.MAPS: (records.maps_tag("gradient"), maps_record),
    records.PROBES: (records.PROBES_TAG, probes_record),
    records.CHECKS: (records.CHECKS_TAG, checks_record),
}
"""The kinds of records with their tags, and a function that makes one."""


def event(step: int, *kinds: str, record: bytes | None = None, wall_time: float = 1e9) -> bytes:
    """A serialised event with a record of each kind: the given one, or one of ours."""
    values = [
        eventfile.blobs(
            KINDS[kind][0],
            [KINDS[kind][1]() if record is None else record],
            "saliency",
            records.metadata(kind),
        )
        for kind in kinds
    ]
    values.append(eventfile.scalar(records.PROBE_ACCURACY_TAG, 0.5))
    return bytes(Event(wall_time=wall_time, step=step, summary=Summary(value=values)).SerializeToString())


def event_file(events: Iterable[bytes]) -> bytes:
    """An event file of serialised events."""
    return b"".join(map(eventfile._framed, events))


def log() -> bytes:
    """The event file of a run with two looks."""
    return event_file(
        [event(0, records.PROBES), *(event(step, records.MAPS, records.CHECKS) for step in (3, 4))]
    )


def npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    """An `.npz` file."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def described(file: bytes) -> tuple[dict[str, np.ndarray], bytes]:
    """The arrays in a file that `keras_saliency.records.npz` wrote, and its description as JSON."""
    with np.load(io.BytesIO(file)) as opened:
        arrays = dict(opened)
    return arrays, arrays.pop(npz_files.ABOUT).tobytes()


def with_description(arrays: Mapping[str, np.ndarray], about: bytes) -> bytes:
    """Such a file of arrays and a description, which may be any bytes."""
    return npz({**arrays, npz_files.ABOUT: np.frombuffer(about, "uint8")})


def npy(array: np.ndarray) -> bytes:
    """An `.npy` file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def picture() -> bytes:
    """A PNG file."""
    return to_png(np.arange(36, dtype="uint8").reshape(4, 3, 3))


def mask() -> bytes:
    """A PNG file in black and white."""
    return to_png(np.repeat(np.eye(4, 3, dtype="uint8")[..., None] * 255, 3, axis=-1))


def pictures() -> tuple[bytes, ...]:
    """A JPEG file in the colours of printers, an animated one, and one of 16 bits."""
    made = []
    for mode, format_ in (("CMYK", "JPEG"), ("P", "GIF"), ("I;16", "PNG")):
        file = io.BytesIO()
        picture = Image.new(mode, (3, 4), 0)
        more = {"save_all": True, "append_images": [Image.new(mode, (3, 4), 1)]} if mode == "P" else {}
        picture.save(file, format_, **more)
        made.append(file.getvalue())
    return tuple(made)


def report_file() -> bytes:
    """A report as JSON."""
    return as_json.encode(report()).encode()


def survey_file() -> bytes:
    """What a survey says of itself, as JSON; its one strategy is left out, as its map is in another file."""
    with tempfile.TemporaryDirectory() as folder:
        Survey(Path(folder), (), report(), {"limit": None}, 3, ("7",), 1, ("a", "b"), {"writing": 0.5}).save()
        return Path(folder, ABOUT).read_bytes()
