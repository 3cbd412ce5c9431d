"""For griffe: the section `Example:` of a docstring is code, as `Examples:` is."""

from __future__ import annotations

from typing import Any

import griffe


class Doctests(griffe.Extension):
    """Renames the section before it is parsed."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Called with every object that has been read."""
        if obj.docstring:
            obj.docstring.value = obj.docstring.value.replace("\nExample:\n", "\nExamples:\n")
