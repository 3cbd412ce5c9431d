"""What a look must leave as it is: the global states, and all that a training leaves behind."""

import os
import random
import sys

import keras
import numpy as np
from keras.src import backend as keras_backend
from keras.src.backend.common import global_state

BACKEND = keras.backend.backend()
FLAGS = (
    "floatx",
    "epsilon",
    "image_data_format",
    "is_flash_attention_enabled",
    "is_interactive_logging_enabled",
    "is_traceback_filtering_enabled",
    "max_epochs",
    "max_steps_per_epoch",
)


def bits(variables):
    """The bytes of these variables: NaN and −0.0 count as they are, in every data type."""
    values = [np.atleast_1d(keras.ops.convert_to_numpy(variable.value)) for variable in variables]
    return [np.array(np.ascontiguousarray(value).view(np.uint8)) for value in values]


def global_states():
    """Every global random state, and every flag and counter of Keras and the framework; nothing is drawn."""
    seeds = global_state.get_global_attribute("global_seed_generator")
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "numpy's errors": np.geterr(),
        "torch": sys.modules["torch"].get_rng_state().numpy() if "torch" in sys.modules else None,
        "Keras' seed generator": None if seeds is None else bits([seeds.state]),
        "Keras' flags": {flag: getattr(keras.config, flag)() for flag in FLAGS},
        "policy": keras.config.dtype_policy().name,
        "names": dict(global_state.get_global_attribute("object_name_uids") or {}),
        "calls": [keras.layers.Layer.__call__, keras_backend.nn.relu, keras_backend.nn.softmax],
        "framework": _framework(),
        "environment": dict(os.environ),
    }


def _framework():
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.executing_eagerly(), tf.config.functions_run_eagerly()
    if BACKEND == "torch":
        import torch

        return torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_default_dtype()
    import jax

    return dict(jax.config.values)


def of_training(model, history):
    """All that a training leaves behind. To be asked once: TensorFlow tells its random states by drawing.

    Symbolic tensors, and casts of them, are counted too while a model is built, by whomever, and no name of theirs
    outlives that.
    """
    states = global_states()
    for transient in ("keras_tensor", "scratch_graph", "cast"):
        states["names"].pop(transient, None)
    return {
        **states,
        "next draws": _next_draws(),
        "weights and seed generators": bits(model.variables),
        "optimizer": bits(model.optimizer.variables),
        "metrics": bits(variable for metric in model.metrics for variable in metric.variables),
        "history": {key: found for key, found in history.items() if not key.startswith("saliency_")},
        "layers": [_settings(layer) for layer in model._flatten_layers()],
    }


def _settings(layer):
    """All numbers, names and switches that are set on a layer."""
    kinds = (bool, int, float, str, type(None))
    return {name: value for name, value in vars(layer).items() if isinstance(value, kinds)}


def _next_draws():
    drawn = {"keras": float(keras.random.uniform(()))}
    if BACKEND == "tensorflow":
        import tensorflow as tf

        drawn["tensorflow"] = float(tf.random.uniform(()))
    return drawn
