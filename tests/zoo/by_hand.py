"""Answers by the framework's own means and by setting layers' own functions: nothing of the engine is used."""

from contextlib import contextmanager
from functools import lru_cache

import keras
import numpy as np
from keras import ops, tree


def gradients(score, arrays, model=None):
    """The gradients of `sum(score(tensors))` for each array of a list; compiled on JAX alone.

    There a weight that is a constant is rounded otherwise than one that is an argument, and a ReLU6 whose input is 0 or
    6 up to the last digit passes a gradient or does not: the weights of `model` are arguments.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tensors = [tf.constant(array) for array in arrays]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = ops.sum(score(tensors))
        return [found.numpy() for found in tape.gradient(value, tensors)]
    if keras.backend.backend() == "jax":
        values = [variable.value for variable in (model.variables if model else ())]
        return [np.asarray(found) for found in _gradient(score, model)(list(arrays), values)]
    import torch

    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    return [found.numpy() for found in torch.autograd.grad(ops.sum(score(tensors)), tensors)]


@lru_cache(maxsize=2)
def _gradient(score, model):
    import jax

    def summed(tensors, values):
        given = zip(model.variables if model else (), values, strict=True)
        with keras.StatelessScope(state_mapping=list(given)):
            return ops.sum(score(tensors))

    return jax.jit(jax.grad(summed))


@lru_cache(maxsize=2)
def _function(function):
    import jax

    return jax.jit(function)


def values(function, arrays):
    """What `function(tensors)` returns, as an array."""
    if keras.backend.backend() == "jax":
        return np.asarray(_function(function)(list(arrays)))
    return ops.convert_to_numpy(function([ops.convert_to_tensor(array) for array in arrays]))


class Scored:
    """The score of one class of a network that ends linearly, summed over the places of a class map.

    Args:
        model: it.
        like: a tree of inputs.
        class_index: the class.
        select: picks the output.
    """

    def __init__(self, model, like, class_index, select):
        self.model, self._like, self._class, self._select = model, like, class_index, select

    def __call__(self, tensors):
        inputs = tree.pack_sequence_as(self._like, tensors)
        logits = self._select(self.model(inputs, training=False))[..., self._class]
        return ops.sum(ops.reshape(logits, (logits.shape[0], -1)), axis=1)

    def layer(self, name, arrays):
        """The output of a layer or operation, and the gradients of the scores for it."""
        part, offset = _part(self.model, name), None
        before, seen = part.call, []

        def call(*arguments, **options):
            seen.append(before(*arguments, **options))
            return seen[-1] if offset is None else seen[-1] + offset

        def with_offset(tensors):
            nonlocal offset
            (offset,) = tensors
            return self([ops.convert_to_tensor(array) for array in arrays])

        def output(tensors):
            self(tensors)
            return seen[-1]

        with _set(part, "call", call):
            activations = values(output, arrays)
            (found,) = gradients(with_offset, [np.zeros_like(activations)])
        return activations, found

    def guided(self, arrays):
        """The gradients where each ReLU passes back the positive part of what comes, and how many ReLUs there are."""
        undone, count = [], 0
        try:
            for layer in self.model._flatten_layers():
                for name, function in _rectified(layer):
                    undone.append((layer, name, getattr(layer, name)))
                    object.__setattr__(layer, name, function)
                    count += 1
            return gradients(lambda tensors: self(tensors), arrays), count  # not what was compiled before
        finally:
            for layer, name, function in undone:
                object.__setattr__(layer, name, function)


def _rectified(layer):
    if getattr(layer, "activation", None) is keras.activations.relu:
        yield "activation", passing_back_positives(ops.relu)
    if isinstance(layer, keras.layers.ReLU) and not layer.negative_slope and not layer.threshold:
        yield "call", passing_back_positives(ops.relu if layer.max_value is None else ops.relu6)


def passing_back_positives(rectify):
    """A ReLU whose gradient is that of the ReLU for the positive part of what comes back."""

    @ops.custom_gradient
    def positive(x):
        def gradient(*arguments, upstream=None):
            return ops.maximum(arguments[0] if upstream is None else upstream, 0.0)

        return x, gradient

    return lambda x: positive(rectify(x))


def over_image(maps, size):
    """Maps `(n, h, w)` resized by Keras: bilinear between the centres of their places."""
    resized = ops.image.resize(maps[..., None].astype("float32"), size, interpolation="bilinear")
    return ops.convert_to_numpy(resized)[..., 0]


def _part(model, name):
    """The layer or operation of that dotted path."""
    for step in name.split("."):
        parts = [
            *model._flatten_layers(include_self=False, recursive=False),
            *getattr(model, "operations", ()),
        ]
        model = next(part for part in parts if part.name == step)
    return model


@contextmanager
def _set(owner, name, value):
    object.__setattr__(owner, name, value)
    try:
        yield
    finally:
        object.__delattr__(owner, name)
