"""Copies of probe sets, and their files."""

import collections
import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from keras_saliency.errors import UnreadableFileError
from keras_saliency.probes import ProbeSet

from .samples import CORNER, IMAGES, LABELS, NONFINITE, a_probe_set


def assert_equal(one, other):
    assert one.fingerprint == other.fingerprint
    assert (one.names, one.class_names) == (other.names, other.class_names)
    assert one.regions.keys() == other.regions.keys()
    for left, right in [
        (one.images, other.images),
        (one.labels, other.labels),
        (one.display_images, other.display_images),
        (dict(one.regions), dict(other.regions)),
    ]:
        np.testing.assert_equal(left, right)


@pytest.mark.parametrize(
    "clone",
    [lambda probes: pickle.loads(pickle.dumps(probes)), copy.deepcopy, copy.copy],
    ids=["pickle", "deepcopy", "copy"],
)
def test_copies_are_equal_and_frozen(clone):
    probes = a_probe_set()
    cloned = clone(probes)
    assert_equal(cloned, probes)
    with pytest.raises(ValueError, match="read-only"):
        cloned.images[0] = 0


BFLOAT16 = IMAGES.astype("float16").astype("float32")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"labels": None},
        {"names": None, "class_names": None, "regions": None, "display_images": None},
        {"images": {"image": IMAGES, "age": np.ones((4, 1), "int32")}},
        {"images": [IMAGES, np.ones((4, 1))]},
        {"images": [np.moveaxis(IMAGES, -1, 1)]},
        {"images": {"only": IMAGES.astype(">f8")}},
        {"images": IMAGES.astype("uint8")},
        {"images": IMAGES > 0.5},
    ],
    ids=[
        "everything",
        "unlabelled",
        "bare",
        "dict",
        "list",
        "list of one",
        "dict of one",
        "bytes",
        "booleans",
    ],
)
def test_files_give_back_what_was_saved(changes, tmp_path):
    probes = a_probe_set(**changes)
    probes.save(tmp_path / "probes.npz")
    loaded = ProbeSet.load(str(tmp_path / "probes.npz"))
    assert_equal(loaded, probes)
    assert type(loaded.images) is type(probes.images)


def test_half_brain_floats_are_kept_exactly_as_float32(tmp_path):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    brain = IMAGES.astype(ml_dtypes.bfloat16)
    probes = ProbeSet(brain)
    np.testing.assert_array_equal(probes.images, brain.astype("float32"))
    probes.save(tmp_path / "probes.npz")
    assert_equal(ProbeSet.load(tmp_path / "probes.npz"), probes)
    with pytest.raises(ValueError, match="Expected finite images"):
        ProbeSet(NONFINITE.astype(ml_dtypes.bfloat16))


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "probes.npz"
    a_probe_set().save(path)
    before = path.read_bytes()

    def half_written(file, **arrays):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", half_written)
    with pytest.raises(OSError, match="disk full"):
        a_probe_set(labels=None).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_missing_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        ProbeSet.load(tmp_path / "missing.npz")


def resaved(path, **changes):
    """The file with some of its arrays changed (None: left out)."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files} | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"images": IMAGES[::-1]}, "do not match its fingerprint"),
        ({"labels": LABELS[::-1]}, "do not match its fingerprint"),
        ({"labels": None}, "do not match its fingerprint"),
        ({"images": None}, "is damaged: 'images'"),
        ({"images": NONFINITE}, "is damaged: Expected finite images"),
        ({"labels": LABELS[:2]}, "is damaged: Expected one label per image"),
        ({"region_corner": CORNER[:3]}, "is damaged: Expected the mask of region 'corner'"),
        ({"about": np.frombuffer(b'{"kind": "probes", "version": 1}', "uint8")}, "is damaged: 'structure'"),
        ({"about": np.frombuffer(b'{"kind": "golden", "version": 1}', "uint8")}, "but a golden file"),
        ({"about": np.frombuffer(b'{"kind": "probes", "version": 9}', "uint8")}, "by a newer keras_saliency"),
    ],
)
def test_files_that_are_not_what_was_saved(changes, sentence, tmp_path):
    path = tmp_path / "probes.npz"
    a_probe_set().save(path)
    resaved(path, **changes)
    with pytest.raises(UnreadableFileError, match=rf"probes\.npz .*{sentence}"):
        ProbeSet.load(path)


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-30])


def pickled(path):
    path.write_bytes(pickle.dumps({"images": IMAGES}))


def objects(path):
    np.savez(path, images=np.array([{}], dtype=object))


def text(path):
    path.write_text("images")


@pytest.mark.parametrize("spoil", [cut_off, pickled, objects, text])
def test_foreign_and_damaged_files(spoil, tmp_path):
    path = tmp_path / "probes.npz"
    a_probe_set().save(path)
    spoil(path)
    with pytest.raises(
        UnreadableFileError, match=r"probes\.npz is no probes file .*, or it is damaged"
    ) as raised:
        ProbeSet.load(path)
    assert str(path) in str(raised.value)


def test_inputs_by_name_have_no_order(tmp_path):
    """An OrderedDict is read back as a dict: the same question."""
    probes = ProbeSet(collections.OrderedDict(b=IMAGES, a=IMAGES + 1))
    assert probes.fingerprint == ProbeSet({"a": IMAGES + 1, "b": IMAGES}).fingerprint
    probes.save(tmp_path / "probes.npz")
    np.testing.assert_equal(ProbeSet.load(tmp_path / "probes.npz").images, dict(probes.images))


def test_the_fingerprint_is_the_same_in_another_process(tmp_path):
    a_probe_set().save(tmp_path / "probes.npz")
    code = (
        "import sys\nfrom keras_saliency.probes import ProbeSet\n"
        "print(ProbeSet.load(sys.argv[1]).fingerprint)\n"
        "assert not {'keras', 'tensorflow', 'torch', 'jax'} & sys.modules.keys()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "probes.npz")]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed.strip() == a_probe_set().fingerprint


def test_names_of_files_that_are_no_utf_8_can_be_kept(tmp_path):
    names = (os.fsdecode(b"caf\xe9.png"), "猫.png", "", "a\0b")
    probes = a_probe_set(names=names)
    assert probes.names == ("caf�.png", *names[1:])
    probes.save(tmp_path / "probes.npz")
    assert ProbeSet.load(tmp_path / "probes.npz").names == probes.names
