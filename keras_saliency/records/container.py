"""A record as bytes: a header and named arrays, whatever they mean; and its version."""

from __future__ import annotations

import gzip
import json
import math
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from keras_saliency.errors import UnreadableFileError

VERSION = 1

_MAGIC = b"SALIENCY"
_START = struct.Struct("<8sII")
_ALIGNMENT = 8
_GZIP_LEVEL = 3
_DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


def metadata(kind: str) -> bytes:
    """What TensorBoard keeps beside a series of records: version and kind, `"probes"`, `"maps"` or `"checks"`."""
    return _json({"version": VERSION, "kind": kind})


def parse_metadata(content: bytes) -> str:
    """The kind of the records in a series, from what `metadata` wrote.

    Raises:
        UnreadableFileError: the bytes are not such metadata, or that of a newer version.
    """
    with reading("the metadata of a saliency series"):
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
    with reading("a saliency record"):
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
    with reading("a saliency record"):
        head = _unzipped_part(unzip, unzip.unconsumed_tail, _START.unpack_from(start)[2])
        return dict(_document(head)["header"])


@contextmanager
def reading(what: str, header: Mapping[str, Any] | None = None, kind: str | None = None) -> Iterator[None]:
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
