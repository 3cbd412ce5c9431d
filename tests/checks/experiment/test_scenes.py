"""The pictures of an experiment, pixel by pixel."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.experiment.experiment import Experiment
from keras_saliency.checks.experiment.scenes import before_and_after, class_name
from keras_saliency.checks.shared.subject import Subject

SIZE = (24, 40)
REGION = np.zeros(SIZE, bool)
REGION[17:20, :5] = True


def pictured(images, labels=None, size=SIZE, class_names=None, class_index=1, **options):
    """A network that says class 0 of all images."""
    images = np.asarray(images, "float32")
    model = keras.Sequential([keras.Input((*size, 1)), layers.Flatten(), layers.Dense(2)])
    model.set_weights([np.zeros((size[0] * size[1], 2)), np.array([1.0, 0.0])])
    subject = Subject.of(model, ks.ProbeSet(images, labels, class_names=class_names))
    masks = np.zeros(images.shape[:3], bool)
    masks[:, 17:20, :5] = True
    return before_and_after(subject, Experiment(subject, masks, **options), class_index), subject


def stacked(rows, factor):
    """What people should see of rows of images with values of 0 to 255, with white lines of two pixels around."""
    drawn = [
        [np.pad(np.kron(image, np.ones((factor, factor))), 2, constant_values=255) for image in row]
        for row in rows
    ]
    return np.repeat(np.vstack([np.hstack(row) for row in drawn])[..., None], 3, axis=-1).astype("uint8")


def probes(size=SIZE, own=6):
    """Values from −1 to 4: five of the first have content, the others none."""
    images = np.random.default_rng(0).integers(-1, 5, (10, *size, 1)).astype("float32")
    images[:, 17:20, :5] = 0
    images[1:own, 17:20, :5] = 4
    return images, [1] * own + [0] * (10 - own)


def levels(images):
    return (np.asarray(images)[..., 0] + 1) * 51


@pytest.mark.parametrize(
    ("size", "factor"), [(SIZE, 4), (SIZE[::-1], 4), ((48, 33), 2), ((96, 97), 1), ((97, 100), 1)]
)
def test_four_images_before_and_after_each_way(size, factor):
    images, labels = probes(size)
    shown, _ = pictured(images, labels, size, fill=0.0, content=np.full((*size, 1), 2.0))
    put_in = images[6:].copy()
    put_in[:, 17:20, :5] = 2
    emptied = images.copy()
    emptied[:, 17:20, :5] = 0
    assert set(shown) == {"taken_out", "put_in"}
    np.testing.assert_array_equal(
        shown["taken_out"], stacked([levels(images[1:5]), levels(emptied[1:5])], factor), strict=True
    )
    np.testing.assert_array_equal(
        shown["put_in"], stacked([levels(images[6:]), levels(put_in)], factor), strict=True
    )


def test_values_beyond_those_of_the_probes_are_the_last_grey():
    images, labels = probes()
    for fill, grey in ((-5.0, 0), (9.0, 255)):
        shown, _ = pictured(images, labels, fill=fill)
        assert (shown["taken_out"][170:182, 2:22] == grey).all()


def test_images_that_are_all_the_same_are_black():
    shown, _ = pictured(np.full((4, *SIZE, 1), 3.0), [1, 1, 0, 0], content=np.full((*SIZE, 1), 3.2))
    black = np.zeros((2, *SIZE))
    after = black.copy()
    after[:, 17:20, :5] = 51  # by a fifth of the unit
    np.testing.assert_array_equal(shown["put_in"], stacked([black, after], 4))


def test_what_was_not_done_is_not_shown():
    images, labels = probes()
    assert set(pictured(images, [1] * 10, fill=0.0)[0]) == {"taken_out"}  # nobody receives
    assert pictured(images[[0, 7, 8]], [1, 0, 0], fill=0.0)[0] == {}  # nobody has content
    given = pictured(images[[0, 7, 8]], [1, 0, 0], fill=0.0, content=np.full((*SIZE, 1), 2.0))[0]
    assert set(given) == {"put_in"}
    assert set(pictured(images, labels, fill=0.0)[0]) == {"taken_out", "put_in"}


def test_what_a_class_is_called():
    images, labels = probes()
    _, named = pictured(images, labels, class_names=["cat", "dog"])
    _, unnamed = pictured(images, labels)
    assert [class_name(named, index) for index in range(3)] == ["0 (cat)", "1 (dog)", "2"]
    assert [class_name(unnamed, index) for index in range(2)] == ["0", "1"]
