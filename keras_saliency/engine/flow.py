"""How one tensor of a trace reaches another: which tensors does every path go through?"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass

Node = Hashable


@dataclass(frozen=True)
class Flow:
    """The part of a computation that leads to some ends.

    Attributes:
        following: for each node those that are computed from it directly.
        source: where paths begin.
        marked: the nodes that are asked about; None for one that nothing is computed from.
        ends: where paths end.
    """

    following: Mapping[Node, Collection[Node]]
    source: Node
    marked: tuple[Node | None, ...]
    ends: frozenset[Node]

    def is_cut(self, position: int) -> bool:
        """Whether every path from the source to an end goes through the marked node at this position."""
        node = self.marked[position]
        inside = node is not None and node not in (self.source, *self.ends)
        return inside and not self._reaches(self.source, self.ends, without=node)

    def is_on_a_path(self, position: int) -> bool:
        """Whether a path from the source to an end goes through the marked node at this position."""
        node = self.marked[position]
        return node is not None and self._reaches(self.source, {node}) and self._reaches(node, self.ends)

    def _reaches(self, start: Node, ends: Collection[Node], without: Node | None = None) -> bool:
        seen, waiting = {start}, [start]
        while waiting:
            node = waiting.pop()
            if node in ends:
                return True
            for other in self.following.get(node, ()):
                if other != without and other not in seen:
                    seen.add(other)
                    waiting.append(other)
        return False
