import collections
import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from keras_saliency.errors import UnreadableFileError
from keras_saliency.probes import ProbeSet, as_probes
from keras_saliency.probes.probe_set import DEFAULT_COUNT

IMAGES = np.random.default_rng(0).random((4, 6, 5, 1), "float32")
LABELS = np.array([2, 0, 1, 0])
CORNER = np.zeros((6, 5), bool)
CORNER[:2, :2] = True


def a_probe_set(**changes):
    given = {
        "images": IMAGES,
        "labels": LABELS,
        "names": ["a", "b/c", "猫", "ñandú|π"],
        "class_names": ["猫", "dog", "cow"],
        "regions": {"corner": CORNER, "each": np.stack([CORNER] * 4)},
        "display_images": (255 * IMAGES).astype("uint8"),
    }
    given.update(changes)
    return ProbeSet(given.pop("images"), given.pop("labels"), **given)


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


# What is kept


def test_everything_is_kept_as_given():
    probes = a_probe_set()
    np.testing.assert_array_equal(probes.images, IMAGES)
    np.testing.assert_array_equal(probes.labels, LABELS)
    assert probes.labels.dtype == "int64"
    assert probes.names == ("a", "b/c", "猫", "ñandú|π")
    assert probes.class_names == ("猫", "dog", "cow")
    np.testing.assert_array_equal(probes.regions["corner"], CORNER)
    assert probes.regions["each"].shape == (4, 6, 5)
    assert probes.display_images.dtype == "uint8"
    assert len(probes) == 4
    assert repr(probes) == "<ProbeSet of 4: (4, 6, 5, 1, 'float32'), labelled>"


def test_only_images_are_needed():
    probes = ProbeSet(IMAGES)
    assert (probes.labels, probes.names, probes.class_names, probes.display_images) == (None,) * 4
    assert dict(probes.regions) == {}
    assert repr(probes).endswith("unlabelled>")


@pytest.mark.parametrize(
    "labels", [[[2], [0], [1], [0]], np.eye(3)[LABELS], LABELS.astype("float64"), list(LABELS)]
)
def test_labels_in_every_spelling(labels):
    np.testing.assert_array_equal(ProbeSet(IMAGES, labels).labels, LABELS)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "bool", "float16", "float64"])
def test_dtypes_are_kept(dtype):
    assert ProbeSet(IMAGES.astype(dtype)).images.dtype == dtype


def test_several_inputs():
    by_name = ProbeSet({"image": IMAGES, "age": np.ones((4, 1))})
    assert by_name.images["age"].shape == (4, 1)
    assert len(by_name) == 4
    as_list = ProbeSet([IMAGES, np.ones((4, 1))], regions={"corner": CORNER})
    assert isinstance(as_list.images, list)


def test_regions_of_images_with_channels_first():
    ProbeSet(np.moveaxis(IMAGES, -1, 1), regions={"corner": CORNER})


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool"])
def test_masks_of_zeros_and_ones(dtype):
    assert ProbeSet(IMAGES, regions={"corner": CORNER.astype(dtype)}).regions["corner"].dtype == bool


# What is refused

