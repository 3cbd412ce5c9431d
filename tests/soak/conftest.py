"""How long it takes: a little in the ordinary suite; all of it, as in `make soak`, for `KERAS_SALIENCY_SOAK=long`."""

import os

import pytest


@pytest.fixture(scope="session")
def size():
    """A function: a small number and a large one → the one that is wanted."""
    return lambda small, large: large if os.environ.get("KERAS_SALIENCY_SOAK") == "long" else small
