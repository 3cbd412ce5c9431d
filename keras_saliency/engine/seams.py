"""The private parts of Keras that this package uses; no other file reaches for one.

`keras_saliency.engine.selftest` proves at first use that each behaves as the engine relies on.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import keras

from keras_saliency.errors import SeamError

GLOBAL_SEED = "global_seed_generator"
"""The global attribute that holds the generator of layers that draw without a seed."""

NAMES_GIVEN = "object_name_uids"
"""The global attribute that counts the automatic names."""

TRAINING_ATTRIBUTES = frozenset(
    {
        "_compile_config",
        "_compile_loss",
        "_compile_metrics",
        "_compiled_trainable_state",
        "_compute_loss_has_training_arg",
        "_distribute_reduction_method",
        "_distribute_strategy",
        "_distributed_dataset",
        "_eval_epoch_iterator",
        "_initial_epoch",
        "_jax_state",
        "_jax_state_synced",
        "_jit_compile",
        "_lock",
        "_loss_tracker",
        "_n_main_outputs",
        "_output_mask_indices",
        "_run_eagerly",
        "compiled",
        "history",
        "loss",
        "optimizer",
        "predict_function",
        "run_eagerly",
        "steps_per_execution",
        "stop_evaluating",
        "stop_predicting",
        "stop_training",
        "test_function",
        "train_function",
        "training",
        "unrolled_steps_per_execution",
    }
)
"""The attributes that compiling and training set on a model, without a change of what it computes."""


def broken(seam: str, reason: Exception | None) -> SeamError:
    """The error that says that a seam no longer holds, and why."""
    why = f" ({type(reason).__name__}: {reason})" if reason else ""
    return SeamError(
        f"keras_saliency relies on a private part of Keras that changed: {seam} does not work with Keras "
        f"{keras.__version__} on {keras.backend.backend()}{why}. Its maps could be wrong, so it stops here. "
        "Please report this, and use an older Keras until this is fixed."
    )


def module(name: str) -> Any:
    """The module of that name.

    Raises:
        SeamError: it is not there, or what it imports is not.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise broken(f"importing {name}", error) from error


backend = module("keras.src.backend")
"""What Keras asks of a framework; abstract traces."""

functions = getattr(backend, "ops", backend)
"""Where Keras looks `nn` and `numpy` up: since Keras 3.16 in a module below the backend."""

masking = module("keras.src.backend.common.masking")
"""The masks of tensors."""

global_state = module("keras.src.backend.common.global_state")
"""What Keras keeps for the process."""


def layers_in(layer: Any) -> list[Any]:
    """The layers that a layer or a model is directly made of."""
    found: list[Any] = layer._flatten_layers(include_self=False, recursive=False)
    return found


def layers_throughout(model: Any) -> list[Any]:
    """The model and every layer in it, however deep."""
    found: list[Any] = model._flatten_layers()
    return found


def symbolic_inputs(layer: Any) -> list[Any]:
    """The symbolic tensors that a layer was called on, in all of its calls."""
    return [tensor for node in layer._inbound_nodes for tensor in node.input_tensors]


def symbolic_calls(operation: Any) -> list[tuple[tuple[Any, ...], list[Any], list[Any]]]:
    """The calls of a layer or operation on symbolic tensors: its arguments, the tensors in them, and the outputs."""
    return [
        (node.arguments.args, node.input_tensors, node.output_tensors) for node in operation._inbound_nodes
    ]
