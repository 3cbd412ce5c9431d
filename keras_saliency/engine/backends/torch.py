"""Gradients on PyTorch: eager, whatever gradient mode the caller is in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import torch

from keras_saliency.engine.backends.torch_modules import call, fixed, is_closed  # noqa: F401 - of `Backend`
from keras_saliency.engine.chunks import ROOM, Room
from keras_saliency.engine.flow import Flow


def compile(
    function: Callable[..., Any],
    variables: Sequence[Any],
    *,
    channels_first: bool,
    whole: bool = False,
) -> Callable[..., Any]:
    """See `Backend.compile`. Nothing is compiled: eager code reads the variables where they are."""
    del channels_first, whole

    def stateless(values: list[Any], *arguments: Any) -> Any:
        given = [pair for pair in zip(variables, values, strict=bool(values)) if pair[1] is not None]
        with torch.enable_grad(), keras.StatelessScope(state_mapping=given):
            return function(*arguments)

    return stateless


def vjp(
    function: Callable[[list[Any]], tuple[Any, Any]],
    inputs: list[Any],
    seed: Callable[[Any], Any],
) -> tuple[Any, list[Any], Any]:
    """See `Backend.vjp`."""
    leaves = [tensor.detach().clone().requires_grad_(True) for tensor in inputs]
    output, more = function([leaf.clone() for leaf in leaves])  # a model may write into its inputs
    if not output.requires_grad:
        return output, [None] * len(inputs), more
    gradients = torch.autograd.grad(output, leaves, grad_outputs=seed(output), allow_unused=True)
    return output.detach(), list(gradients), more


def input_gradient(function: Callable[[Any], Any], inputs: Any) -> Any:
    """See `Backend.input_gradient`."""
    leaf = inputs.detach().requires_grad_(True)
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(function(leaf), leaf, create_graph=True)
    return gradient


def flow(
    function: Callable[[list[Any]], tuple[list[Any], list[Any]]], inputs: list[np.ndarray], source: int
) -> Flow:
    """See `Backend.flow`. The graph of the gradient, backwards: a node is an output of a function in it."""
    with torch.enable_grad():
        leaves = [to_tensor(array) for array in inputs]
        leaf = leaves[source].requires_grad_(True)
        leaves[source] = leaf.clone()  # a model may write into its inputs
        marked, ends = function(leaves)
        start = leaf.expand_as(leaf).grad_fn.next_functions[0]
    nodes = [tensor.grad_fn and (tensor.grad_fn, tensor.output_nr) for tensor in (*marked, *ends)]
    last = frozenset(node for node in nodes[len(marked) :] if node is not None)
    following: dict[Any, list[Any]] = {}
    seen, waiting = set(last), list(last)
    while waiting:
        node = waiting.pop()
        for before in node[0].next_functions:
            if before[0] is not None:
                following.setdefault(before, []).append(node)
                if before not in seen:
                    seen.add(before)
                    waiting.append(before)
    return Flow(following, start, tuple(nodes[: len(marked)]), last)


def rectifiers(function: Callable[[list[Any]], Any], inputs: list[Any]) -> int:
    """See `Backend.rectifiers`."""
    del function, inputs
    return 0


def to_tensor(array: np.ndarray) -> Any:
    """See `Backend.to_tensor`. A copy: PyTorch would share the array, and a model may write into its inputs."""
    return keras.ops.convert_to_tensor(np.array(array))


def to_numpy(tensor: Any) -> np.ndarray:
    """See `Backend.to_numpy`."""
    values: np.ndarray = tensor.detach().cpu().numpy()
    return values


def room() -> Room:
    """See `Backend.room`."""
    return ROOM


def is_out_of_memory(error: Exception) -> bool:
    """See `Backend.is_out_of_memory`. On a CPU it is an error without a class of its own."""
    on_cpu = isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
    return on_cpu or isinstance(error, (MemoryError, torch.OutOfMemoryError))


def is_chief() -> bool:
    """See `Backend.is_chief`."""
    group = torch.distributed
    return not (group.is_available() and group.is_initialized()) or bool(group.get_rank() == 0)


def out_of_reach(model: Any) -> list[str]:
    """See `Backend.out_of_reach`. `DistributedDataParallel` keeps a whole model in every process.

    `fully_shard` leaves each a part of a PyTorch module. Of a Keras layer it parts the parameters, while Keras goes on
    to compute with the variables that these were made of: each process then trains a model of its own.
    """
    group = torch.distributed
    if not (group.is_available() and group.is_initialized()) or group.get_world_size() == 1:
        return []
    from torch.distributed.fsdp import FSDPModule

    sharded = {
        id(one) for part in model.modules() if isinstance(part, FSDPModule) for one in part.parameters()
    }
    parted = (
        name.rpartition("_torch_params.")[2]
        for name, parameter in model.named_parameters()
        if id(parameter) in sharded or _parts_are_elsewhere(parameter)
    )
    return list(dict.fromkeys(parted))


def _parts_are_elsewhere(parameter: Any) -> bool:
    from torch.distributed.tensor import DTensor, Replicate

    if not isinstance(parameter, DTensor):
        return False
    sizes = zip(parameter.device_mesh.shape, parameter.placements, strict=True)
    return any(size > 1 and not isinstance(placement, Replicate) for size, placement in sizes)
