"""The frameworks behind Keras, one file each."""

from __future__ import annotations

import keras

from keras_saliency.arguments import BACKENDS
from keras_saliency.engine import seams
from keras_saliency.engine.backends.base import Backend


def current_backend() -> Backend:
    """The backend that Keras runs on."""
    name = keras.backend.backend()
    if name not in BACKENDS:
        raise ValueError(f"keras_saliency works on {', '.join(BACKENDS)}. Received: KERAS_BACKEND={name!r}")
    backend: Backend = seams.module(f"{__name__}.{name}")
    return backend
