"""Gradients by the framework's own means, independent of the engine: what its maps are compared with."""

import keras
import numpy as np
from keras import ops, tree


def gradients(score, inputs):
    """The gradients of `sum(score(inputs))` for every floating leaf of a tree of arrays; None for the others."""
    arrays = tree.flatten(inputs)
    floating = [i for i, array in enumerate(arrays) if array.dtype.kind == "f"]

    def total(tensors):
        filled = [ops.convert_to_tensor(array) for array in arrays]
        for i, tensor in zip(floating, tensors, strict=True):
            filled[i] = tensor
        return ops.sum(score(tree.pack_sequence_as(inputs, filled)))

    found = {
        i: ops.convert_to_numpy(gradient)
        for i, gradient in zip(floating, _plain(total, [arrays[i] for i in floating]), strict=True)
    }
    return tree.pack_sequence_as(inputs, [found.get(i) for i in range(len(arrays))])


def _plain(total, arrays):
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tensors = [tf.constant(array) for array in arrays]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = total(tensors)
        return tape.gradient(value, tensors)
    if keras.backend.backend() == "jax":
        import jax

        return jax.grad(total)(arrays)
    import torch

    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    return torch.autograd.grad(total(tensors), tensors)


def assert_close(found, expected, tolerance=1e-5):
    """Equal up to `tolerance` × the largest expected value, which is not zero."""
    assert np.shape(found) == np.shape(expected)
    largest = np.abs(expected).max()
    assert largest > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * largest)


def scores_of(classes):
    """Picks one column per example, summed over the positions where there are any: `(n, …, classes) -> (n,)`."""

    def pick(logits):
        chosen = ops.one_hot(ops.convert_to_tensor(classes), logits.shape[-1], dtype="float32")
        positions = len(logits.shape) - 2
        chosen = ops.reshape(chosen, (chosen.shape[0], *[1] * positions, chosen.shape[1]))
        return ops.sum(ops.cast(logits, "float32") * chosen, axis=tuple(range(1, len(logits.shape))))

    return pick
