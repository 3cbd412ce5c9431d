"""A record as bytes: a header and named arrays, whatever they mean; and its version."""

from __future__ import annotations

import gzip
import json
import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_saliency.errors import UnreadableFileError
from keras_saliency.records import limits
from keras_saliency.records.json_text import parse_json

VERSION = 1

_MAGIC = b"SALIENCY"
_START = struct.Struct("<8sII")
_ALIGNMENT = 8
_GZIP_LEVEL = 3
_PIECE = 2**24
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
        stored = parse_json(content)
        _refuse_newer(int(stored["version"]))
        return str(stored["kind"])


def encode(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """A record of a JSON-ready header and named arrays; the same bytes for the same content.

    What would unfold to more than readers take from so few bytes, as very many maps of zeros do, is not compressed.

    Raises:
        ValueError: the header, or all arrays, are larger than readers take.
    """
    layout: dict[str, dict[str, Any]] = {}
    body = bytearray()
    for name, values in arrays.items():
        layout[name] = {"dtype": _dtype(name, values), "shape": list(values.shape), "offset": len(body)}
        body += _filled(values.astype(values.dtype.newbyteorder("<")).tobytes(), b"\0")
    head = _filled(_json({"header": dict(header), "arrays": layout}), b" ")
    if len(head) > limits.HEADER or len(body) > limits.RECORD:
        raise ValueError(
            f"Expected names and numbers of at most {limits.HEADER} bytes, and arrays of at most {limits.RECORD}, in "
            f"one record: give fewer probes, or shorter names. Received: {len(head)} and {len(body)} bytes"
        )
    plain = _START.pack(_MAGIC, VERSION, len(head)) + head + body
    record = gzip.compress(plain, _GZIP_LEVEL, mtime=0)
    try:
        _check_header_size(record, len(head))
        _check_arrays_size(record, len(body))
    except UnreadableFileError:
        return gzip.compress(plain, 0, mtime=0)
    return record


def decode(record: bytes, *, outline: bool = False) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header, as by `decode_header`, and the arrays of a record. The arrays are read-only.

    Args:
        record: the bytes.
        outline: give arrays that have their shapes and no content, and take no memory; all is checked as well.

    Raises:
        UnreadableFileError: the bytes are foreign, damaged, of a newer version, or larger than `limits` allow.
    """
    stream = _Stream(record)
    with reading("a saliency record"):
        document = _document(stream)
        places = {name: _StoredArray.of(**where) for name, where in document["arrays"].items()}
        size = max((place.end for place in places.values()), default=0)
        if sum(place.size for place in places.values()) > size:
            raise ValueError("arrays that overlap")
        _check_arrays_size(record, size)
        if outline:
            stream.skip(size)
            arrays = {name: place.outline() for name, place in places.items()}
        else:
            body = stream.read(size)
            arrays = {name: place.array(body) for name, place in places.items()}
        stream.finish()
        return dict(document["header"]), arrays


def decode_header(record: bytes) -> dict[str, Any]:
    """The header of a record, ready for JSON: a number that is not finite, which only others write, is None.

    What follows the header is neither unzipped nor checked.

    Raises:
        UnreadableFileError: the bytes are foreign, damaged up to there, of a newer version, or too many.
    """
    stream = _Stream(record)
    with reading("a saliency record"):
        return dict(_document(stream)["header"])


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
    except MemoryError as error:
        raise UnreadableFileError(
            f"Expected {what}. Received one that is too large for the memory."
        ) from error
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


@dataclass(frozen=True)
class _StoredArray:
    """Where an array is in the body of a record."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int

    @classmethod
    def of(cls, dtype: str, shape: list[int], offset: int) -> _StoredArray:
        """The place that a header states."""
        if dtype not in _DTYPES or any(type(n) is not int or n < 0 for n in (*shape, offset)):
            raise ValueError(f"no array of dtype={dtype!r:.50}, shape={shape!r:.50}, offset={offset!r:.50}")
        return cls(np.dtype(dtype).newbyteorder("<"), tuple(shape), offset)

    @property
    def size(self) -> int:
        """Its bytes."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def end(self) -> int:
        """The byte after its last."""
        return self.offset + self.size

    def array(self, body: bytes) -> np.ndarray:
        """The array."""
        return np.frombuffer(body, self.dtype, math.prod(self.shape), self.offset).reshape(self.shape)

    def outline(self) -> np.ndarray:
        """Its shape without its content."""
        return np.broadcast_to(np.zeros((), self.dtype), self.shape)


class _Stream:
    """A record that is unzipped piece by piece, never further than it is asked for.

    Attributes:
        record: its bytes.
    """

    def __init__(self, record: bytes) -> None:
        self.record = self._rest = record
        self._unzip = zlib.decompressobj(wbits=31)

    def read(self, length: int) -> bytes:
        """The next bytes. Raises `ValueError` if there are fewer, else as `at_most`."""
        part = self.at_most(length)
        if len(part) < length:
            raise ValueError("it claims more bytes than there are")
        return part

    def skip(self, length: int) -> None:
        """Unzip the next bytes and keep none. Raises as `read`."""
        for start in range(0, length, _PIECE):
            self.read(min(_PIECE, length - start))

    def finish(self) -> None:
        """Raise `UnreadableFileError` unless the stream ends here, but for some filling, and its checksum is right."""
        if len(self.at_most(_ALIGNMENT)) == _ALIGNMENT or self._unzip.unused_data:
            raise UnreadableFileError(_no_stream(self.record, "it does not end where it should"))

    def at_most(self, length: int) -> bytes:
        """The next bytes, or fewer at the end of what was zipped. Raises `UnreadableFileError` for a damaged stream."""
        if length == 0:  # which zlib takes for all
            return b""
        try:
            part: bytes = self._unzip.decompress(self._rest, length)
        except zlib.error as error:
            raise UnreadableFileError(_no_stream(self.record, error)) from error
        if len(part) < length and not self._unzip.eof:
            raise UnreadableFileError(_no_stream(self.record, "it ends too early"))
        self._rest = self._unzip.unconsumed_tail
        return part


def _document(stream: _Stream) -> Any:
    """The JSON at the start of a record: `header` and `arrays`."""
    start = stream.at_most(_START.size)
    _check_start(start)
    length = _START.unpack(start)[2]
    _check_header_size(stream.record, length)
    return parse_json(stream.read(length))


def _check_header_size(record: bytes, size: int) -> None:
    limits.check_unfolding(
        "the header of a saliency record", size, len(record), limits.HEADER_FREELY, limits.HEADER
    )


def _check_arrays_size(record: bytes, size: int) -> None:
    limits.check_unfolding(
        "the arrays of a saliency record", size, len(record), limits.RECORD_FREELY, limits.RECORD
    )


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
    _refuse_newer(_START.unpack(plain)[1])


def _refuse_newer(version: int) -> None:
    if version > VERSION:
        raise UnreadableFileError(
            f"Expected a saliency record of version {VERSION} or older. A newer keras_saliency wrote this: "
            f"upgrade keras_saliency to read it. Received: version={version}"
        )
