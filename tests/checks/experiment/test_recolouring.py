"""Images in other colours, and what a network with hand-made weights says of them."""

import keras
import numpy as np
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.experiment.recolouring import Recolouring, recoloured
from keras_saliency.checks.shared.statistics import Proportion
from keras_saliency.checks.shared.subject import Subject

SIZE = (3, 5)
PATTERN = np.random.default_rng(0).normal(size=(*SIZE, 2))
PATTERN = (PATTERN - PATTERN.mean((0, 1))) / PATTERN.std((0, 1))
"""Of two channels, each with a mean of 0 and a deviation of 1."""
MEANS = np.array([[4.0, 5.0], [4.2, 5.5], [4.4, 5.1], [0.0, 5.0], [1.0, 6.0], [0.5, 5.9], [-9.0, 5.2]])
DEVIATIONS = np.array([[0.1, 0.2], [0.2, 0.3], [0.3, 0.1], [0.5, 0.4], [0.6, 0.8], [0.4, 0.6], [0.7, 0.1]])
LABELS = [1, 1, 1, 0, 0, 0, 0]
IMAGES = PATTERN * DEVIATIONS[:, None, None] + MEANS[:, None, None]


def experiment(weight=1.0):
    """Class 1 gets `weight` × the mean of the first channel, class 0 a score of 2."""
    model = keras.Sequential([keras.Input((*SIZE, 2)), layers.GlobalAveragePooling2D(), layers.Dense(2)])
    model.set_weights([np.array([[0, weight], [0, 0]]), np.array([2.0, 0.0])])
    return Recolouring(Subject.of(model, ks.ProbeSet(IMAGES.astype("float32"), LABELS)), 1)


def test_means_and_deviations_are_those_asked_for():
    means, deviations = np.array([[1.0, -2.0]]), np.array([[0.3, 0.1]])
    expected = PATTERN * deviations[:, None, None] + means[:, None, None]
    np.testing.assert_allclose(recoloured(IMAGES, means, deviations), np.repeat(expected, 7, axis=0))
    found = recoloured(IMAGES, MEANS[[3, 4, 5, 0, 1, 2, 0]], DEVIATIONS[::-1])
    np.testing.assert_allclose(found.mean((1, 2)), MEANS[[3, 4, 5, 0, 1, 2, 0]], atol=1e-12)
    np.testing.assert_allclose(found.std((1, 2)), DEVIATIONS[::-1])


def test_values_stay_within_the_range_of_all_and_an_even_channel_stays_even():
    images = np.stack([np.full(SIZE, 3.0), np.broadcast_to([0.0, 1, 0, 1, 0], SIZE)], axis=-1)[None]
    found = recoloured(images, np.array([[2.0, 0.5]]), np.array([[5.0, 9.0]]))
    assert (found[..., 0] == 2).all()
    assert found[0, 0, :, 1].tolist() == [0, 3, 0, 3, 0]
    images = np.broadcast_to(
        np.float32([[0.1, 0], [0.1, 3]] * 150), (1, 300, 300, 2)
    )  # too many to add in float32
    found = recoloured(images, np.array([[2.0, 1.0]]), np.array([[5.0, 0.5]]))
    assert (found[..., 0] == 2).all()
    assert found[0, 0, :2, 1].tolist() == [0.5, 1.5]


def test_taken_out_images_of_the_class_get_what_others_have_in_the_middle():
    means, deviations = np.array([0.25, 5.55]), np.array([0.55, 0.5])  # the medians of four each
    expected = np.broadcast_to(PATTERN * deviations + means, IMAGES.shape)
    np.testing.assert_allclose(experiment().emptied, expected, atol=1e-5)
    way = experiment().taken_out(1).way
    np.testing.assert_allclose(way, (MEANS[:3, 0] - 0.25) / (MEANS[:3, 0] - 2), rtol=1e-4)


def test_put_in_others_get_what_an_image_of_the_class_has():
    tried = experiment()
    rows = tried.receivers(1)
    assert rows.tolist() == [3, 4, 5, 6]
    found = tried.put(1, np.repeat(rows, 10))
    given = {tuple(np.round([*image.mean((0, 1)), *image.std((0, 1))], 4)) for image in np.float64(found)}
    assert given == {tuple(np.round([*MEANS[row], *DEVIATIONS[row]], 4)) for row in range(3)}
    evidence = tried.about(1)
    assert (evidence.put_in.flipped.hits, evidence.put_in.flipped.count) == (4, 4)
    assert evidence.elsewhere == Proportion(0, 0)  # there is no other place
    assert experiment(0.3).about(1).put_in.flipped.hits == 0
