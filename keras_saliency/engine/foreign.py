"""Models and layers of other frameworks: what can be done with them, in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

FOREIGN = (keras.layers.TorchModuleWrapper, keras.layers.JaxLayer, keras.layers.TFSMLayer)
"""The layers whose inside has no layers for Keras; a FlaxLayer is a JaxLayer."""


ADVICE = {
    "keras": "It is of Keras 2: build the model with Keras 3, and load its weights there.",
    "tf_keras": "It is of Keras 2: build the model with Keras 3, and load its weights there.",
    "torch": "With KERAS_BACKEND=torch, wrap the module: keras.Sequential([keras.layers.TorchModuleWrapper(module)])",
    "flax": "With KERAS_BACKEND=jax, wrap a module of flax.linen: keras.Sequential([keras.layers.FlaxLayer(module)])",
    "tensorflow": (
        "With KERAS_BACKEND=tensorflow, wrap the folder of a SavedModel: "
        "keras.Sequential([keras.layers.TFSMLayer(folder)]); it may need call_endpoint='serving_default'"
    ),
    "sklearn": "Estimators of scikit-learn have no gradients: build the model with Keras.",
}
"""What to do with an object of a package."""


def require_model(model: Any) -> None:
    """Do nothing for a Keras model.

    Raises:
        TypeError: it is something else; the sentence says how to make a Keras model of it.
    """
    if not isinstance(model, keras.Model):
        kind = model if isinstance(model, type) else type(model)
        raise TypeError(
            f"Expected a keras.Model. Received: {kind.__module__}.{kind.__qualname__}. {_advice(model)}"
        )


def _advice(model: Any) -> str:
    if isinstance(model, type):
        return "This is a class: give a model that it makes."
    if isinstance(model, (str, Path)):
        path = repr(str(model))
        return (
            f"Load the file: keras.saving.load_model({path})"
            if Path(model).exists()
            else f"No such file: {path}"
        )
    if isinstance(getattr(model, "module", None), keras.Model):
        return "Give the Keras model inside: its .module"
    if isinstance(model, keras.layers.Layer):
        return "Make a model of the layer: keras.Sequential([layer])"
    packages = (base.__module__.partition(".")[0] for base in type(model).__mro__)
    function = "Make a model of the function: keras.Sequential([keras.layers.Lambda(function)])"
    return next(
        (ADVICE[package] for package in packages if package in ADVICE), function if callable(model) else ""
    )


def fixed_weights(layers: Sequence[Any]) -> str:
    """The sentence that says which layers keep their weights whatever they are given; empty where there are none."""
    if not layers:
        return ""
    named = ", ".join(f"{layer.name!r} ({type(layer).__name__})" for layer in layers)
    module = any(isinstance(layer, keras.layers.TorchModuleWrapper) for layer in layers)
    advice = (
        "Wrap a module once it has all its parameters, and no layer of Keras in it."
        if module
        else "Make the model of Keras layers instead."
    )
    return f"Other weights do not reach the inside of {named}: Keras does not know the weights used there. {advice}"


def hidden_feature_map(layer: Any) -> str:
    """The sentence that says that the feature map may lie where Keras sees no layers."""
    return (
        f"The feature map may lie inside {layer.name!r} ({type(layer).__name__}), where Keras sees no layers. Make the "
        "part up to the feature map a layer of its own, and give the name of that layer, or of another one in front."
    )
