"""Gradients on TensorFlow: one `tf.function`, the weights read by reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import keras
import numpy as np
import optree
import tensorflow as tf

from keras_saliency.engine.chunks import ROOM, Room
from keras_saliency.engine.flow import Flow
from keras_saliency.engine.seams import layers_throughout

T = TypeVar("T")

SMALLEST_HALF = 8


def compile(
    function: Callable[..., Any],
    variables: Sequence[Any],
    *,
    channels_first: bool,
    whole: bool = False,
) -> Callable[..., Any]:
    """See `Backend.compile`. A `tf.function` reads the variables where they are.

    On CPUs the two halves of a larger batch run side by side: few layers keep all cores busy alone. XLA is slower
    there and costs seconds to compile, so it stays off where it can: TensorFlow's own convolutions cannot go back
    channels first on a CPU.
    """
    on_cpu = not tf.config.get_visible_devices("GPU")

    def stateless(values: list[Any], *arguments: Any) -> Any:
        given = [pair for pair in zip(variables, values, strict=bool(values)) if pair[1] is not None]
        with keras.StatelessScope(state_mapping=given):
            return function(*arguments)

    # TensorFlow counts retracing by code: a partial is told apart from those of other models.
    compiled = tf.function(partial(stateless), autograph=False, jit_compile=channels_first and on_cpu)
    return _Flat(partial(_side_by_side, compiled) if on_cpu and not whole else compiled)


class _Flat:
    """A function of trees, compiled as one of tensors for each structure and shapes.

    Which one a call needs is decided here, as TensorFlow takes 0.3 ms a call to tell arguments apart.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._compiled: dict[Any, Callable[..., Any]] = {}

    def __call__(self, *trees: Any) -> Any:
        tensors, structure = optree.tree_flatten(trees)
        key = (structure, *((tensor.shape, tensor.dtype) for tensor in tensors))
        if key not in self._compiled:
            compiled = tf.function(partial(self._unflattened, structure), autograph=False)
            self._compiled[key] = compiled.get_concrete_function(*tensors)
        return self._compiled[key](*tensors)

    def _unflattened(self, structure: Any, *tensors: Any) -> Any:
        return self._function(*optree.tree_unflatten(structure, tensors))


def _side_by_side(compiled: Callable[..., Any], values: list[Any], *arguments: Any) -> Any:
    """The result for one batch, from its two halves. What goes in and comes out has the batch as its first axis."""
    size = tf.nest.flatten(arguments)[0].shape[0]
    if size < SMALLEST_HALF * 2 or size % 2:
        return compiled(values, *arguments)
    first, second = (
        compiled(values, *tf.nest.map_structure(lambda tensor, half=half: tensor[half], arguments))
        for half in (slice(size // 2), slice(size // 2, size))
    )
    return tf.nest.map_structure(lambda *halves: tf.concat(halves, 0), first, second)


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


def input_gradient(function: Callable[[Any], Any], inputs: Any) -> Any:
    """See `Backend.input_gradient`."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        value = function(inputs)
    return tape.gradient(value, inputs, unconnected_gradients="zero")


def call(model: Any, function: Callable[[], T]) -> T:
    """See `Backend.call`. Keras knows all of the state."""
    del model
    return function()


def flow(
    function: Callable[[list[Any]], tuple[list[Any], list[Any]]], inputs: list[np.ndarray], source: int
) -> Flow:
    """See `Backend.flow`. A tensor is computed from all inputs of its operation, but where these are only passed on."""
    found: list[Flow] = []

    def trace(*leaves: Any) -> None:
        marked, ends = function(list(leaves))
        following: dict[Any, list[Any]] = {}
        seen, waiting = {end.ref() for end in ends}, list(ends)
        while waiting:
            tensor = waiting.pop()
            operation = tensor.op
            passed_on = operation.type == "IdentityN"  # around a gradient of its own
            for before in [operation.inputs[tensor.value_index]] if passed_on else operation.inputs:
                following.setdefault(before.ref(), []).append(tensor.ref())
                if before.ref() not in seen:
                    seen.add(before.ref())
                    waiting.append(before)
        nodes = tuple(tensor.ref() for tensor in marked)
        found.append(Flow(following, leaves[source].ref(), nodes, frozenset(end.ref() for end in ends)))

    specs = [tf.TensorSpec(array.shape, array.dtype) for array in inputs]
    tf.function(trace, autograph=False).get_concrete_function(*specs)
    return found[-1]


def rectifiers(function: Callable[[list[Any]], Any], inputs: list[Any]) -> int:
    """See `Backend.rectifiers`."""
    specs = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in inputs]
    traced = tf.function(lambda *leaves: function(list(leaves)), autograph=False).get_concrete_function(
        *specs
    )
    graph = traced.graph.as_graph_def()
    nodes = [*graph.node, *(node for part in graph.library.function for node in part.node_def)]
    return sum(node.op in ("Relu", "Relu6") for node in nodes)


def is_closed(layer: Any) -> bool:
    """See `Backend.is_closed`. What JAX computes is one operation of the graph."""
    return isinstance(layer, keras.layers.JaxLayer)


def fixed(model: Any) -> list[Any]:
    """See `Backend.fixed`. The function of a SavedModel reads its variables by itself."""
    return [
        layer
        for layer in layers_throughout(model)
        if isinstance(layer, keras.layers.TFSMLayer) and layer.weights
    ]


def to_tensor(array: np.ndarray) -> Any:
    """See `Backend.to_tensor`. Directly: what Keras does around it costs as much as a small network's layer."""
    return tf.constant(array)


def to_numpy(tensor: Any) -> np.ndarray:
    """See `Backend.to_numpy`."""
    values: np.ndarray = tensor.numpy()
    return values


def room() -> Room:
    """See `Backend.room`."""
    return ROOM


def is_out_of_memory(error: Exception) -> bool:
    """See `Backend.is_out_of_memory`."""
    return isinstance(error, (MemoryError, tf.errors.ResourceExhaustedError))


def is_chief() -> bool:
    """See `Backend.is_chief`. `TF_CONFIG` tells; worker 0 is the chief where none is named."""
    cluster = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    if not cluster.task_type or cluster.task_type == "chief":
        return True
    has_chief = "chief" in cluster.cluster_spec().jobs
    return bool(cluster.task_type == "worker" and cluster.task_id == 0 and not has_chief)


def out_of_reach(model: Any) -> list[str]:
    """See `Backend.out_of_reach`. A mirrored variable is whole on every worker."""
    del model
    return []
