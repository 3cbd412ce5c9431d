import json
import os
import pickle

import numpy as np
import pytest

from keras_saliency.errors import UnreadableFileError
from keras_saliency.records import npz

ARRAYS = {"images": np.arange(60, dtype="float32").reshape(5, 12), "labels": np.arange(5)}


def test_arrays_and_description_come_back(tmp_path):
    npz.write(tmp_path / "file.npz", "probes", {**ARRAYS, "absent": None}, {"names": ["猫", "π"], "count": 5})
    arrays, about = npz.read(tmp_path / "file.npz", "probes")
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype
    assert (about["names"], about["count"]) == (["猫", "π"], 5)


def test_the_name_is_kept_as_given(tmp_path):
    npz.write(str(tmp_path / "no_suffix"), "probes", ARRAYS, {})
    assert os.listdir(tmp_path) == ["no_suffix"]
    npz.read(str(tmp_path / "no_suffix"), "probes")


class Unwritable:
    """Fails in the middle of being written."""

    def __array__(self, dtype=None, copy=None):
        raise OSError("disk full")


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.npz"
    npz.write(path, "probes", ARRAYS, {})
    before = path.read_bytes()
    with pytest.raises(OSError, match="disk full"):
        npz.write(path, "probes", {**ARRAYS, "last": Unwritable()}, {})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["file.npz"]


def test_a_description_that_is_no_json_leaves_no_file(tmp_path):
    with pytest.raises(TypeError, match="not JSON serializable"):
        npz.write(tmp_path / "file.npz", "probes", ARRAYS, {"when": object()})
    assert os.listdir(tmp_path) == []


def test_python_objects_are_not_written(tmp_path):
    with pytest.raises(TypeError, match="Expected arrays of numbers. Received: Python objects in 'names'"):
        npz.write(tmp_path / "file.npz", "probes", {**ARRAYS, "names": np.array([{}], object)}, {})
    assert os.listdir(tmp_path) == []


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(FileNotFoundError):
        npz.read(tmp_path / "missing.npz", "probes")
    with pytest.raises(IsADirectoryError):
        npz.read(tmp_path, "probes")
    npz.write(tmp_path / "missing" / "file.npz", "probes", ARRAYS, {})
    npz.read(tmp_path / "missing" / "file.npz", "probes")


def plain_array(path):
    with path.open("wb") as file:
        np.save(file, np.ones(3))


def other_arrays(path):
    np.savez(path, images=np.ones(3))


def pickled(path):
    path.write_bytes(pickle.dumps({"images": [1, 2]}))


def pickled_inside(path):
    np.savez(path, about=np.array([{"kind": "probes"}], dtype=object))


def without_kind(path):
    np.savez(path, about=np.frombuffer(b'{"version": 1}', "uint8"))


def version_in_words(path):
    np.savez(path, about=np.frombuffer(b'{"version": "one", "kind": "probes"}', "uint8"))


def no_json(path):
    np.savez(path, about=np.frombuffer(b"about", "uint8"))


def text(path):
    path.write_text("images")


def nothing(path):
    path.write_bytes(b"")


@pytest.mark.parametrize(
    "make",
    [
        plain_array,
        other_arrays,
        pickled,
        pickled_inside,
        without_kind,
        version_in_words,
        no_json,
        text,
        nothing,
    ],
)
def test_foreign_files(make, tmp_path):
    path = tmp_path / "file.npz"
    make(path)
    with pytest.raises(
        UnreadableFileError, match=r"file\.npz is no probes file of keras_saliency, or it is damaged"
    ):
        npz.read(path, "probes")


def test_another_kind_of_file(tmp_path):
    npz.write(tmp_path / "file.npz", "golden", ARRAYS, {})
    with pytest.raises(UnreadableFileError, match="is no probes file of keras_saliency but a golden file"):
        npz.read(tmp_path / "file.npz", "probes")


def test_a_file_of_a_newer_version(tmp_path):
    about = json.dumps({"kind": "probes", "version": npz.VERSION + 1}).encode()
    np.savez(tmp_path / "file.npz", about=np.frombuffer(about, "uint8"))
    sentence = (
        rf"written by a newer keras_saliency \(format {npz.VERSION + 1}; this one reads up to {npz.VERSION}\)"
    )
    with pytest.raises(UnreadableFileError, match=sentence):
        npz.read(tmp_path / "file.npz", "probes")


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "file.npz"
    npz.write(path, "probes", ARRAYS, {"count": 5})
    return path


def test_files_that_are_cut_off(written):
    whole = written.read_bytes()
    for length in range(len(whole)):
        written.write_bytes(whole[:length])
        with pytest.raises(UnreadableFileError):
            npz.read(written, "probes")


def test_files_with_a_damaged_byte_are_refused_or_read_right(written):
    """Some bytes, such as those of the date, mean nothing; no damage comes out as other arrays or another error."""
    whole, refused = written.read_bytes(), 0
    for place in range(len(whole)):
        written.write_bytes(whole[:place] + bytes([whole[place] ^ 0x11]) + whole[place + 1 :])
        try:
            arrays, _ = npz.read(written, "probes")
        except UnreadableFileError:
            refused += 1
        else:
            np.testing.assert_array_equal(arrays["images"], ARRAYS["images"])
            np.testing.assert_array_equal(arrays["labels"], ARRAYS["labels"])
    assert refused > len(whole) / 2
