"""The inputs of a model as a flat list of arrays, cast as the model takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import optree

from keras_saliency.engine.seams import symbolic_inputs


@dataclass(frozen=True)
class InputPlan:
    """How a tree of inputs becomes the leaves of one model.

    Attributes:
        structure: the inputs' own structure.
        names: one readable name per leaf.
        dtypes: what each leaf is cast to: the model's declared dtype (but integers where an Embedding looks them
            up), else floats as Keras' floats and integers as they are.
        shapes: each leaf's shape without the batch.
        examples: how many the model is called on, every time; None: any number.
    """

    structure: Any
    names: tuple[str, ...]
    dtypes: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    examples: int | None = None

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


def plan_inputs(model: Any, inputs: Any, examples: int | None = None) -> InputPlan:
    """The plan for inputs like these."""
    paths, arrays, structure = optree.tree_flatten_with_path(inputs)
    declared = _declared_dtypes(model, paths)
    return InputPlan(
        structure=structure,
        names=tuple("/".join(map(str, path)) or "input" for path in paths),
        dtypes=tuple(d or _fed_dtype(np.asarray(a)) for d, a in zip(declared, arrays, strict=True)),
        shapes=tuple(np.shape(array)[1:] for array in arrays),
        examples=examples,
    )


def declared_inputs(model: Any) -> list[Any]:
    """The symbolic inputs of a model; a deferred or subclassed one has none."""
    try:
        return list(model.inputs or [])
    except (AttributeError, ValueError):
        return []


def declared_examples(model: Any) -> int | None:
    """How many examples a model insists on, as with `keras.Input(batch_size=1)`; None: any number."""
    found: list[int | None] = [tensor.shape[0] for tensor in declared_inputs(model) if tensor.shape]
    return found[0] if found else None


def _declared_dtypes(model: Any, paths: Sequence[tuple[Any, ...]]) -> list[str | None]:
    """For each leaf the dtype of the model's input of that name, else of the one at that position."""
    declared = declared_inputs(model)
    if len(declared) != len(paths):
        return [None] * len(paths)
    looked_up = {id(tensor) for tensor in _looked_up(model)}
    dtypes = ["int32" if id(tensor) in looked_up else tensor.dtype for tensor in declared]
    by_name = dict(zip((tensor.name for tensor in declared), dtypes, strict=True))
    names = [str(path[-1]) if path else "" for path in paths]
    return [by_name[name] for name in names] if all(name in by_name for name in names) else dtypes


def _looked_up(model: Any) -> list[Any]:
    """The symbolic tensors that go straight into an Embedding: indices, though Keras declares floats by default."""
    embeddings = [layer for layer in model.layers if isinstance(layer, keras.layers.Embedding)]
    return [tensor for layer in embeddings for tensor in symbolic_inputs(layer)]


def _fed_dtype(array: np.ndarray) -> str:
    return str(keras.config.floatx()) if array.dtype.kind == "f" else array.dtype.name
