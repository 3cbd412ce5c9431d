"""Models and layers of other frameworks: what can be done with them, in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

FOREIGN = (keras.layers.TorchModuleWrapper, keras.layers.JaxLayer, keras.layers.TFSMLayer)
"""The layers whose inside has no layers for Keras; a FlaxLayer is a JaxLayer."""


def require_model(model: Any) -> None:
    """Do nothing for a Keras model.

    Raises:
        TypeError: it is something else; the sentence says how to make a Keras model of it.
    """
    if not isinstance(model, keras.Model):
        kind = model if isinstance(model, type) else type(model)
        advice = _advice(model, [f"{base.__module__}." for base in kind.__mro__])
        raise TypeError(f"Expected a keras.Model. Received: {kind.__module__}.{kind.__qualname__}. {advice}")


def _advice(model: Any, bases: Sequence[str]) -> str:
    def comes_from(*packages: str) -> bool:
        return any(base.startswith(packages) for base in bases)

    if isinstance(model, type):
        return "This is a class: give a model, as the class makes it."
    if isinstance(model, (str, Path)):
        there = Path(model).exists()
        return (
            f"Load the file first: keras.saving.load_model({str(model)!r})" if there else f"No such file: {model}"
        )
    if isinstance(getattr(model, "module", None), keras.Model):
        return "Give the Keras model inside: its .module"
    if isinstance(model, keras.layers.Layer):
        return "Make a model of the layer: keras.Sequential([layer])"
    if comes_from("tf_keras.", "keras."):
        return "Models of Keras 2 are not read: build it with Keras 3, and load its weights there."
    if comes_from("torch."):
        return (
            "Wrap the module, with KERAS_BACKEND=torch: keras.Sequential([keras.layers.TorchModuleWrapper(module)])"
        )
    if comes_from("flax.linen."):
        return "Wrap the module, with KERAS_BACKEND=jax: keras.Sequential([keras.layers.FlaxLayer(module)])"
    if comes_from("tensorflow."):
        return (
            "Wrap the SavedModel, with KERAS_BACKEND=tensorflow: keras.Sequential([keras.layers.TFSMLayer(path)]), "
            'with call_endpoint="serving_default" where it has no "serve"'
        )
    if callable(model) and not comes_from("sklearn."):
        return "Make a model of the function: keras.Sequential([keras.layers.Lambda(function)])"
    return "Only models that Keras 3 can call have the gradients that maps are made of."


def fixed_weights(layers: Sequence[Any]) -> str:
    """The sentence that says which layers keep their weights whatever they are given; empty where there are none."""
    if not layers:
        return ""
    named = ", ".join(f"{layer.name!r} ({type(layer).__name__})" for layer in layers)
    module = any(isinstance(layer, keras.layers.TorchModuleWrapper) for layer in layers)
    advice = "Wrap a module once it has all its parameters." if module else "Make the model of Keras layers instead."
    return f"Other weights do not reach the inside of {named}: Keras does not know the weights used there. {advice}"


def hidden_feature_map(layer: Any) -> str:
    """The sentence that says that the feature map may lie where Keras sees no layers."""
    return (
        f"The feature map may lie inside {layer.name!r} ({type(layer).__name__}), and Keras sees no layers there. "
        "Wrap the part up to the feature map and the part behind it as two layers, or name a layer in front of it."
    )