NONFINITE = IMAGES.copy()
NONFINITE[2, 0, 0, 0] = np.nan
TWO_INPUTS = [IMAGES, np.ones((3, 1))]
REFUSED = {
    "NaN": ({"images": NONFINITE}, ValueError, "Expected finite images.*NaN or infinite in image 2"),
    "infinite": (
        {"images": np.full_like(IMAGES, -np.inf)},
        ValueError,
        "Expected finite images.* in image 0",
    ),
    "rank": (
        {"images": np.ones(4)},
        ValueError,
        r"Expected a batch of images, \(n, …\)\. Received: shape=\(4,\)",
    ),
    "words": ({"images": [["a", "b"]]}, (TypeError, ValueError), "Received: "),
    "complex": ({"images": IMAGES.astype(complex)}, TypeError, "Expected images of numbers.*complex128"),
    "empty": (
        {"images": IMAGES[:0], "labels": None},
        ValueError,
        "at least one image. Received: an empty probe set",
    ),
    "none": (
        {"images": None, "labels": None},
        ValueError,
        "at least one image. Received: an empty probe set",
    ),
    "no inputs": ({"images": {}, "labels": None}, ValueError, "at least one image"),
    "counts": (
        {"images": TWO_INPUTS},
        ValueError,
        r"as many examples in every input\. Received: \[3, 4\] examples",
    ),
    "label count": (
        {"labels": [0, 1]},
        ValueError,
        "Expected one label per image, 4 in all. Received: 2 labels",
    ),
    "multi-hot": ({"labels": np.ones((4, 3))}, ValueError, "must be one-hot"),
    "regression": ({"labels": [0.5, 1, 2, 0]}, ValueError, "For a regression give no labels"),
    "too few classes": ({"class_names": ["a", "b"]}, ValueError, "labels below 2, .* Received: label 2"),
    "class names as a word": ({"class_names": "abc"}, TypeError, "class names as a sequence of strings.*str"),
    "class names by number": ({"class_names": {0: "a"}}, TypeError, "class names as a sequence.*dict"),
    "name count": ({"names": ["a"]}, ValueError, "Expected one name per image, 4 in all. Received: 1 names"),
    "names as a word": (
        {"names": "abcd"},
        TypeError,
        "Expected names as a sequence of strings. Received: str",
    ),
    "regions as a mask": (
        {"regions": CORNER},
        TypeError,
        "regions as boolean masks by name. Received: ndarray",
    ),
    "names of inputs": (
        {"images": {0: IMAGES}},
        TypeError,
        "Expected the names of inputs to be strings. Received: 0",
    ),
    "region shape": (
        {"regions": {"corner": np.ones((5, 6), bool)}},
        ValueError,
        r"mask of region 'corner' to have the shape \(6, 5\).* Received: shape=\(5, 6\)",
    ),
    "region count": (
        {"regions": {"corner": np.ones((3, 6, 5), bool)}},
        ValueError,
        r"or one such mask per image\. Received: shape=\(3, 6, 5\)",
    ),
    "empty region": (
        {"regions": {"corner": ~np.ones((6, 5), bool)}},
        ValueError,
        "'corner' to hold at least one pixel",
    ),
    "a region empty for one": (
        {"regions": {"corner": np.stack([CORNER] * 3 + [CORNER & False])}},
        ValueError,
        "'corner' to hold at least one pixel",
    ),
    "weights for a region": (
        {"regions": {"corner": CORNER * 0.5}},
        TypeError,
        "'corner' to be a boolean mask.*float64",
    ),
    "numbers for a region": (
        {"regions": {"corner": CORNER * 2}},
        TypeError,
        "'corner' to be a boolean mask.*int64",
    ),
    "display shape": (
        {"display_images": np.ones((4, 6))},
        ValueError,
        r"display_images as \(4, height, width\) or .* Received: shape=\(4, 6\)",
    ),
    "display count": (
        {"display_images": IMAGES[:3]},
        ValueError,
        r"display_images as \(4, .* Received: shape=\(3, ",
    ),
}


