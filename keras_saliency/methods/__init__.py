"""The ways to make maps, one file each. A new method is one file and one line here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from keras_saliency.methods import base
from keras_saliency.methods.base import Method, MethodResult
from keras_saliency.methods.gradient import Gradient

BUILT_IN: tuple[type[Method], ...] = (Gradient,)

__all__ = ["BUILT_IN", "Gradient", "Method", "MethodResult", "known_methods", "make_method", "make_methods"]


def known_methods() -> dict[str, Callable[[], Method]]:
    """Every method by its registered name: ours, and those that other installed packages offer."""
    return base.installed_methods() | {method.registered: method for method in BUILT_IN}


def make_method(method: Any) -> Method:
    """The method itself, or the one of that name; see `base.make_method`."""
    return base.make_method(method, known_methods())


def make_methods(methods: Any) -> tuple[Method, ...]:
    """One or several methods; no two may have one name."""
    made = tuple(map(make_method, methods if isinstance(methods, (list, tuple)) else [methods]))
    if not made:
        raise ValueError("Expected at least one method. Received: methods=[]")
    if doubled := [name for name, count in Counter(method.name for method in made).items() if count > 1]:
        raise ValueError(
            f"Two methods have the name {doubled[0]!r}; give one of them another: Gradient(name='gradient_2')."
        )
    return made
