import gzip
import json
import struct
import subprocess
import sys
import tracemalloc
import zlib

import numpy as np
import pytest

from keras_saliency import records
from keras_saliency.errors import UnreadableFileError
from keras_saliency.records import limits
from tests.patience import LIMIT


def header_and_arrays(record):
    """A second reader, by the layout in the docstring of the module alone."""
    plain = gzip.decompress(record)
    magic, version, length = struct.unpack("<8sII", plain[:16])
    assert (magic, version, length % 8) == (b"SALIENCY", records.VERSION, 0)
    return json.loads(plain[16 : 16 + length]), plain[16 + length :]


def with_plain(record, change):
    return gzip.compress(change(gzip.decompress(record)))


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64", ">f4", ">i2"]
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 5)])
def test_gives_back_what_went_in(dtype, shape):
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    header, arrays = records.decode(records.encode({"a": [1, None, "é"]}, {"x": values, "y": values}))
    assert header == {"a": [1, None, "é"]}
    assert arrays["y"].dtype == np.dtype(dtype).newbyteorder("<")
    np.testing.assert_array_equal(arrays["x"], values)
    np.testing.assert_array_equal(arrays["y"], values)


def test_a_strided_array_is_stored_in_c_order():
    values = np.arange(24, dtype=np.int32).reshape(4, 6)[::-1, ::2].T
    np.testing.assert_array_equal(records.decode(records.encode({}, {"x": values}))[1]["x"], values)


def test_the_layout_is_the_documented_one():
    document, body = header_and_arrays(
        records.encode({"é": 1}, {"one": np.arange(3, dtype=np.uint8), "two": np.array([[1.5]], ">f4")})
    )
    assert document == {
        "header": {"é": 1},
        "arrays": {
            "one": {"dtype": "uint8", "shape": [3], "offset": 0},
            "two": {"dtype": "float32", "shape": [1, 1], "offset": 8},
        },
    }
    assert body == bytes([0, 1, 2, 0, 0, 0, 0, 0]) + struct.pack("<f", 1.5) + bytes(4)


@pytest.mark.parametrize("ratio", [100, 0])
def test_the_same_content_gives_the_same_bytes(monkeypatch, ratio):
    """A gzip stream holds a time in bytes 4 to 7; compressed or not, ours is of no time."""
    monkeypatch.setattr(limits, "RATIO", ratio)
    monkeypatch.setattr(limits, "HEADER_FREELY", 0)
    content = {"a": 1}, {"x": np.arange(100, dtype=np.float32)}
    first = records.encode(*content)
    assert first[4:8] == bytes(4)
    assert (len(first) > 400) == (ratio == 0)
    monkeypatch.setattr("time.time", lambda: 1e9)
    assert records.encode(*content) == first


def test_what_javascript_has_no_array_of_is_refused():
    with pytest.raises(TypeError, match=r"Expected array 'x' in one of uint8, .* Received: dtype=int64"):
        records.encode({}, {"x": np.arange(3)})


def test_what_json_cannot_say_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        records.encode({"a": float("nan")}, {})


@pytest.mark.parametrize("foreign", [b"PK\x03\x04 and so on", b"\x1f\x8b", b"\x89PNG\r\n"])
def test_foreign_bytes(foreign):
    with pytest.raises(UnreadableFileError, match="Expected a saliency record, which is a gzip stream"):
        records.decode(foreign)


@pytest.mark.parametrize("foreign", [b"", b"SALIENCY", b"{}", b"Saliency" + bytes(100)])
def test_a_foreign_gzip_stream(foreign):
    with pytest.raises(UnreadableFileError, match=r"starts with b'SALIENCY'.*another program wrote them"):
        records.decode(gzip.compress(foreign))


def test_truncated_anywhere():
    whole = records.encode({"a": 1}, {"x": np.arange(20, dtype=np.uint8)})
    for length in range(len(whole)):
        with pytest.raises(UnreadableFileError):
            records.decode(whole[:length])


def test_any_flipped_bit_is_noticed_or_harmless():
    """Gzip's own checksum covers the content; only its header has bits without meaning."""
    values = np.arange(20, dtype=np.uint8)
    whole = records.encode({"a": 1}, {"x": values})
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 16
        try:
            header, arrays = records.decode(bytes(damaged))
        except UnreadableFileError:
            continue
        assert header == {"a": 1}
        np.testing.assert_array_equal(arrays["x"], values)


def test_a_newer_version():
    newer = with_plain(records.encode({}, {}), lambda plain: plain[:8] + struct.pack("<I", 2) + plain[12:])
    with pytest.raises(UnreadableFileError, match=r"version 1 or older.*upgrade keras_saliency.*version=2"):
        records.decode(newer)


