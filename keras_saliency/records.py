"""The format of what is stored: what a log holds of the probes, and of each look.

A record is a gzip stream. Unzipped, with all numbers little-endian and H divisible by 8:

| bytes | what |
|---|---|
| 0 to 7 | `SALIENCY` in ASCII |
| 8 to 11 | uint32, the version of the format |
| 12 to 15 | uint32, the length H of the header |
| 16 to 15 + H | the header: JSON in UTF-8, filled up with spaces |
| 16 + H to the end | the arrays in C order, each filled up with zero bytes to a multiple of 8 |

The header is `{"header": {…}, "arrays": {name: {"dtype": "uint8", "shape": [16, 32, 32], "offset": 0},
…}}`, where an offset counts from byte 16 + H. In a browser that is a `DecompressionStream("gzip")`, a
`DataView` for the first 16 bytes, `JSON.parse`, and one typed array per entry: the data types are those
that JavaScript has arrays of.

Three kinds of records build on it: the probes, once per `fit` (`ProbesRecord`), the maps, once per method
and look (`MapsRecord`), and what checks found (`ChecksRecord`). A newer program reads all older versions;
an older one refuses a newer version with `UnreadableFileError`. New fields in a header do not make a new
version.
"""

from __future__ import annotations

import gzip
import json
import math
import struct
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import NoneType
from typing import Any

import numpy as np

from keras_saliency.errors import UnreadableFileError

VERSION = 1
PLUGIN_NAME = "saliency"
PROBES = "probes"
MAPS = "maps"
CHECKS = "checks"
VIEWS = ("magnitude", "positive", "negative", "signed")

PROBES_TAG = f"{PLUGIN_NAME}/probes"
CHECKS_TAG = f"{PLUGIN_NAME}/checks"
SETTINGS_TAG = f"{PLUGIN_NAME}/settings"
PROBE_ACCURACY_TAG = f"{PLUGIN_NAME}/probe_accuracy"

_MAGIC = b"SALIENCY"
_START = struct.Struct("<8sII")
_ALIGNMENT = 8
_GZIP_LEVEL = 3
_DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
_REGION = "region/"


def maps_tag(method: str) -> str:
    """The tag of a method's maps records."""
    return f"{PLUGIN_NAME}/{method}/maps"


def method_of(tag: str) -> str | None:
    """The method whose maps have this tag; None for a tag that `maps_tag` does not make."""
    start, end = maps_tag("\0").split("\0")
    method = tag.removeprefix(start).removesuffix(end)
    return method if method and maps_tag(method) == tag else None


def sheet_tag(method: str) -> str:
    """The tag of a method's contact sheets."""
    return f"{PLUGIN_NAME}/{method}/sheet"


def number_tag(method: str, number: str) -> str:
    """The tag of the curve of one number of a method."""
    return f"{PLUGIN_NAME}/{method}/{number}"


def check_tag(check: str) -> str:
    """The tag of the curve of one check: 1 where it passed or warned, 0 where it failed."""
    return f"{PLUGIN_NAME}/checks/{check}"


def metadata(kind: str) -> bytes:
    """What TensorBoard keeps beside a series of records: version and kind, `"probes"`, `"maps"` or `"checks"`."""
    return _json({"version": VERSION, "kind": kind})


def parse_metadata(content: bytes) -> str:
    """The kind of the records in a series, from what `metadata` wrote.

    Raises:
        UnreadableFileError: it is no such metadata, or that of a newer version.
    """
    with _reading("the metadata of a saliency series"):
        stored = json.loads(content)
        _refuse_newer(int(stored["version"]))
        return str(stored["kind"])


