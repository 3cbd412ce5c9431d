"""What readers take at most, and that what is written is always within it."""

import json

import numpy as np
import pytest

from keras_saliency import records
from keras_saliency.errors import UnreadableFileError
from keras_saliency.records import limits, npz
from keras_saliency.records.json_text import parse_json

ZEROS = {"x": np.zeros((100, 100), np.uint8)}


def test_a_record_that_unfolds_too_far_is_written_unfolded(monkeypatch):
    small = records.encode({}, ZEROS)
    monkeypatch.setattr(limits, "RECORD_FREELY", 1000)
    monkeypatch.setattr(limits, "RATIO", 10)
    with pytest.raises(UnreadableFileError, match=r"unfold to at most 10 times what is stored, or to 1000"):
        records.decode(small)
    large = records.encode({}, ZEROS)
    assert len(small) < 1000 < len(ZEROS["x"].tobytes()) < len(large)
    np.testing.assert_array_equal(records.decode(large)[1]["x"], ZEROS["x"])


def test_a_header_that_unfolds_too_far_is_written_unfolded(monkeypatch):
    header = {"names": ["n" * 10_000]}
    small = records.encode(header, {})
    monkeypatch.setattr(limits, "HEADER_FREELY", 1000)
    monkeypatch.setattr(limits, "RATIO", 10)
    with pytest.raises(UnreadableFileError, match=r"Expected the header of a saliency record to unfold"):
        records.decode_header(small)
    assert records.decode_header(records.encode(header, {})) == header


def test_what_no_reader_takes_is_not_written(monkeypatch, tmp_path):
    monkeypatch.setattr(limits, "HEADER", 1000)
    with pytest.raises(ValueError, match=r"Expected names and numbers of at most 1000 bytes.*fewer probes"):
        records.encode({"names": "n" * 1000}, {})
    with pytest.raises(ValueError, match=r"Expected names and words of at most 1000 bytes"):
        npz.write(tmp_path / "file.npz", "probes", {}, {"names": "n" * 1000})
    monkeypatch.setattr(limits, "RECORD", 1000)
    with pytest.raises(ValueError, match=r"and arrays of at most 1000.*fewer probes"):
        records.encode({}, ZEROS)


def test_an_npz_that_unfolds_too_far_is_written_unfolded(monkeypatch, tmp_path):
    npz.write(tmp_path / "small.npz", "probes", ZEROS, {})
    monkeypatch.setattr(limits, "ARRAYS_FREELY", 1000)
    monkeypatch.setattr(limits, "RATIO", 10)
    with pytest.raises(UnreadableFileError, match=r"small\.npz to unfold to at most 10 times"):
        npz.read(tmp_path / "small.npz", "probes")
    npz.write(tmp_path / "large.npz", "probes", ZEROS, {})
    assert (tmp_path / "large.npz").read_bytes().startswith(b"PK\x03\x04")
    arrays, _ = npz.read(tmp_path / "large.npz", "probes")
    np.testing.assert_array_equal(arrays["x"], ZEROS["x"])


def test_what_unfolds_little_stays_compressed(monkeypatch, tmp_path):
    arrays = {"x": np.random.default_rng(0).integers(0, 4, 100_000).astype("uint8")}
    for freely, ratio in ((10**6, 1), (1000, 100)):
        monkeypatch.setattr(limits, "ARRAYS_FREELY", freely)
        monkeypatch.setattr(limits, "RATIO", ratio)
        npz.write(tmp_path / "file.npz", "probes", arrays, {})
        assert (tmp_path / "file.npz").stat().st_size < 50_000


def test_as_much_as_may_be_is_written_and_read_and_no_byte_more(monkeypatch, tmp_path):
    header, path = {"names": "n" * 2000}, tmp_path / "file.npz"
    head = len('{"header":{"names":""},"arrays":{"x":{"dtype":"uint8","shape":[100,100],"offset":0}}}') + 2000
    for name, most in (("HEADER", head + -head % 8), ("RECORD", 10_000)):
        with monkeypatch.context() as patch:
            patch.setattr(limits, name, most)
            record = records.encode(header, ZEROS)
            assert records.decode(record)[0] == header
            patch.setattr(limits, name, most - 1)
            with pytest.raises(ValueError, match="Expected names and numbers of at most"):
                records.encode(header, ZEROS)
            with pytest.raises(
                UnreadableFileError, match=f"of at most {most - 1} when unfolded. Received: {most}"
            ):
                records.decode(record)
    about = len('{"names": "", "kind": "probes", "version": 1}') + 2000
    monkeypatch.setattr(limits, "HEADER", about)
    npz.write(path, "probes", ZEROS, header)
    assert npz.read(path, "probes")[1]["names"] == header["names"]
    monkeypatch.setattr(limits, "HEADER", about - 1)
    with pytest.raises(ValueError, match=f"of at most {about - 1} bytes. Received: {about} bytes"):
        npz.write(path, "probes", ZEROS, header)
    with pytest.raises(UnreadableFileError, match="is no probes file"):
        npz.read(path, "probes")


