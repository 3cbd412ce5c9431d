"""Small windows: the corners, the middles of the borders, and where the maps of a class are hottest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from keras_saliency.checks.proposals.place import Place

_SIDE = 0.15
_LEAST = 4
_HOTTEST = 2


def window_of(height: int, width: int) -> tuple[int, int] | None:
    """The window's height and width, 15 % of the sides; None where images are too small to have places."""
    return None if min(height, width) < _LEAST else (round(_SIDE * height), round(_SIDE * width))


def suspicious_windows(
    magnitude: np.ndarray, groups: Sequence[np.ndarray], window: tuple[int, int]
) -> list[Place]:
    """Corners, middles of borders, and the two hottest windows of each class, each once.

    Args:
        magnitude: the maps, `(n, height, width)`.
        groups: the rows of each class.
        window: height and width.
    """
    height, width = magnitude.shape[1:]
    tops, lefts = (
        (0, (height - window[0]) // 2, height - window[0]),
        (0, (width - window[1]) // 2, width - window[1]),
    )
    heat = window_enrichment(magnitude, window)
    everywhere = _over_images(heat, np.mean)
    found = {(top, left): float(everywhere[top, left]) for top in tops for left in lefts}
    del found[tops[1], lefts[1]]
    for rows in groups:
        consistent = _over_images(heat[rows], np.median)
        hot = ((corner, float(consistent[corner])) for corner in peaks(consistent, window, _HOTTEST))
        found |= {corner: enrichment for corner, enrichment in hot if enrichment > 1}
    return [Place(_mask((height, width), corner, window), enrichment) for corner, enrichment in found.items()]


def window_enrichment(magnitude: np.ndarray, window: tuple[int, int]) -> np.ndarray:
    """The enrichment of every window, `(n, height − window + 1, width − window + 1)`; NaN for a map without content."""
    shares = magnitude.astype("float64")
    total = shares.sum((1, 2), keepdims=True)
    with np.errstate(invalid="ignore"):
        shares = shares / total
    sums = np.pad(shares.cumsum(1).cumsum(2), ((0, 0), (1, 0), (1, 0)))
    high, wide = window
    inside = sums[:, high:, wide:] - sums[:, :-high, wide:] - sums[:, high:, :-wide] + sums[:, :-high, :-wide]
    return np.asarray(inside * magnitude.shape[1] * magnitude.shape[2] / (high * wide))


def peaks(hot: np.ndarray, window: tuple[int, int], count: int) -> list[tuple[int, int]]:
    """The top left pixels of the hottest windows, the hottest first, which overlap by at most half a side."""
    left_over, found = hot.copy(), []
    for _ in range(count):
        top, left = map(int, np.unravel_index(int(left_over.argmax()), hot.shape))
        found.append((top, left))
        left_over[
            max(0, top - window[0] // 2) : top + window[0] // 2 + 1,
            max(0, left - window[1] // 2) : left + window[1] // 2 + 1,
        ] = -np.inf
    return found


def _over_images(heat: np.ndarray, average: Callable[..., np.ndarray]) -> np.ndarray:
    """The average enrichment of each window, of the maps with content; 0 where none has any."""
    present = heat[np.isfinite(heat).all((1, 2))]
    return average(present, axis=0) if len(present) else np.zeros(heat.shape[1:])


def _mask(shape: tuple[int, int], corner: tuple[int, int], window: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[corner[0] : corner[0] + window[0], corner[1] : corner[1] + window[1]] = True
    return mask
