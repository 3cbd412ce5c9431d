"""The outputs of a model: by name, by path, by position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import optree

Tensor = Any


@dataclass(frozen=True)
class OutputPlace:
    """Where one output stands among those of its model.

    Attributes:
        name: Keras' name of it, or its path in words.
        path: the keys and positions that lead to it; empty for an only output.
        position: among all outputs, in the order of their structure.
        count: how many outputs the model has.
    """

    name: str
    path: tuple[Any, ...]
    position: int
    count: int


def select_output(model: Any, outputs: Any, output: str | int | None, *, leave_whole: bool = False) -> Any:
    """The output of that name or position, of the only output; several outputs stay whole where that is allowed.

    Outputs inside others are named by their path, as in `"boxes/scores"`. Where Keras gives several outputs one name,
    as those of one layer, they are told apart by position.
    """
    names, _, leaves = _outputs(model, outputs)
    if output is None and leave_whole and len(leaves) > 1:
        return outputs
    return leaves[_position(names, output, by_position=not isinstance(outputs, dict))]


def place_of(model: Any, outputs: Any, selected: Tensor) -> OutputPlace:
    """Where the selected output stands."""
    names, paths, leaves = _outputs(model, outputs)
    position = next(at for at, leaf in enumerate(leaves) if leaf is selected)
    return OutputPlace(names[position], paths[position], position, len(leaves))


def _position(names: list[str], output: str | int | None, *, by_position: bool) -> int:
    if output is None and len(names) == 1:
        return 0
    if isinstance(output, str) and names.count(output) == 1:
        return names.index(output)
    if by_position and type(output) is int and output in range(len(names)):
        return output
    alike = len(set(names)) < len(names)
    offered = range(len(names)) if alike and by_position else names
    raise ValueError(
        f"The model has {len(names)} outputs{' of one name' if alike else ''}; name one of them"
        f"{' by its position' if alike else ''}. "
        f"Outputs: {', '.join(map(repr, offered))}. Received: output={output!r}"
    )


def _outputs(model: Any, outputs: Any) -> tuple[list[str], list[tuple[Any, ...]], list[Tensor]]:
    """The name of each output, its path, and the output."""
    paths, leaves, _ = optree.tree_flatten_with_path(outputs)
    given = getattr(model, "output_names", None) or []
    has_keys = any(isinstance(key, str) for path in paths for key in path)
    if not has_keys and len(given) == len(leaves):
        return list(given), paths, leaves
    return ["/".join(map(str, path)) for path in paths], paths, leaves
