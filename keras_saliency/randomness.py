"""Leaving the global random states as they were found."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np


@contextmanager
def undisturbed_random_state() -> Iterator[None]:
    """Restore the global random states of Python, numpy and (if it is loaded) PyTorch on leaving.

    TensorFlow and JAX need nothing here: Keras draws from its own seed generators there, and these are read
    under a `keras.StatelessScope`.
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()
    with _forked_torch():
        try:
            yield
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)


def _forked_torch() -> Any:
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "random"):
        return nullcontext()
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else []
    return torch.random.fork_rng(devices=list(devices))
