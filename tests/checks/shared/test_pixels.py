import keras
import numpy as np
import pytest
from keras import layers

from keras_saliency.checks.shared.pixels import Pixels
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.probes import ProbeSet

IMAGES = np.random.default_rng(0).random((5, 6, 7, 2)).astype("float32")


def network(shape=(6, 7, 2), *, dtype="float32"):
    keras.utils.set_random_seed(0)
    first = [layers.Rescaling(1 / 255)] if dtype == "uint8" else []
    return keras.Sequential(
        [keras.Input(shape, dtype=dtype), *first, layers.Flatten(), layers.Dense(3, activation="softmax")]
    )


def pixels_of(model, images, target=None, method="gradient"):
    subject = Subject.of(model, ProbeSet(images), method, target=target)
    return Pixels.of(subject)


def test_unchanged_pixels_have_the_scores_and_maps_of_the_probes():
    pixels = pixels_of(network(), IMAGES, method="input_x_gradient")
    np.testing.assert_array_equal(pixels.images, IMAGES)
    assert pixels.size == (6, 7)
    np.testing.assert_allclose(pixels.scores(IMAGES), pixels.subject.explanation.scores, rtol=1e-5)
    np.testing.assert_allclose(pixels.maps(IMAGES), pixels.subject.rows(), rtol=1e-5)


def test_changed_pixels_keep_the_class_that_was_predicted():
    model = network()
    pixels = pixels_of(model, IMAGES, target="predicted")
    before = pixels.subject.explanation.predicted_classes
    after = model.predict(-3 * IMAGES, verbose=0)
    assert (after.argmax(1) != before).any()
    logits = np.log(after)[np.arange(5), before] - np.log(after).mean(1)
    question = pixels.subject.question
    table = question.about(question.target, -3 * IMAGES).scores.table
    expected = logits + table.mean(1)
    np.testing.assert_allclose(pixels.scores(-3 * IMAGES), expected, rtol=1e-4, atol=1e-4)


def test_integer_images_are_changed_behind_the_rescaling():
    integers = (255 * IMAGES).astype("uint8")
    pixels = pixels_of(network(dtype="uint8"), integers, target=1)
    np.testing.assert_allclose(pixels.images, integers / 255, rtol=1e-5)
    expected = pixels_of(network(), IMAGES, target=1).scores(0.5 * IMAGES)
    np.testing.assert_allclose(pixels.scores(0.5 * IMAGES), expected, rtol=1e-4)


def test_the_first_image_changes_and_other_inputs_stay():
    keras.utils.set_random_seed(0)
    numbers, image = keras.Input((4,), name="numbers"), keras.Input((6, 7, 2), name="image")
    joined = layers.Concatenate()([layers.Dense(3)(numbers), layers.Flatten()(image)])
    model = keras.Model([numbers, image], layers.Dense(1)(joined))
    inputs = [np.ones((5, 4), "float32"), IMAGES]
    pixels = pixels_of(model, inputs)
    np.testing.assert_array_equal(pixels.images, IMAGES)
    expected = model.predict([inputs[0], 2 * IMAGES], verbose=0)[:, 0]
    np.testing.assert_allclose(pixels.scores(2 * IMAGES), expected, rtol=1e-4)


def test_without_an_image_there_are_none():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    assert pixels_of(model, np.ones((2, 4), "float32")) is None


@pytest.mark.parametrize("method", ["smoothgrad", "integrated_gradients"])
def test_random_methods_draw_the_same_numbers_again(method):
    pixels = pixels_of(network(), IMAGES, method=method)
    np.testing.assert_allclose(pixels.maps(IMAGES), pixels.subject.rows(), rtol=1e-5)