def encode(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """A record of a JSON-ready header and named arrays; the same bytes for the same content."""
    layout: dict[str, dict[str, Any]] = {}
    body = bytearray()
    for name, values in arrays.items():
        layout[name] = {"dtype": _dtype(name, values), "shape": list(values.shape), "offset": len(body)}
        body += _filled(values.astype(values.dtype.newbyteorder("<")).tobytes(), b"\0")
    head = _filled(_json({"header": dict(header), "arrays": layout}), b" ")
    return gzip.compress(_START.pack(_MAGIC, VERSION, len(head)) + head + body, _GZIP_LEVEL, mtime=0)


def decode(record: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header, as by `decode_header`, and the arrays of a record. The arrays are read-only.

    Raises:
        UnreadableFileError: the bytes are foreign, damaged, or of a newer version.
    """
    plain = _unzipped(record)
    _check_start(plain)
    with _reading("a saliency record"):
        header_end = _START.size + _START.unpack_from(plain)[2]
        document = _document(plain[_START.size : header_end])
        body = memoryview(plain)[header_end:]
        arrays = {name: _array(body, **where) for name, where in document["arrays"].items()}
        return dict(document["header"]), arrays


def decode_header(record: bytes) -> dict[str, Any]:
    """The header of a record, ready for JSON: a number that is not finite, which only others write, is None.

    What follows the header is neither unzipped nor checked.

    Raises:
        UnreadableFileError: the bytes are foreign, damaged up to there, or of a newer version.
    """
    unzip = zlib.decompressobj(wbits=31)
    start = _unzipped_part(unzip, record, _START.size)
    _check_start(start)
    with _reading("a saliency record"):
        head = _unzipped_part(unzip, unzip.unconsumed_tail, _START.unpack_from(start)[2])
        return dict(_document(head)["header"])


@dataclass(frozen=True)
class ProbesRecord:
    """What a log holds of the probes, for `n` of them.

    Attributes:
        fingerprint: that of the probe set.
        count: `n`.
        names: one per probe, or None.
        labels: one integer per probe, or None.
        class_names: one per class, or None.
        size: `(height, width)` of the probes before anything was made smaller; None where it is not known.
        regions: boolean masks by name, each `(height, width)` or `(n, height, width)`.
        pictures: `(n, height, width, 3)` uint8; None where no picture may be stored.
        settings: what was asked for, JSON-ready.
    """

    fingerprint: str
    count: int
    names: tuple[str, ...] | None = None
    labels: tuple[int, ...] | None = None
    class_names: tuple[str, ...] | None = None
    size: tuple[int, int] | None = None
    regions: Mapping[str, np.ndarray] = field(default_factory=dict)
    pictures: np.ndarray | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def encode_probes(probes: ProbesRecord) -> bytes:
    """The probes as a record: arrays `region/<name>` (uint8, 1 inside) and `pictures`, the rest as header."""
    header = {
        "kind": PROBES,
        "fingerprint": probes.fingerprint,
        "count": probes.count,
        "names": probes.names,
        "labels": probes.labels,
        "class_names": probes.class_names,
        "size": probes.size,
        "settings": dict(probes.settings),
    }
    arrays = {_REGION + name: (mask != 0).astype(np.uint8) for name, mask in probes.regions.items()}
    if probes.pictures is not None:
        arrays["pictures"] = probes.pictures
    return encode(header, arrays)


def decode_probes(record: bytes) -> ProbesRecord:
    """The probes from a record. Raises `UnreadableFileError` if it holds something else."""
    header, arrays = decode(record)
    with _reading("a record of probes", header, PROBES):
        count, pictures = _whole(header["count"]), arrays.get("pictures")
        if pictures is not None and (pictures.shape[:1], pictures.shape[3:]) != ((count,), (3,)):
            raise ValueError(f"pictures of shape {pictures.shape}")
        return ProbesRecord(
            fingerprint=_text(header["fingerprint"]),
            count=count,
            names=_optional(header["names"], _text, count),
            labels=_optional(header["labels"], _whole, count),
            class_names=_optional(header["class_names"], _text),
            size=_optional(header["size"], _whole, 2),
            regions={
                name.removeprefix(_REGION): _mask(mask, count)
                for name, mask in arrays.items()
                if name.startswith(_REGION)
            },
            pictures=pictures,
            settings=dict(header["settings"]),
        )


@dataclass(frozen=True)
class MapsRecord:
    """What a log holds of one method at one look, for `n` probes.

    Attributes:
        step: the step under which the look is logged.
        epoch: Keras' epoch after which it was taken; None where looks are counted otherwise.
        wall_time: seconds since 1970.
        method: the method's name.
        score_kind: what the scores are.
        fingerprint: that of the probe set.
        scores: `(n,)` float32, as are the probabilities.
        target_classes: `(n,)` integers, −1 for none, as are the predicted classes.
        predicted_classes: see there.
        probabilities: NaN where the model gives none.
        numbers: the means over the probes.
        per_probe: for each number `(n,)` values, NaN where it is absent.
        heatmaps: `"magnitude"`, `"positive"`, `"negative"` and `"signed"`, each `(n, height, width)` float32.
            Read back, unsigned views are off by at most one 510th of the map's largest magnitude and
            signed by twice that (where it is a sum over channels: by one 254th of its own largest value).
            A map that was not finite throughout is all NaN.
    """

    step: int
    epoch: int | None
    wall_time: float
    method: str
    score_kind: str
    fingerprint: str
    scores: np.ndarray
    target_classes: np.ndarray
    predicted_classes: np.ndarray
    probabilities: np.ndarray
    numbers: Mapping[str, float]
    per_probe: Mapping[str, np.ndarray]
    heatmaps: Mapping[str, np.ndarray]


def encode_maps(maps: MapsRecord) -> bytes:
    """One method's look as a record; in its header a number that is not finite is null.

    The arrays `positive` and `negative` are uint8 with one scale per probe, `scales["magnitude"]`: a value
    v stands for v · scale ÷ 255. What can be derived is left out. Magnitude is the larger of the two; only
    maps that were made smaller, where means of both signs met in a pixel, have an array `magnitude` (with
    the same scale). Signed is positive − negative over one channel; over several it is a sum where they
    are maxima, and there is an array `signed`, uint8 with 128 for zero and a scale of its own: v stands
    for (v − 128) · `scales["signed"]` ÷ 127. A map that is zero has scale 0. `finite` is false for a map
    with any value that is not finite; all its stored values are zero and mean nothing.
    """
    planes, scales, finite = _quantised(maps.heatmaps)
    header = {
        "kind": MAPS,
        "step": int(maps.step),
        "epoch": _epoch(maps.epoch),
        "wall_time": float(maps.wall_time),
        "method": maps.method,
        "score_kind": maps.score_kind,
        "fingerprint": maps.fingerprint,
        "scores": _numbers(maps.scores),
        "target_classes": np.asarray(maps.target_classes).tolist(),
        "predicted_classes": np.asarray(maps.predicted_classes).tolist(),
        "probabilities": _numbers(maps.probabilities),
        "numbers": {name: float(value) for name, value in maps.numbers.items()},
        "per_probe": {name: _numbers(values) for name, values in maps.per_probe.items()},
        "scales": {name: _numbers(scale) for name, scale in scales.items()},
        "finite": finite.tolist(),
    }
    return encode(header, planes)


def decode_maps(record: bytes) -> MapsRecord:
    """One method's look from a record. Raises `UnreadableFileError` if it holds something else."""
    header, arrays = decode(record)
    with _reading("a record of maps", header, MAPS):
        _check_maps(header)
        return MapsRecord(
            step=header["step"],
            epoch=header["epoch"],
            wall_time=header["wall_time"],
            method=header["method"],
            score_kind=header["score_kind"],
            fingerprint=header["fingerprint"],
            scores=_floats(header["scores"], np.float32),
            target_classes=np.array(header["target_classes"], np.int64),
            predicted_classes=np.array(header["predicted_classes"], np.int64),
            probabilities=_floats(header["probabilities"], np.float32),
            numbers=header["numbers"],
            per_probe={name: _floats(values, np.float64) for name, values in header["per_probe"].items()},
            heatmaps=_restored(_planes(arrays, len(header["finite"])), header["scales"], header["finite"]),
        )


def decode_maps_header(record: bytes) -> dict[str, Any]:
    """The header of a record of maps, as by `decode_header`, with every field as `encode_maps` writes it.

    Raises:
        UnreadableFileError: one of them is something else, or the record holds something else.
    """
    header = decode_header(record)
    with _reading("a record of maps", header, MAPS):
        _check_maps(header)
    return header


def _check_maps(header: Mapping[str, Any]) -> None:
    """Raise `TypeError`, `ValueError` or `KeyError` for a field that is not what `encode_maps` writes."""
    for name in ("method", "score_kind", "fingerprint"):
        _text(header[name])
    _whole(header["step"])
    _whole_or_none(header["epoch"])
    _number(header["wall_time"])
    count = len(header["scores"])
    for name, kind in _PER_PROBE.items():
        _list_of(kind, header[name], count)
    for values in (*header["per_probe"].values(), *header["scales"].values()):
        _list_of(_number, values, count)
    _list_of(_number, list(header["numbers"].values()))


def _planes(arrays: Mapping[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """The planes of maps among the arrays, all `(count, height, width)` uint8 of one size."""
    planes = {name: arrays[name] for name in VIEWS if name in arrays}
    shape = planes["positive"].shape
    for name, plane in planes.items():
        if plane.dtype != np.uint8 or plane.ndim != 3 or len(plane) != count or plane.shape != shape:
            raise ValueError(f"{name}: {plane.dtype} {plane.shape} for {count} probes")
    return planes


def _mask(values: np.ndarray, count: int) -> np.ndarray:
    if values.ndim not in (2, 3) or (values.ndim == 3 and len(values) != count):
        raise ValueError(f"a region of shape {values.shape}")
    inside: np.ndarray = values != 0
    return inside


@dataclass(frozen=True)
class ChecksRecord:
    """What a log holds of the checks at one look.

    Attributes:
        step: the step under which the look is logged.
        epoch: Keras' epoch after which it was taken; None where looks are counted otherwise.
        results: one per check, JSON-ready, with the keys `name`, `status` (`"passed"`, `"warned"`, `"failed"`,
            `"skipped"`, `"errored"`), `sentence`, `value` and `limit` (numbers or None) and `direction`
            (`"at_least"`, `"at_most"` or None); further keys are kept.
    """

    step: int
    epoch: int | None
    results: tuple[Mapping[str, Any], ...]


def encode_checks(checks: ChecksRecord) -> bytes:
    """The results as a record without arrays; a value or limit that is not finite is null."""
    header = {
        "kind": CHECKS,
        "step": int(checks.step),
        "epoch": _epoch(checks.epoch),
        "results": [_result(result) for result in checks.results],
    }
    return encode(header, {})


def decode_checks(record: bytes) -> ChecksRecord:
    """What checks found, from a record. Raises `UnreadableFileError` if it holds something else."""
    header = decode_header(record)
    with _reading("a record of checks", header, CHECKS):
        results = tuple(map(_result, header["results"]))
        return ChecksRecord(_whole(header["step"]), _whole_or_none(header["epoch"]), results)


def _epoch(epoch: int | None) -> int | None:
    return None if epoch is None else int(epoch)


_TEXTS = ("name", "status", "sentence")
_VALUES = ("value", "limit")


def _result(result: Mapping[str, Any]) -> dict[str, Any]:
    """One result with all its keys, its values finite or None."""
    texts = {key: str(result[key]) for key in _TEXTS}
    values = {key: _finite(result.get(key)) for key in _VALUES}
    return {**result, **texts, **values, "direction": result.get("direction")}


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _quantised(
    heatmaps: Mapping[str, np.ndarray],
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]:
    """The planes to store, their scales per probe, and which probes' maps are finite."""
    finite = np.all([np.isfinite(values).all(axis=(1, 2)) for values in heatmaps.values()], axis=0)
    magnitude, positive, negative, signed = (
        np.where(finite[:, None, None], heatmaps[view], 0).astype(np.float64) for view in VIEWS
    )
    largest = _largest(np.maximum(magnitude, np.maximum(positive, negative)))
    scales = {"magnitude": largest}
    planes = {"positive": _unsigned(positive, largest), "negative": _unsigned(negative, largest)}
    if not _follows(magnitude, np.maximum(positive, negative), largest):
        planes["magnitude"] = _unsigned(magnitude, largest)
    if not _follows(signed, positive - negative, largest):
        scales["signed"] = _largest(np.abs(signed))
        planes["signed"] = (128 + np.rint(127 * _divided(signed, scales["signed"]))).astype(np.uint8)
    return planes, scales, finite


def _follows(plane: np.ndarray, derived: np.ndarray, scale: np.ndarray) -> bool:
    """Whether a plane is what can be derived from others, to a quarter of a step of the stored planes."""
    return bool((np.abs(plane - derived) <= scale[:, None, None] / (4 * 255)).all())


def _unsigned(maps: np.ndarray, scale: np.ndarray) -> np.ndarray:
    steps: np.ndarray = np.rint(255 * _divided(maps, scale))
    return steps.astype(np.uint8)


def _restored(
    planes: Mapping[str, np.ndarray], scales: Mapping[str, list[float]], finite: list[bool]
) -> dict[str, np.ndarray]:
    """The four views, from the planes that are stored."""
    shown = np.array(finite, bool)[:, None, None]
    unit = _column(scales["magnitude"]) / 255
    views = {name: plane * unit for name, plane in planes.items() if name != "signed"}
    views.setdefault("magnitude", np.maximum(views["positive"], views["negative"]))
    if "signed" in planes:
        views["signed"] = (planes["signed"] - 128.0) * (_column(scales["signed"]) / 127)
    else:
        views["signed"] = views["positive"] - views["negative"]
    return {view: np.where(shown, views[view], np.nan).astype(np.float32) for view in VIEWS}


def _largest(maps: np.ndarray) -> np.ndarray:
    largest: np.ndarray = maps.max(axis=(1, 2), initial=0)
    return largest


def _divided(maps: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The maps ÷ their scales; zero where the scale is zero."""
    return maps / np.where(scale > 0, scale, 1)[:, None, None]


def _column(scale: Sequence[float]) -> np.ndarray:
    return np.array(scale, np.float64)[:, None, None]


def _numbers(values: np.ndarray) -> list[float | None]:
    """Nine significant digits, which is exact for float32; None for what is not finite."""
    return [
        float(f"{value:.9g}") if math.isfinite(value) else None
        for value in np.asarray(values, np.float64).tolist()
    ]


def _floats(values: Sequence[float | None], dtype: type[np.floating[Any]]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype)


def _optional(values: Any, kind: Callable[[Any], Any], count: int | None = None) -> Any:
    return None if values is None else tuple(_list_of(kind, values, count))


def _list_of(kind: Callable[[Any], Any], values: Any, count: int | None = None) -> list[Any]:
    """A list of values of a kind, `count` of them. Raises `TypeError` or `ValueError` if it is none."""
    if type(values) is not list or count not in (None, len(values)):
        raise ValueError(f"{values!r:.50} for {count} probes")
    return list(map(kind, values))


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"{value!r:.50} is no text")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise TypeError(f"{value!r:.50} is no whole number")
    return value


def _whole_or_none(value: Any) -> int | None:
    return None if value is None else _whole(value)


def _number(value: Any) -> float | None:
    """A number as JSON has it: None is one that is not finite."""
    if type(value) not in (int, float, NoneType) or abs(value or 0) > sys.float_info.max:
        raise TypeError(f"{value!r:.50} is no number")
    return None if value is None else float(value)


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError(f"{value!r:.50} is neither true nor false")
    return value


_PER_PROBE = {
    "scores": _number,
    "target_classes": _whole,
    "predicted_classes": _whole,
    "probabilities": _number,
    "finite": _flag,
}


def _json(value: Mapping[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def _filled(content: bytes, filling: bytes) -> bytes:
    return content + filling * (-len(content) % _ALIGNMENT)


def _dtype(name: str, values: np.ndarray) -> str:
    if values.dtype.name not in _DTYPES:
        raise TypeError(
            f"Expected array {name!r} in one of {', '.join(_DTYPES)}. Received: dtype={values.dtype.name}"
        )
    return values.dtype.name


def _array(body: memoryview, dtype: str, shape: Sequence[int], offset: int) -> np.ndarray:
    if dtype not in _DTYPES or min(shape, default=0) < 0:
        raise ValueError(f"no array of dtype={dtype!r}, shape={shape!r}")
    count = math.prod(shape)
    stored = np.frombuffer(body, np.dtype(dtype).newbyteorder("<"), count, offset)
    return stored.reshape(shape)


def _unzipped(record: bytes) -> bytes:
    try:
        return gzip.decompress(record)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFileError(_no_stream(record, error)) from error


def _document(text: bytes) -> Any:
    """What the JSON says, with None for numbers that are not finite."""
    return json.loads(text, parse_constant=_finite_float, parse_float=_finite_float)


def _finite_float(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _unzipped_part(unzip: Any, record: bytes, length: int) -> bytes:
    """The next `length` unzipped bytes."""
    try:
        part: bytes = unzip.decompress(record, length)
    except zlib.error as error:
        raise UnreadableFileError(_no_stream(record, error)) from error
    if len(part) < length:
        raise UnreadableFileError(_no_stream(record, "it ends too early"))
    return part


def _no_stream(record: bytes, reason: object) -> str:
    return (
        f"Expected a saliency record, which is a gzip stream. Received {len(record)} bytes that are no such "
        f"stream, or a damaged one: {reason}."
    )


def _check_start(plain: bytes) -> None:
    if len(plain) < _START.size or not plain.startswith(_MAGIC):
        raise UnreadableFileError(
            f"Expected a saliency record, which starts with {_MAGIC!r}. Received bytes that start with "
            f"{plain[: len(_MAGIC)]!r}: another program wrote them."
        )
    _refuse_newer(_START.unpack_from(plain)[1])


def _refuse_newer(version: int) -> None:
    if version > VERSION:
        raise UnreadableFileError(
            f"Expected a saliency record of version {VERSION} or older. A newer keras_saliency wrote this: "
            f"upgrade keras_saliency to read it. Received: version={version}"
        )


@contextmanager
def _reading(what: str, header: Mapping[str, Any] | None = None, kind: str | None = None) -> Iterator[None]:
    """Turn whatever goes wrong while reading fields into one `UnreadableFileError`."""
    if header is not None and header.get("kind") != kind:
        raise UnreadableFileError(f"Expected {what}. Received: kind={header.get('kind')!r}")
    try:
        with np.errstate(over="ignore"):
            yield
    except UnreadableFileError:
        raise
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise UnreadableFileError(f"Expected {what}. Received a damaged one: {error!r:.200}.") from error
