"""Any `.npz` and `.npy`: what readers take of files by other programs."""

import os
import zipfile

import numpy as np
import pytest

from keras_saliency.errors import UnreadableFileError
from keras_saliency.records import limits, npz


def npy(path, dtype="<u1", shape=(3,), content=b"abc", version=(1, 0)):
    """An `.npy` whose header says what it wants."""
    with path.open("wb") as file:
        file.write(np.lib.format.magic(*version))
        header = repr({"descr": dtype, "fortran_order": False, "shape": shape}) + "\n"
        file.write(len(header).to_bytes(2 if version == (1, 0) else 4, "little") + header.encode() + content)
    return path


def cause(path):
    with pytest.raises(UnreadableFileError, match=f"{path.name} cannot be read as .npy.") as caught:
        npz.read_array(path)
    return str(caught.value.__cause__)


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
@pytest.mark.parametrize(
    ("dtype", "shape", "content", "expected"),
    [
        ("<u1", (3,), b"abc", [97, 98, 99]),
        (">i2", (1, 2), b"\0\1\1\0", [[1, 256]]),
        ("<f4", (), b"\0\0\x80?", 1.0),
        ("<f8", (2, 0), b"", np.zeros((2, 0))),
    ],
)
def test_an_array_fills_its_file(tmp_path, dtype, shape, content, version, expected):
    path = npy(tmp_path / "file.npy", dtype, shape, content, version)
    np.testing.assert_array_equal(npz.read_array(path), np.array(expected, dtype), strict=True)
    if content:
        path.write_bytes(path.read_bytes()[:-1])
        assert f"bytes: dtype={np.dtype(dtype)}, shape={shape}" in cause(path)


@pytest.mark.parametrize(
    ("dtype", "shape"),
    [("<f8", (2**40,)), ("<u1", (-1,)), ("<u1", (4, -1)), ("<U0", (2**40,)), ("|V0", (1,)), ("|O", (1,))],
)
def test_an_array_that_its_file_cannot_hold_is_refused_before_there_is_room_for_it(tmp_path, dtype, shape):
    size = npy(tmp_path / "file.npy", dtype, shape).stat().st_size
    assert cause(tmp_path / "file.npy") == f"no array of {size} bytes: dtype={np.dtype(dtype)}, shape={shape}"


def test_python_objects_are_not_read(tmp_path):
    np.save(tmp_path / "file.npy", np.array([{}], object), allow_pickle=True)
    assert "dtype=object" in cause(tmp_path / "file.npy")


def test_names_and_arrays(tmp_path):
    path = tmp_path / "file.npz"
    np.savez(path, images=np.ones((2, 3)), labels=np.arange(2), none=np.zeros((0, 3)))
    assert npz.names_in(str(path)) == npz.names_in(path.as_uri()) == ["images", "labels", "none"]
    arrays = npz.read_arrays(path)
    assert list(arrays) == ["images", "labels", "none"]
    np.testing.assert_array_equal(arrays["images"], np.ones((2, 3)), strict=True)
    np.testing.assert_array_equal(arrays["none"], np.zeros((0, 3)), strict=True)


@pytest.mark.parametrize("read", [npz.names_in, npz.read_arrays, npz.read_array])
def test_what_is_no_such_file(tmp_path, read):
    path = tmp_path / "file"
    with pytest.raises(FileNotFoundError):
        read(path)
    with pytest.raises(IsADirectoryError):
        read(tmp_path)
    path.write_text("a text")
    ending = "npy" if read is npz.read_array else "npz"
    with pytest.raises(UnreadableFileError) as caught:
        read(path)
    assert str(caught.value) == f"{path} cannot be read as .{ending}."


@pytest.mark.parametrize("read", [npz.names_in, npz.read_arrays, lambda path: npz.read(path, "probes")])
def test_an_address_is_no_path(read):
    with pytest.raises(ValueError, match="Expected path to be a path on this machine.* path='gs://b/f.npz'"):
        read("gs://b/f.npz")


def test_the_kind_of_a_file(tmp_path):
    path = tmp_path / "file.npz"
    with pytest.raises(FileNotFoundError):
        npz.kind_of(path)
    npz.write(path, "golden", {"x": np.ones(3)}, {})
    assert npz.kind_of(path) == "golden"
    whole = path.read_bytes()
    np.savez(path, x=np.ones(3))
    assert npz.kind_of(path) is None
    for content in (b"", b"a text", whole[:-1]):
        path.write_bytes(content)
        assert npz.kind_of(path) is None


def test_what_a_file_is_beside_its_arrays(tmp_path):
    """Programs of today find in it what they look for tomorrow: one more array, JSON in ASCII, and no rest before."""
    path = tmp_path / "file.npz"
    npz.write(path, "probes", {"x": np.ones(3)}, {"name": "π", "kind": "mine", "version": 9})
    with zipfile.ZipFile(path) as file:
        assert file.namelist() == ["x.npy", "about.npy"]
    about = np.load(path)["about"]
    assert (about.dtype, about.ndim) == (np.uint8, 1)
    assert about.tobytes() == rb'{"name": "\u03c0", "kind": "probes", "version": 1}'


def test_a_large_file_that_was_never_written_is_refused(tmp_path, monkeypatch):
    path = npy(tmp_path / "file.npy", shape=(2**20,), content=b"")
    size = path.stat().st_size + 2**20
    os.truncate(path, size)
    monkeypatch.setattr(limits, "ARRAYS_FREELY", size)
    assert not npz.read_array(path).any()
    monkeypatch.setattr(limits, "ARRAYS_FREELY", size - 1)
    with path.open("rb") as file:
        if not hasattr(os, "SEEK_HOLE") or file.seek(0, os.SEEK_HOLE) == size:
            pytest.skip("this file system knows no holes")
    with pytest.raises(UnreadableFileError) as caught:
        npz.read_array(path)
    assert str(caught.value) == f"{path} claims {size} bytes, and parts of it were never written."