@pytest.mark.parametrize(
    "where",
    [
        {"dtype": "object", "shape": [1], "offset": 0},
        {"dtype": "uint8", "shape": [9], "offset": 0},
        {"dtype": "uint8", "shape": [-1], "offset": 0},
        {"dtype": "uint8", "shape": [1], "offset": 9},
        {"dtype": "uint8", "shape": [1], "offset": -1},
        {"dtype": "uint8", "shape": [0.5], "offset": 0},
        {"dtype": "uint8", "shape": [1]},
        {"dtype": "uint8", "shape": "1", "offset": 0},
        [],
    ],
)
def test_a_header_that_lies(where):
    head = json.dumps({"header": {}, "arrays": {"x": where}}).encode()
    lying = gzip.compress(struct.pack("<8sII", b"SALIENCY", 1, len(head)) + head + bytes(8))
    with pytest.raises(UnreadableFileError, match="Received a damaged one"):
        records.decode(lying)


@pytest.mark.parametrize(
    ("dtype", "shape", "offset"),
    [
        ("int64", [1], 0),
        ("object", [1], 0),
        ("uint8", [True], 0),
        ("uint8", [1.0], 0),
        ("uint8", [-1], 0),
        ("uint8", [1], -1),
        ("uint8", [1], False),
    ],
)
def test_no_array_is_like_this(dtype, shape, offset):
    head = json.dumps({"header": {}, "arrays": {"x": {"dtype": dtype, "shape": shape, "offset": offset}}})
    lying = gzip.compress(struct.pack("<8sII", b"SALIENCY", 1, len(head)) + head.encode() + bytes(8))
    with pytest.raises(UnreadableFileError) as caught:
        records.decode(lying)
    no_array = ValueError(f"no array of dtype={dtype!r}, shape={shape!r}, offset={offset!r}")
    assert str(caught.value) == f"Expected a saliency record. Received a damaged one: {no_array!r}."


@pytest.mark.parametrize("outline", [False, True])
@pytest.mark.parametrize("arrays", [{}, {"x": np.arange(9, dtype=np.uint8)}])
def test_seven_bytes_may_follow_and_no_more(arrays, outline):
    whole = with_plain(records.encode({}, arrays), lambda plain: plain[: len(plain) - 7 * len(arrays)])
    records.decode(with_plain(whole, lambda plain: plain + bytes(7)), outline=outline)
    longer = with_plain(whole, lambda plain: plain + bytes(8))
    for record in (longer, records.encode({}, arrays) + b"more"):
        with pytest.raises(UnreadableFileError) as caught:
            records.decode(record, outline=outline)
        assert str(caught.value) == (
            f"Expected a saliency record, which is a gzip stream. Received {len(record)} bytes that are no such "
            "stream, or a damaged one: it does not end where it should."
        )


def test_zlib_without_gzip_is_foreign():
    with pytest.raises(UnreadableFileError, match="which is a gzip stream"):
        records.decode(zlib.compress(gzip.decompress(records.encode({}, {}))))


def test_an_outline_takes_the_memory_of_a_piece_twice():
    """As unzipping does: its blocks, and what they are joined to."""
    size = 2 * 2**24 + 5
    record = records.encode({}, {"x": np.zeros(size, np.uint8)})
    tracemalloc.start()
    arrays = records.decode(record, outline=True)[1]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert arrays["x"].shape == (size,)
    assert peak < 2.5 * 2**24


@pytest.mark.parametrize(
    "head", [b"", b"{", b"[]", b'{"header": {}}', b'{"header": 1, "arrays": {}}', b"\xff"]
)
def test_a_broken_header(head):
    broken = gzip.compress(struct.pack("<8sII", b"SALIENCY", 1, len(head)) + head)
    with pytest.raises(UnreadableFileError, match="Received a damaged one"):
        records.decode(broken)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"header": {"a": ' + "9" * 5_000 + "}}"])
@pytest.mark.parametrize("read", [records.decode, records.decode_header])
def test_json_that_python_cannot_read(text, read):
    record = gzip.compress(struct.pack("<8sII", b"SALIENCY", 1, len(text)) + text.encode())
    with pytest.raises(UnreadableFileError, match=r"Expected a saliency record. Received a damaged one"):
        read(record)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
@pytest.mark.parametrize("read", [records.decode_header, lambda record: records.decode(record)[0]])
def test_numbers_that_are_not_finite_are_none(number, read):
    text = f'{{"header": {{"a": {number}, "b": 0.5}}, "arrays": {{}}}}'.encode()
    record = gzip.compress(struct.pack("<8sII", b"SALIENCY", 1, len(text)) + text)
    assert read(record) == {"a": None, "b": 0.5}


def test_a_reader_needs_numpy_alone():
    code = (
        "import sys, numpy; before = set(sys.modules); import keras_saliency.records;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(*sorted(name for name in new - set(sys.stdlib_module_names) if not name.startswith('_')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=LIMIT
    )
    assert set(done.stdout.split()) - {"numpy"} == {"keras_saliency"}
