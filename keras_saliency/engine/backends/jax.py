"""Gradients on JAX: one `jax.jit`, the weights passed as arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
import keras
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, jaxpr_as_fun

from keras_saliency.engine.chunks import ROOM, Room
from keras_saliency.engine.flow import Flow

T = TypeVar("T")


def compile(
    function: Callable[..., Any],
    variables: Sequence[Any],
    *,
    channels_first: bool,
    whole: bool = False,
) -> Callable[..., Any]:
    """See `Backend.compile`. Values that a jit closes over would go stale, so the weights are arguments always."""
    del channels_first, whole  # XLA runs either format

    def stateless(values: list[Any], *arguments: Any) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return function(*arguments)

    jitted = jax.jit(stateless)

    def run(values: list[Any], *arguments: Any) -> Any:
        pairs = zip(variables, values or [None] * len(variables), strict=True)
        return jitted([variable.value if value is None else value for variable, value in pairs], *arguments)

    return run


def vjp(
    function: Callable[[list[Any]], tuple[Any, Any]],
    inputs: list[Any],
    seed: Callable[[Any], Any],
) -> tuple[Any, list[Any], Any]:
    """See `Backend.vjp`.

    JAX gives zeros for an unconnected input. The trace tells them from a gradient that happens to vanish, or to be
    the same everywhere: such zeros depend on nothing, not even on a factor of the seed.
    """

    def pulled_back(inputs: list[Any], factor: Any) -> tuple[list[Any], Any, Any]:
        output, pull, more = jax.vjp(function, inputs, has_aux=True)
        return pull(seed(output) * factor.astype(output.dtype))[0], output, more

    arguments = inputs, np.float32(1)
    traced, shapes = jax.make_jaxpr(pulled_back, return_shape=True)(*arguments)
    flat = jaxpr_as_fun(traced)(*jax.tree.leaves(arguments))
    gradients, output, more = jax.tree.unflatten(jax.tree.structure(shapes), flat)
    connected = _depends_on_something(traced)[: len(inputs)]
    return output, [g if c else None for g, c in zip(gradients, connected, strict=True)], more


def _depends_on_something(traced: ClosedJaxpr) -> list[bool]:
    """For each output of the trace, whether it depends on any input or captured value."""
    jaxpr = traced.jaxpr
    reached = {*jaxpr.invars, *jaxpr.constvars}
    for equation in jaxpr.eqns:
        if any(not isinstance(v, Literal) and v in reached for v in equation.invars):
            reached.update(equation.outvars)
    return [not isinstance(v, Literal) and v in reached for v in jaxpr.outvars]


def input_gradient(function: Callable[[Any], Any], inputs: Any) -> Any:
    """See `Backend.input_gradient`."""
    return jax.grad(function)(inputs)


def call(model: Any, function: Callable[[], T]) -> T:
    """See `Backend.call`. Keras knows all of the state."""
    del model
    return function()


def flow(
    function: Callable[[list[Any]], tuple[list[Any], list[Any]]], inputs: list[np.ndarray], source: int
) -> Flow:
    """See `Backend.flow`. What an equation computes depends on all that it takes."""
    traced, (marked, _) = jax.make_jaxpr(function, return_shape=True)([to_tensor(array) for array in inputs])
    jaxpr = traced.jaxpr
    following: dict[Any, list[Any]] = {}
    for equation in jaxpr.eqns:
        for before in equation.invars:
            if not isinstance(before, Literal):
                following.setdefault(before, []).extend(equation.outvars)
    nodes = tuple(None if isinstance(variable, Literal) else variable for variable in jaxpr.outvars)
    ends = frozenset(node for node in nodes[len(marked) :] if node is not None)
    return Flow(following, jaxpr.invars[source], nodes[: len(marked)], ends)


def rectifiers(function: Callable[[list[Any]], Any], inputs: list[Any]) -> int:
    """See `Backend.rectifiers`. JAX compiles its ReLUs under their names."""
    return _relus(jax.make_jaxpr(function)(inputs).jaxpr)


def _relus(jaxpr: Jaxpr) -> int:
    found = 0
    for equation in jaxpr.eqns:
        name = equation.params.get("name")
        if name in ("relu", "relu6"):
            found += 1
        elif name != "hard_sigmoid":  # which is made with a ReLU6
            inside = [
                getattr(part, "jaxpr", part) for part in jax.tree.leaves(list(equation.params.values()))
            ]
            found += sum(_relus(part) for part in inside if isinstance(part, Jaxpr))
    return found


def is_closed(layer: Any) -> bool:
    """See `Backend.is_closed`."""
    del layer
    return False


def fixed(model: Any) -> list[Any]:
    """See `Backend.fixed`."""
    del model
    return []


def to_tensor(array: np.ndarray) -> Any:
    """See `Backend.to_tensor`."""
    return keras.ops.convert_to_tensor(array)


def to_numpy(tensor: Any) -> np.ndarray:
    """See `Backend.to_numpy`."""
    values: np.ndarray = np.asarray(tensor)
    return values


def room() -> Room:
    """See `Backend.room`.

    On a CPU XLA asks the system for the memory of every call. What is above 32 MiB the C library takes from the system
    anew, page by page, which doubles what a network of some convolutions costs; XLA takes up to six times what the
    layers return.
    """
    return Room(usual=16, elements=5 * 2**18) if jax.default_backend() == "cpu" else ROOM


def is_out_of_memory(error: Exception) -> bool:
    """See `Backend.is_out_of_memory`."""
    runtime = isinstance(error, jax.errors.JaxRuntimeError)
    return isinstance(error, MemoryError) or (runtime and "RESOURCE_EXHAUSTED" in str(error))


def is_chief() -> bool:
    """See `Backend.is_chief`."""
    return bool(jax.process_index() == 0)


def out_of_reach(model: Any) -> list[str]:
    """See `Backend.out_of_reach`. A variable that the devices of each process hold as a whole is within reach."""
    return [variable.path for variable in model.weights if _parts_are_elsewhere(variable.value)]


def _parts_are_elsewhere(value: jax.Array) -> bool:
    if value.is_fully_addressable:
        return False
    here = {str(shard.index) for shard in value.addressable_shards}
    return here < {str(shard.index) for shard in value.global_shards}
