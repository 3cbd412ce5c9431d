"""What is added to the first floating tensor reaches it, and nothing else changes."""

import numpy as np
from keras import layers, ops

from keras_saliency.engine import seams
from keras_saliency.engine.first_float import FirstFloatTap
from keras_saliency.engine.interception import hooked


def test_the_tap_adds_its_offset_to_the_first_floating_tensor():
    tokens = ops.convert_to_tensor(np.array([[1, 2, 0]]))
    embedding, dense = layers.Embedding(5, 2, mask_zero=True, name="words"), layers.Dense(2)
    plain = dense(embedding(tokens))
    offset = ops.ones((1, 3, 2))
    with hooked(tap := FirstFloatTap(offset)):
        moved = embedding(tokens)
        output = dense(moved)
    assert tap.place == "the output of layer 'words'"
    np.testing.assert_allclose(
        ops.convert_to_numpy(output),
        ops.convert_to_numpy(plain) + ops.convert_to_numpy(ops.sum(dense.kernel, 0)),
        rtol=1e-5,
    )
    mask = ops.convert_to_numpy(seams.masking.get_keras_mask(moved))
    np.testing.assert_array_equal(mask, [[True, True, False]])


def test_the_tap_keeps_the_mask_of_what_goes_into_a_layer():
    x = ops.convert_to_tensor(np.array([[[1.0, 1.0], [9.0, 9.0], [3.0, 3.0]]], "float32"))
    seams.masking.set_keras_mask(x, ops.convert_to_tensor([[True, False, True]]))
    with hooked(FirstFloatTap(ops.zeros((1, 3, 2)))):
        output = layers.GlobalAveragePooling1D()(x)
    np.testing.assert_allclose(ops.convert_to_numpy(output), [[2.0, 2.0]])
