"""Files that claim far more than they hold, each a few bytes: what readers must refuse before they make room for it."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from typing import Any

from keras_saliency import records
from keras_saliency.looks import event_file as eventfile

NESTED = "[" * 500 + "]" * 500
HUGE = 2_000_000_000


def record(header: Any, arrays: Any = None, body: bytes = b"", head_length: int | None = None) -> bytes:
    """A record before it is zipped, of any header and layout, each a value or its JSON."""
    texts = [part if isinstance(part, str) else json.dumps(part) for part in (header, arrays or {})]
    head = f'{{"header": {texts[0]}, "arrays": {texts[1]}}}'.encode()
    length = len(head) if head_length is None else head_length
    return struct.pack("<8sII", b"SALIENCY", records.VERSION, length) + head + body


def zipped_zeros(start: bytes, count: int) -> bytes:
    """A gzip stream of some bytes and then many zeros, made without holding them."""
    million, times = bytes(10**6), count // 10**6
    zipped = zlib.compressobj(9, wbits=31)
    first = zipped.compress(start) + zipped.flush(zlib.Z_FULL_FLUSH)
    again = zipped.compress(million) + zipped.flush(zlib.Z_FULL_FLUSH)  # it refers to nothing before it
    checksum = zlib.crc32(start)
    for _ in range(times):
        checksum = zlib.crc32(million, checksum)
    end = b"\x03\x00" + struct.pack("<II", checksum, len(start) + times * 10**6)
    return first + again * times + end


def where(*shape: int, dtype: str = "uint8", offset: int = 0) -> dict[str, Any]:
    """The place of an array in a record's layout."""
    return {"dtype": dtype, "shape": list(shape), "offset": offset}


def event_start(length: int) -> bytes:
    """The start of an event that claims so many bytes, with the right checksum."""
    start = struct.pack("<Q", length)
    return start + struct.pack("<I", eventfile._masked_checksum(start))


def npy_header(shape: str, descr: str = "'<f4'") -> bytes:
    """The start of an `.npy` file that claims an array of this shape and kind."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def npz_of(members: dict[str, bytes]) -> bytes:
    """An `.npz` file of any members, compressed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return file.getvalue()


def npz_of_zeros(name: str, size: int) -> bytes:
    """An `.npz` with one array of so many zero bytes, a thousandth as large."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made,
        made.open(f"{name}.npy", "w", force_zip64=True) as member,
    ):
        member.write(npy_header(f"({size},)", "'|u1'"))
        for _ in range(size // 10**6):
            member.write(bytes(10**6))
    return file.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG file that claims a picture of this size and holds a few bytes of it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


ABOUT_PROBES = {"kind": "probes", "count": 1, "fingerprint": "x", "settings": {"deep": None}} | dict.fromkeys(
    ("names", "labels", "class_names", "size")
)
"""A header of a record of probes."""

RECORDS = (
    record(json.dumps(ABOUT_PROBES).replace('"deep": null', f'"deep": {NESTED}')),
    record({"kind": "maps"}, head_length=2**32 - 1),
    record({"kind": "maps"}, head_length=0),
    record({"kind": "probes", "count": HUGE}, {"pictures": where(HUGE, 112, 112, 3)}),
    record({"kind": "maps", "scores": []}, {"positive": where(0, 2**62)}),
    record({"kind": "probes", "count": 1}, {f"region/{n}": where(4, 4) for n in range(50)}, bytes(16)),
    record('{"kind": "checks", "results": [' + "[]," * 1000 + "[]]}"),
    record('{"kind": "maps", "scores": [1e999, NaN, Infinity, ' + "9" * 5000 + "]}"),
)
"""Records before they are zipped."""

ARRAYS = (
    npy_header("(1000000000000,)"),
    npy_header("(-1, 4)"),
    npy_header("(4294967296, 4294967296)"),
    npy_header("(1000000000000,)", "'|V0'"),
    npy_header("(3,)", "'|O'") + b"\x80\x04]\x94.",
    npy_header("(2,)", "('<f4', (1000000000,))"),
)
"""`.npy` files."""

DESCRIBED = tuple(
    text.encode()
    for text in (
        f'{{"kind": "probes", "version": 1, "structure": {NESTED}}}',
        json.dumps({"kind": "probes", "version": 1, "structure": [0] * 1000, "names": None}),
        '{"kind": "golden", "version": 1, "trainings": ' + "[" * 50_000,
        '{"kind": "probes", "version": ' + "9" * 5000 + "}",
    )
)
"""Descriptions in an `.npz`."""

CONFIGS = tuple(
    text.encode()
    for text in ("a." * 300 + "b = 1", f"checks = {NESTED}", "seed = " + "9" * 5000, "seed = 1e999")
)

EVENTS = (
    event_start(HUGE) + bytes(64),
    event_start(2**63) + bytes(64),
    event_start(2**20) + bytes(64),
)
"""Event files."""
