"""The processes that train one model together."""

from __future__ import annotations

from keras_saliency.engine.backends import current_backend


def is_chief() -> bool:
    """Whether this process is the first of those that train together, or the only one."""
    return current_backend().is_chief()