@pytest.mark.parametrize(("changes", "error", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(changes, error, sentence):
    with pytest.raises(error, match=sentence):
        a_probe_set(**{"regions": None, "class_names": None, "names": None, "display_images": None} | changes)


@pytest.mark.parametrize("name", ["Corner", "1st", "top left", "", "ecke_ü", 3])
def test_region_names(name):
    with pytest.raises(ValueError, match="Expected region names like corner or top_left .* Received: "):
        ProbeSet(IMAGES, regions={name: CORNER})


def test_regions_need_images():
    with pytest.raises(ValueError, match="the shape of an image; these inputs are none"):
        ProbeSet(np.ones((4, 7)), regions={"corner": CORNER})


# Frozen


def test_nothing_can_be_changed():
    probes = a_probe_set()
    for array in (probes.images, probes.labels, probes.regions["corner"], probes.display_images):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(AttributeError):
        probes.labels = LABELS
    with pytest.raises(TypeError):
        probes.regions["other"] = CORNER


def test_later_changes_of_the_given_arrays_do_not_reach_it():
    images, labels, mask, inputs = IMAGES.copy(), LABELS.copy(), CORNER.copy(), {"image": IMAGES.copy()}
    probes = ProbeSet(images, labels, regions={"corner": mask})
    several, before = ProbeSet(inputs), probes.fingerprint
    images[:], labels[:], mask[:] = 9, 1, True
    inputs["image"][:] = 9
    inputs["more"] = images
    np.testing.assert_array_equal(probes.images, IMAGES)
    np.testing.assert_array_equal(probes.labels, LABELS)
    np.testing.assert_array_equal(probes.regions["corner"], CORNER)
    np.testing.assert_array_equal(several.images["image"], IMAGES)
    assert list(several.images) == ["image"]
    assert probes.fingerprint == before


def test_read_only_arrays_are_taken():
    images = IMAGES.copy()
    images.flags.writeable = False
    assert not np.shares_memory(ProbeSet(images).images, images)


# Fingerprint


def test_the_fingerprint_is_of_the_question():
    """Images, dtype and labels; not names, regions or how they lie in memory."""
    probes, pixel = a_probe_set(), IMAGES.copy()
    pixel[3, 5, 4, 0] += 1e-3
    same = [
        ProbeSet(IMAGES, LABELS),
        ProbeSet(np.asfortranarray(IMAGES), np.eye(3)[LABELS]),
        ProbeSet(IMAGES.astype(">f4"), LABELS.astype("int32")),
        ProbeSet(np.repeat(IMAGES, 2, axis=0)[::2], LABELS),
    ]
    others = [
        ProbeSet(IMAGES),
        ProbeSet(IMAGES, [2, 0, 1, 1]),
        ProbeSet(pixel, LABELS),
        ProbeSet(IMAGES.astype("float64"), LABELS),
        ProbeSet(IMAGES[:, ::-1], LABELS),
        ProbeSet(IMAGES.reshape(4, 5, 6, 1), LABELS),
        ProbeSet([IMAGES], LABELS),
        ProbeSet({"image": IMAGES}, LABELS),
        ProbeSet({"picture": IMAGES}, LABELS),
    ]
    assert len(probes.fingerprint) == 64
    assert {other.fingerprint for other in same} == {probes.fingerprint}
    assert len({other.fingerprint for other in others} | {probes.fingerprint}) == len(others) + 1


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


# Copies and files


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


# as_probes


def test_a_probe_set_is_one():
    probes = a_probe_set()
    assert as_probes(probes) is probes


def test_few_images_are_all_taken():
    probes = as_probes((IMAGES, LABELS))
    np.testing.assert_array_equal(probes.images, IMAGES)
    np.testing.assert_array_equal(probes.labels, LABELS)
    assert as_probes(IMAGES).labels is None
    assert as_probes([IMAGES, IMAGES]).labels is None  # a list is several inputs


def test_many_images_are_sampled_evenly_over_the_labels():
    images = np.arange(300.0).reshape(100, 3)
    labels = np.array([0] * 80 + [1] * 16 + [2] * 4)
    probes = as_probes((images, labels), seed=3)
    assert len(probes) == DEFAULT_COUNT == 16
    np.testing.assert_array_equal(np.bincount(probes.labels), [6, 6, 4])
    positions = [int(name.removeprefix("#")) for name in probes.names]
    np.testing.assert_array_equal(probes.images, images[positions])
    np.testing.assert_array_equal(probes.labels, labels[positions])
    assert as_probes((images, labels), seed=3).fingerprint == probes.fingerprint
    assert as_probes((images, labels), seed=4).fingerprint != probes.fingerprint


def test_many_images_without_labels():
    probes = as_probes(np.arange(300.0).reshape(100, 3))
    assert len(probes) == len(set(probes.names)) == 16
    assert probes.labels is None


def test_more_classes_than_probes():
    probes = as_probes((np.arange(60.0).reshape(30, 2), np.arange(30)))
    assert len(set(probes.labels)) == 16


def test_names_of_files_that_are_no_utf_8_can_be_kept(tmp_path):
    names = (os.fsdecode(b"caf\xe9.png"), "猫.png", "", "a\0b")
    probes = a_probe_set(names=names)
    assert probes.names == ("caf�.png", *names[1:])
    probes.save(tmp_path / "probes.npz")
    assert ProbeSet.load(tmp_path / "probes.npz").names == probes.names
