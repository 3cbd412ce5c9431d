import numpy as np
import pytest

from keras_saliency.probes import ProbeSet

from .samples import CORNER, IMAGES, LABELS, NONFINITE, a_probe_set

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
