"""How much of an event is not data, before protocol buffers make objects of it, which may be fifty times as large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_TO_DATA = (5, 1, 8, 8)
"""The fields on the way to the data in an event: `summary.value.tensor.string_val`."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def bytes_beside_data(event: memoryview, enough: int, way: Sequence[int] = _TO_DATA) -> int:
    """The bytes of a serialised event that are not in a text of a tensor, which is where records and pictures are.

    Args:
        event: the event.
        enough: counting ends soon above this number.
        way: the fields on the way to the data.

    Raises:
        ValueError: it is no protocol buffer.
    """
    beside = 0
    for number, kind, size, content in _fields(event):
        if number != way[0] or kind != _BYTES:
            beside += size
        else:
            beside += size - len(content) + (bytes_beside_data(content, enough, way[1:]) if way[1:] else 0)
        if beside > enough:
            break
    return beside


def _fields(message: memoryview) -> Iterator[tuple[int, int, int, memoryview]]:
    """Each field's number, kind, bytes in all, and content."""
    start = 0
    while start < len(message):
        key, place = _varint(message, start)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            _, end = _varint(message, place)
        elif kind == _BYTES:
            length, place = _varint(message, place)
            end = place + length
        elif kind in (_FIXED64, _FIXED32):
            end = place + (8 if kind == _FIXED64 else 4)
        else:
            raise ValueError(f"a field of kind {kind}")
        if end > len(message):
            raise ValueError("a field that ends too late")
        yield number, kind, end - start, message[place:end]
        start = end


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    value = shift = 0
    while place < len(message) and shift < 70:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
    raise ValueError("a number without an end")
