import keras
import numpy as np
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.shared.exhibits import probe_and_maps, worst_probe
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.render import diverging

IMAGES = np.random.default_rng(0).random((3, 6, 40, 1)).astype("float32")


def subject_of(images, shape):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(2)])
    return Subject.of(model, ks.ProbeSet(images), "input_x_gradient")


def test_the_probe_stands_beside_its_maps_each_on_its_own_scale():
    subject = subject_of(IMAGES, (6, 40, 1))
    step = np.where(np.arange(40) < 20, -1.0, 1.0) * np.ones((6, 1))
    shown = probe_and_maps(subject, 1, step, 100 * step)
    assert shown.dtype == np.uint8
    assert shown.shape == (6 * 16, 3 * 40 * 16 + 2 * 2, 3)
    probe, first, second = (shown[:, start : start + 640] for start in (0, 642, 1284))
    np.testing.assert_array_equal(probe[::16, ::16], subject.pictures[1])
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first[0, [0, -1]], diverging(np.array([-1.0, 1.0])))
    assert (shown[:, 640:642] == 255).all()


def test_a_probe_of_another_size_is_left_out():
    shown = probe_and_maps(subject_of(IMAGES, (6, 40, 1)), 0, np.ones((100, 100)))
    assert shown.shape == (100, 100, 3)


def test_small_maps_are_enlarged_to_96_pixels_and_those_of_vectors_stand_alone():
    row = np.array([[-2.0, 2.0]])
    shown = probe_and_maps(subject_of(np.ones((2, 4), "float32"), (4,)), 0, row)
    assert shown.shape == (96, 2 * 96, 3)
    assert probe_and_maps(subject_of(IMAGES, (6, 40, 1)), 0, np.ones((7, 8))).shape == (7 * 13, 8 * 13, 3)
    np.testing.assert_array_equal(shown[:, [0, 95, 96, 191]], diverging(np.tile([-1.0, -1, 1, 1], (96, 1))))


def test_the_worst_probe_is_the_lowest_that_is_a_number():
    subject = subject_of(IMAGES, (6, 40, 1))
    shown = worst_probe(subject, np.array([np.nan, 0.5, 0.1]))["worst_probe"]
    np.testing.assert_array_equal(shown[::16, :640:16], subject.pictures[2])
    maps = subject.explanation.heatmaps("signed")[2]
    np.testing.assert_array_equal(shown, probe_and_maps(subject, 2, maps))
    assert worst_probe(subject, np.full(3, np.nan)) == {}


def test_maps_of_vectors_have_no_picture():
    assert worst_probe(subject_of(np.ones((2, 4), "float32"), (4,)), np.ones(2)) == {}
