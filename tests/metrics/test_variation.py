import numpy as np
import pytest
import tensorflow as tf

from keras_saliency.metrics import total_variation

MAPS = np.random.default_rng(0).normal(size=(6, 9, 11))


def test_agrees_with_tensorflow():
    expected = tf.image.total_variation(tf.constant(MAPS[..., None])).numpy() / np.abs(MAPS).sum(axis=(1, 2))
    np.testing.assert_allclose(total_variation(MAPS), expected)


def test_by_hand():
    # Differences 2, 1 down and 3, 0 across; mass 1 + 2 + 3 + 2.
    maps = np.array([[[1.0, -2.0], [3.0, -2.0]]])
    np.testing.assert_allclose(total_variation(maps), [(2 + 0 + 3 + 5) / 8])


def test_a_checkerboard_comes_close_to_four():
    board = (-1.0) ** np.add.outer(np.arange(200), np.arange(200))
    assert 3.9 < total_variation(board[None])[0] < 4


def test_uniform_noise_has_four_thirds():
    found = total_variation(np.random.default_rng(0).random((4, 150, 150)))
    np.testing.assert_allclose(found, 4 / 3, rtol=0.02)


def test_the_scale_does_not_matter():
    np.testing.assert_allclose(total_variation(1e-3 * MAPS), total_variation(MAPS))


def test_a_smooth_map_has_less_than_a_rough_one_of_the_same_values():
    ramp = np.arange(400.0).reshape(1, 20, 20)
    shuffled = np.random.default_rng(0).permuted(ramp.reshape(1, -1), axis=1).reshape(ramp.shape)
    assert total_variation(ramp) < 0.3 * total_variation(shuffled)


def test_one_pixel_has_no_neighbours():
    np.testing.assert_array_equal(total_variation(np.array([[[3.0]], [[0.0]]])), [0.0, np.nan])


def test_channels_are_refused():
    with pytest.raises(ValueError, match=r"reduce the channels first\. Received: shape=\(1, 4, 4, 3\)"):
        total_variation(np.ones((1, 4, 4, 3)))
