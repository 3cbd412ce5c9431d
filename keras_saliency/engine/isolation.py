"""Calling a model without a trace in any global state."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from copy import copy
from typing import Any

import keras

from keras_saliency.engine import seams
from keras_saliency.errors import SaliencyWarning
from keras_saliency.probes.randomness import undisturbed_random_state


@contextmanager
def without_a_trace(*, only_on_failure: bool = False) -> Iterator[None]:
    """Leave the global random states, Keras' global seed generator if none exists yet, and its names as they are.

    A model that draws without a seed makes Keras create that generator, with a seed from Python's own: made
    during a look, it would change the numbers that training draws later. Layers made during a look count in Keras'
    automatic names (`dense_1`), so layers made later would have other names. With `only_on_failure` all this happens
    only where an exception leaves the block. Warnings of others are none of our errors meanwhile.
    """
    existing = seams.global_state.get_global_attribute(seams.GLOBAL_SEED)
    names = copy(seams.global_state.get_global_attribute(seams.NAMES_GIVEN))
    failed = True
    with (
        undisturbed_random_state(only_on_failure=only_on_failure),
        _no_errors_from_warnings(),
        outside_inference_mode(),
    ):
        try:
            yield
            failed = False
        finally:
            if failed or not only_on_failure:
                seams.global_state.set_global_attribute(seams.NAMES_GIVEN, names)
                if existing is None:
                    seams.global_state.set_global_attribute(seams.GLOBAL_SEED, None)


def outside_inference_mode() -> Any:
    """Tensors made under `torch.inference_mode` take no gradients, and weights made there could never be trained."""
    if keras.backend.backend() != "torch":
        return nullcontext()
    return sys.modules["torch"].inference_mode(False)


@contextmanager
def _no_errors_from_warnings() -> Iterator[None]:
    """What Keras or a model warns of stays a warning, also with `python -W error`; ours are what the user says.

    Filters belong to the process. One thread at a time is here, as random states are kept meanwhile. What another
    thread copies from the filters in the meantime, and puts back later, is what they were before.
    """
    if not any(_is_strict(entry) for entry in warnings.filters):
        yield
        return
    with warnings.catch_warnings():
        filters: list[Any] = warnings.filters  # type: ignore[assignment]
        before = list(filters)
        filters[:] = [entry for strict in before for entry in _lenient(strict)]
        try:
            yield
        finally:
            filters[:] = before


def _is_strict(entry: Any) -> bool:
    action, _, category, _, _ = entry
    return action == "error" and not issubclass(category, SaliencyWarning)


def _lenient(entry: Any) -> list[Any]:
    if not _is_strict(entry):
        return [entry]
    action, message, category, *place = entry
    ours = [(action, message, SaliencyWarning, *place)] if issubclass(SaliencyWarning, category) else []
    return [*ours, ("default", message, category, *place)]
