"""What all tests share. The backend is Keras' own choice: `KERAS_BACKEND`, TensorFlow by default.

Tests marked `backend` depend on the framework and are run on all three; the others are run once.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

EVERY_BACKEND = ("engine", "methods", "test_explanation", "test_observer", "callback")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the rooms that depend on the framework."""
    root = Path(__file__).parent
    for item in items:
        if item.path.relative_to(root).parts[0].removesuffix(".py") in EVERY_BACKEND:
            item.add_marker(pytest.mark.backend)
