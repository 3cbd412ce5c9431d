"""Gradients on TensorFlow: one `tf.function`, the weights read by reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def compile(function: Callable[..., Any], variables: Sequence[Any]) -> Callable[..., Any]:
    """See `Backend.compile`. XLA stays off: it is slower on CPUs and costs seconds to compile."""
    del variables  # a tf.function reads them where they are

    def stateless(*arguments: Any) -> Any:
        with keras.StatelessScope():
            return function(*arguments)

    # TensorFlow counts retracing by code: a partial is told apart from those of other models.
    return tf.function(partial(stateless), autograph=False, jit_compile=False)  # type: ignore[no-any-return]


def compile_with_values(function: Callable[..., Any], variables: Sequence[Any]) -> Callable[..., Any]:
    """See `Backend.compile_with_values`."""

    def stateless(values: list[Any], *arguments: Any) -> Any:
        given = [pair for pair in zip(variables, values, strict=True) if pair[1] is not None]
        with keras.StatelessScope(state_mapping=given):
            return function(*arguments)

    return tf.function(partial(stateless), autograph=False, jit_compile=False)  # type: ignore[no-any-return]


def vjp(
    function: Callable[[list[Any]], tuple[Any, Any]],
    inputs: list[Any],
    seed: Callable[[Any], Any],
) -> tuple[Any, list[Any], Any]:
    """See `Backend.vjp`."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        output, more = function(inputs)
    return output, tape.gradient(output, inputs, output_gradients=seed(output)), more


def to_numpy(tensor: Any) -> np.ndarray:
    """See `Backend.to_numpy`."""
    values: np.ndarray = tensor.numpy()
    return values
