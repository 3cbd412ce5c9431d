"""The inputs of a model as a flat list of arrays, cast as the model takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import optree


@dataclass(frozen=True)
class InputPlan:
    """How a tree of inputs becomes the leaves of one model.

    Attributes:
        structure: the inputs' own structure.
        names: one readable name per leaf.
        dtypes: what each leaf is cast to: the model's declared dtype, else floats as Keras' floats and
            integers as they are.
        shapes: each leaf's shape without the batch.
    """

    structure: Any
    names: tuple[str, ...]
    dtypes: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]

    @property
    def floating(self) -> tuple[int, ...]:
        """The positions of the floating leaves."""
        return tuple(i for i, dtype in enumerate(self.dtypes) if keras.backend.is_float_dtype(dtype))

    def leaves(self, inputs: Any) -> list[np.ndarray]:
        """The leaves of these inputs, cast."""
        arrays, structure = optree.tree_flatten(inputs)
        if structure != self.structure:
            raise ValueError(f"Expected inputs of structure {self.structure}. Received: {structure}")
        return [np.asarray(array).astype(d, copy=False) for array, d in zip(arrays, self.dtypes, strict=True)]

    def tree(self, leaves: Sequence[Any]) -> Any:
        """The leaves in the inputs' own structure."""
        return optree.tree_unflatten(self.structure, leaves)


def plan_inputs(model: Any, inputs: Any) -> InputPlan:
    """The plan for inputs like these."""
    paths, arrays, structure = optree.tree_flatten_with_path(inputs)
    declared = _declared_dtypes(model, paths)
    return InputPlan(
        structure=structure,
        names=tuple("/".join(map(str, path)) or "input" for path in paths),
        dtypes=tuple(d or _fed_dtype(np.asarray(a)) for d, a in zip(declared, arrays, strict=True)),
        shapes=tuple(np.shape(array)[1:] for array in arrays),
    )


def _declared_dtypes(model: Any, paths: Sequence[tuple[Any, ...]]) -> list[str | None]:
    """For each leaf the dtype of the model's input of that name, else of the one at that position."""
    try:
        declared = list(model.inputs or [])
    except (AttributeError, ValueError):  # a deferred or subclassed model has none
        declared = []
    if len(declared) != len(paths):
        return [None] * len(paths)
    by_name = {tensor.name: tensor.dtype for tensor in declared}
    names = [str(path[-1]) if path else "" for path in paths]
    if all(name in by_name for name in names):
        return [by_name[name] for name in names]
    return [tensor.dtype for tensor in declared]


def _fed_dtype(array: np.ndarray) -> str:
    return str(keras.config.floatx()) if array.dtype.kind == "f" else str(array.dtype)


def channel_axis(model: Any) -> int:
    """The axis of the channels in the images of this model: −1, or 1 for channels first."""
    formats = (getattr(layer, "data_format", None) for layer in model._flatten_layers())
    data_format = next((found for found in formats if found), keras.config.image_data_format())
    return 1 if data_format == "channels_first" else -1
