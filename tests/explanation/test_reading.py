"""Pictures, data sets and single images straight into `ks.explain` and `ks.check`."""

import warnings

import keras
import numpy as np
import pytest
from PIL import Image
from skimage import data

import keras_saliency as ks

CAT, CUP = (Image.fromarray(photo()) for photo in (data.chelsea, data.coffee))
SIZE = (24, 32)


def network(*first, classes=2, shape=(*SIZE, 3)):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input(shape),
            *first,
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )


@pytest.fixture(scope="module")
def model():
    return network(keras.layers.Rescaling(1 / 255))


@pytest.fixture
def pets(tmp_path):
    for name, picture in {"cat/1.png": CAT, "cat/2.jpg": CAT, "cup/1.png": CUP}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        picture.save(tmp_path / name)
    return tmp_path


def as_the_model_takes_it(picture):
    return np.asarray(picture.resize(SIZE[::-1], Image.Resampling.BILINEAR))


def test_a_path(model, pets):
    expected = ks.explain(model, as_the_model_takes_it(CAT)[None]).maps
    for path in (pets / "cat" / "1.png", str(pets / "cat" / "1.png")):
        found = ks.explain(model, path)
        np.testing.assert_array_equal(found.maps, expected)
        assert found.probes.names == ("1.png",)


def test_a_model_for_pixels_up_to_1_gets_them(pets):
    model = network(keras.layers.Rescaling(2.0, -1))
    image = as_the_model_takes_it(CUP)[None]
    found = ks.explain(model, pets / "cup" / "1.png")
    np.testing.assert_allclose(
        found.maps, ks.explain(model, image / np.float32(255)).maps, rtol=1e-5, atol=1e-9
    )
    np.testing.assert_array_equal(found.pictures(), image)


def test_a_list_of_paths_and_a_folder_with_classes(model, pets):
    two = ks.explain(model, [pets / "cat" / "1.png", pets / "cup" / "1.png"])
    assert two.probes.labels is None
    of_folder = ks.explain(model, pets)
    assert of_folder.target_classes.tolist() == [0, 0, 1]
    assert of_folder.probes.class_names == ("cat", "cup")
    predicted = ks.explain(model, pets, target="predicted")
    np.testing.assert_array_equal(predicted.maps[[0, 2]], two.maps)


def test_channels_first_and_grey(pets):
    """The same network for both formats: the maps are the same, with their axes moved."""
    scale = keras.layers.Rescaling(1 / 255)
    grey = ks.explain(network(scale, shape=(*SIZE, 1)), pets / "cup" / "1.png")
    assert grey.maps.shape == (1, *SIZE, 1)
    first = keras.Sequential(
        [
            keras.Input((3, *SIZE)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(data_format="channels_first"),
            keras.layers.Dense(2),
        ]
    )
    probes = ks.explain(first, pets / "cup" / "1.png").probes
    np.testing.assert_array_equal(probes.images[0], np.moveaxis(as_the_model_takes_it(CUP), -1, 0))


def test_folders_with_other_classes_than_the_model(pets):
    model = network(keras.layers.Rescaling(1 / 255), classes=5)
    for target in (None, "label", ks.Label()):
        with pytest.raises(
            ValueError, match="each of the 5 classes of the model. Received: 2 folders with pictures, "
        ):
            ks.explain(model, pets, target=target)
    probes = ks.explain(model, pets, target="predicted").probes
    assert probes.labels is probes.class_names is None
    assert probes.names == ("cat/1.png", "cat/2.jpg", "cup/1.png")


@pytest.mark.parametrize("make", [network, lambda: keras.Sequential([keras.layers.Dense(2)])])
def test_a_model_that_tells_no_range(make, pets):
    """A model without a Rescaling, and one that declares no input."""
    with pytest.raises(
        ValueError, match=r"Nothing in this model tells .*from_folder\('.*cat', size=.*, scale=1/255\)"
    ):
        ks.explain(make(), pets / "cat")


def test_pictures_of_another_size_name_the_way_out(model, pets):
    with pytest.raises(
        ks.SaliencyError,
        match=r"takes images of 24x32: resize them, with size=\(24, 32\) in .*--resize 24x32",
    ):
        ks.explain(keras.Model(model.inputs, model.outputs), ks.ProbeSet.from_folder(pets / "cup"))


def test_single_images_in_a_list(model):
    images = [as_the_model_takes_it(picture) for picture in (CAT, CUP)]
    expected = ks.explain(model, np.stack(images)).maps
    for given in (images, tuple(images), [Image.fromarray(image) for image in images]):
        np.testing.assert_array_equal(ks.explain(model, given).maps, expected)
    with pytest.raises(ValueError, match=r"Received: one image of shape \(24, 32, 3\); give image\[None\]"):
        ks.explain(model, images[0])
    with pytest.raises(ValueError, match=r"images of one size.*\(23, 32, 3\), \(24, 32, 3\)"):
        ks.explain(model, [images[0], images[1][1:]])


def test_every_image_of_a_generator_is_explained(model):
    images = np.random.default_rng(0).integers(0, 256, (5, *SIZE, 3)).astype("float32")
    labels = np.array([0, 1, 1, 0, 1])
    found = ks.explain(model, ((images[rows], labels[rows]) for rows in (slice(3), slice(3, 5))))
    np.testing.assert_array_equal(found.maps, ks.explain(model, images, target=labels).maps)


def test_check_draws_as_the_callback_does(model):
    images = np.random.default_rng(0).integers(0, 256, (40, *SIZE, 3)).astype("float32")
    labels = np.arange(40) % 2
    report = ks.check(model, (images, labels), "finite")
    assert report.probes == 16
    assert report.fingerprint == ks.check(model, (images, labels), "finite").fingerprint
    assert report.fingerprint != ks.check(model, (images, labels), "finite", seed=1).fingerprint


def test_check_reads_files(model, pets):
    assert ks.check(model, pets, "finite").probes == 3


def test_one_warning_about_the_range(model):
    images = np.random.default_rng(0).random((3, *SIZE, 3)).astype("float32")
    for call in (
        lambda: ks.explain(model, images, "smoothgrad"),
        lambda: ks.check(model, images, "structure"),
    ):
        with pytest.warns(
            ks.SaliencyWarning, match="made for pixels from 0 to 255, and these .* from 0"
        ) as said:
            call()
        assert [one.filename for one in said if one.category is ks.SaliencyWarning] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ks.explain(model, 255 * images)
