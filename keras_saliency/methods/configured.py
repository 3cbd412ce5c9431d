"""A method with options that come from outside of Python: a command line, a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from keras_saliency.methods.base import Method, make_method


def configured_method(name: str, options: Mapping[str, Any], layer: str | None = None) -> Method:
    """The method of this name with these options; `layer` is one of them, for methods that look at one.

    Raises:
        ValueError: no such method (the nearest ones are named), no such option, or a value that it cannot have.
    """
    method = make_method(name)
    given = dict(options) if layer is None else {**options, "layer": layer}
    if not given:
        return method
    accepted = [field.name for field in fields(method) if field.init]
    if unknown := sorted(given.keys() - set(accepted)):
        raise ValueError(
            f"The method {name} has no option {unknown[0]!r}. Its options: {', '.join(accepted)}."
        )
    return type(method)(**given)
