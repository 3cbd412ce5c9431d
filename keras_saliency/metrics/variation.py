"""How rough a map is: one number per map."""

from __future__ import annotations

import numpy as np

from keras_saliency.metrics.rows import as_rows, image_size, quotient


def total_variation(maps: np.ndarray) -> np.ndarray:
    """The sum of |differences| between neighbours ÷ the sum of |values|, `(n,)` in 0 … 4.

    The total variation of Rudin, Osher & Fatemi 1992 in its anisotropic form (neighbours above, below, left
    and right), divided by the map's own mass, so that neither the scale nor the size of a map matters: a
    checkerboard of ±1 comes close to 4, white noise of one sign to 4/3, a smooth map to 0.

    Args:
        maps: `(n, height, width)`, signed or not.

    Returns:
        0 for a constant map that is not zero. NaN for an all-zero map and for one with a value that is not
        finite. Neither direction is better: rough maps are usual for a plain gradient.

    Raises:
        ValueError: for an array that is not `(n, height, width)`.

    Example:
        >>> stripes = np.array([[[0.0, 1.0], [0.0, 1.0]]])
        >>> metrics.total_variation(stripes).tolist()
        [1.0]
    """
    size = image_size(maps)
    rows = as_rows(maps)
    # Divided by the peak first: differences and sums of large finite values could overflow.
    scaled = quotient(rows, np.abs(rows).max(axis=1, keepdims=True)).reshape(len(rows), *size)
    differences = [np.abs(np.diff(scaled, axis=axis)).sum(axis=(1, 2)) for axis in (1, 2)]
    return quotient(np.sum(differences, axis=0), np.abs(scaled).sum(axis=(1, 2)))
