"""The versions of what computes: they stand in every report."""

from __future__ import annotations

import sys
from importlib.metadata import version

import keras
import numpy as np


def running_on() -> str:
    """Keras and the framework behind it, for people: `"Keras 3.12.0 on jax"`."""
    return f"Keras {keras.__version__} on {keras.backend.backend()}"


def versions() -> dict[str, str]:
    """The versions of keras_saliency, Keras, the framework behind it (its name is the key) and numpy."""
    backend = keras.backend.backend()
    return {
        "keras_saliency": version("keras_saliency"),
        "keras": keras.__version__,
        backend: str(getattr(sys.modules.get(backend), "__version__", None) or version(backend)),
        "numpy": np.__version__,
    }
