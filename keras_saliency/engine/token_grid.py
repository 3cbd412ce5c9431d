"""Tokens of an image as a grid: which of them lie over the image, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_saliency.arguments import whole

IN_FRONT = (0, 1, 2, 5)
"""How many tokens may stand before those of the image: none, a class token, one for distillation beside it, or four
registers beside it (Darcet et al. 2023, arXiv:2309.16588)."""


@dataclass(frozen=True)
class TokenGrid:
    """Where tokens lie over an image, row by row.

    Attributes:
        first: the first token of the image; those before it belong to no place.
        rows: of the grid.
        columns: of the grid.
    """

    first: int
    rows: int
    columns: int

    def over_image(self, tokens: np.ndarray) -> np.ndarray:
        """`(n, rows, columns, width)`, from `(n, tokens, width)`."""
        return tokens[:, self.first :].reshape(len(tokens), self.rows, self.columns, -1)


def asked_grid(grid: Any) -> tuple[int, int] | None:
    """The grid that a user asks for: None for `"auto"`, else rows and columns.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(grid, str) and grid == "auto":
        return None
    if not isinstance(grid, (tuple, list)) or len(grid) != 2:
        raise ValueError(f'Expected grid to be "auto" or (rows, columns). Received: grid={grid!r}')
    return whole("grid", grid[0], 1), whole("grid", grid[1], 1)


def given_grid(tokens: int, grid: tuple[int, int]) -> TokenGrid | None:
    """So many tokens on a grid of this size, the others in front; None where there are too few."""
    rows, columns = grid
    return TokenGrid(tokens - rows * columns, rows, columns) if tokens >= rows * columns else None


def found_grid(tokens: int, image: tuple[int, int], seen: Iterable[tuple[int, int]]) -> TokenGrid | None:
    """So many tokens on the grid that they must have come from; None where that is not clear.

    Args:
        tokens: how many there are.
        image: height and width of the image in pixels.
        seen: the sizes of maps with rows and columns that the model computes before, such as a patch embedding's.
    """
    height, width = image
    last_first = sorted(reversed(list(seen)), key=lambda size: size[0] * width != size[1] * height)
    for (
        rows,
        columns,
    ) in last_first:  # of those seen the ones with the ratio of the image first: masks are maps as well
        if rows * columns > 1 and tokens - rows * columns in IN_FRONT:
            return TokenGrid(tokens - rows * columns, rows, columns)
    for first in IN_FRONT:
        rows = round(np.sqrt(max(tokens - first, 0) * height / width))
        columns = rows * width // height
        are_squares = rows * columns == tokens - first > 1 and rows * width == columns * height
        if are_squares and height % rows == 0:
            return TokenGrid(first, rows, columns)
    return None
