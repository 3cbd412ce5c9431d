"""The edge of a region, drawn so that it is seen on dark and on bright pictures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LINE = (0, 229, 255)
_SHADOW = (0, 0, 0)


def outline(pictures: NDArray[np.uint8], region: NDArray[Any]) -> NDArray[np.uint8]:
    """The pictures with a bright line just inside the region and a dark one just outside it.

    A region at the edge of the picture is closed along that edge.

    Args:
        pictures: `(n, height, width, 3)` uint8; they stay as they are.
        region: Boolean `(h, w)` for all or `(n, h, w)` for each, stretched to the pictures.
    """
    region = np.asarray(region)
    if (
        region.dtype != np.bool_
        or region.ndim not in (2, 3)
        or region.shape[:-2] not in ((), (1,), pictures.shape[:1])
    ):
        raise ValueError(
            f"Expected a boolean region (height, width), or one for each of {len(pictures)} pictures. "
            f"Received: dtype={region.dtype}, shape={region.shape}"
        )
    masks = _stretched(region.reshape(-1, *region.shape[-2:]), pictures.shape[1], pictures.shape[2])
    drawn = pictures.copy()
    drawn[np.broadcast_to(_grown(masks, beyond=False) & ~masks, pictures.shape[:3])] = _SHADOW
    drawn[np.broadcast_to(masks & _grown(~masks, beyond=True), pictures.shape[:3])] = _LINE
    return drawn


def _stretched(masks: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """Nearest neighbour by pixel centres."""
    rows = (np.arange(height) * 2 + 1) * masks.shape[1] // (2 * height)
    columns = (np.arange(width) * 2 + 1) * masks.shape[2] // (2 * width)
    return masks[:, rows][:, :, columns]


def _grown(masks: NDArray[np.bool_], beyond: bool) -> NDArray[np.bool_]:
    """One pixel larger in the four directions; `beyond` is what lies outside the picture."""
    framed = np.pad(masks, ((0, 0), (1, 1), (1, 1)), constant_values=beyond)
    rows = framed[:, :-2, 1:-1] | framed[:, 2:, 1:-1]
    columns = framed[:, 1:-1, :-2] | framed[:, 1:-1, 2:]
    return np.asarray(masks | rows | columns)
