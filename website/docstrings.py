"""For griffe: examples are code, public names in prose are links, defaults are values instead of names of constants."""

from __future__ import annotations

from typing import Any

import griffe

from website.names import linked


class Docstrings(griffe.Extension):
    """Changes what has been read before it is shown."""

    def on_object(self, *, obj: griffe.Object, loader: griffe.GriffeLoader, **kwargs: Any) -> None:
        """Called with every object when the package has been read."""
        if obj.docstring:
            prose, example, rest = obj.docstring.value.partition("\nExample:\n")
            obj.docstring.value = linked(prose) + example.replace("Example:", "Examples:") + rest
        if isinstance(obj, griffe.Attribute):
            obj.value = _value(obj.value, loader)
        if isinstance(obj, griffe.Function):
            for parameter in obj.parameters:
                parameter.default = _value(parameter.default, loader)


def _value(said: str | griffe.Expr | None, loader: griffe.GriffeLoader) -> str | griffe.Expr | None:
    """What a constant of this package is; anything else as it is said."""
    if not isinstance(said, griffe.ExprName) or not said.canonical_path.startswith("keras_saliency."):
        return said
    try:
        constant = loader.modules_collection[said.canonical_path]
    except KeyError:  # an argument
        return said
    return constant.value if constant.is_attribute and isinstance(constant.value, str) else said