LIMITS = {
    "RATIO": 100,
    "HEADER": 16_777_216,
    "HEADER_FREELY": 4_194_304,
    "RECORD": 1_073_741_824,
    "RECORD_FREELY": 134_217_728,
    "EVENT": 1_073_741_824,
    "EVENT_BESIDE": 2_097_152,
    "ARRAYS_FREELY": 67_108_864,
    "PIXELS": 100_000_000,
    "PIXELS_FREELY": 16_777_216,
    "TEXT": 33_554_432,
    "CONFIG": 1_048_576,
    "DEPTH": 64,
    "CONTAINERS": 100_000,
}
"""What one version reads, later ones read too; what is larger is an attack."""


def test_these_are_all_limits():
    assert {name: value for name, value in vars(limits).items() if name.isupper()} == LIMITS


@pytest.mark.parametrize("name", LIMITS)
def test_little_may_unfold_freely(name):
    freely = getattr(limits, name)
    limits.check_unfolding("it", LIMITS[name], 0, freely)
    with pytest.raises(UnreadableFileError):
        limits.check_unfolding("it", LIMITS[name] + 1, 0, freely)
    limits.check_unfolding("it", LIMITS[name] + 1, freely, freely)


def test_much_may_unfold_a_hundredfold():
    limits.check_unfolding("it", 700, 7, 0, 700)
    with pytest.raises(
        UnreadableFileError, match="Expected it to unfold to at most 100 times .*: 701 from 7"
    ):
        limits.check_unfolding("it", 701, 7, 0)
    with pytest.raises(UnreadableFileError, match="Expected it of at most 700 when unfolded. Received: 701"):
        limits.check_unfolding("it", 701, 7, 701, 700)


def test_a_file_may_have_so_many_bytes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"a\r\n")
    assert limits.read_at_most(path, 4) == limits.read_at_most(str(path), 3) == b"a\r\n"
    with pytest.raises(UnreadableFileError, match=r"Expected .*file to have at most 2 bytes. Received: more"):
        limits.read_at_most(path, 2)


@pytest.mark.parametrize("probes", [1, 5000])
def test_an_outline_has_the_shapes_and_no_content(probes):
    about = records.ProbesRecord(
        "ab12", probes, regions={"a": np.ones((4, 3), bool)}, pictures=np.full((probes, 4, 3, 3), 7, np.uint8)
    )
    record = records.encode_probes(about)
    outline = records.decode_probes(record, outline=True)
    assert outline.pictures.shape == about.pictures.shape
    assert outline.regions["a"].shape == (4, 3)
    assert outline.pictures.dtype == outline.regions["a"].dtype == np.uint8
    assert outline.pictures.strides == (0, 0, 0, 0)
    with pytest.raises(UnreadableFileError):
        records.decode_probes(record[:-9], outline=True)


class TestParseJson:
    @pytest.mark.parametrize(
        "text",
        [
            *('"[[[[["', r'"\"[[[[["', r'["\\"]', '{"a": [1, {"b": []}]}', r'"\\\\\"[[[[["', '"猫[[[[["'),
            *('"]"', r'[[[["\\]]]"]]]]', "[[],[],[],[]]"),
        ],
    )
    def test_what_it_says(self, text, monkeypatch):
        monkeypatch.setattr(limits, "DEPTH", 4)
        monkeypatch.setattr(limits, "CONTAINERS", 5)
        assert parse_json(text.encode()) == json.loads(text)

    def test_numbers_that_are_not_finite(self):
        assert parse_json(b"[NaN, Infinity, -Infinity, 1e400, 1.5]") == [None, None, None, None, 1.5]

    def test_nested_too_deep(self):
        assert parse_json(b"[" * limits.DEPTH + b"]" * limits.DEPTH)
        with pytest.raises(ValueError, match="nested deeper than 64"):
            parse_json(b"[" * (limits.DEPTH + 1) + b"]" * (limits.DEPTH + 1))
        with pytest.raises(ValueError, match="nested deeper than 64"):
            parse_json(b'{"a":' * 100_000)
        with pytest.raises(ValueError, match="nested deeper than 64"):
            parse_json(b"[" * 63 + b"[]," * 9 + b"[[1]]" + b"]" * 63)
        with pytest.raises(ValueError, match="nested deeper than 64"):
            parse_json(b'["' + rb"\"" + b'", ' + b"[" * 100)

    def test_too_many_lists_and_tables(self):
        with pytest.raises(ValueError, match="more than 100000 lists and tables"):
            parse_json(b"[" + b"{}," * limits.CONTAINERS + b"{}]")
        assert len(parse_json(b"[" + b"{}," * (limits.CONTAINERS - 2) + b"{}]")) == limits.CONTAINERS - 1

    @pytest.mark.parametrize("text", ["[]".encode("utf-16"), b"\xff", b"9" * 5000, b"", b'"\\'])
    def test_no_json(self, text):
        with pytest.raises(ValueError, match="."):
            parse_json(text)
