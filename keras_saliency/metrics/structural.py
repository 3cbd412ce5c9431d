"""How alike two magnitudes look: structural similarity, through scikit-image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from keras_saliency.metrics.rows import as_rows, check_same_shape, spatial_shares, varies

WINDOW = 11


def ssim(magnitude: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Structural similarity of each magnitude and its reference, `(n,)` in −1 … 1 (Wang et al. 2004).

    Both are divided by their own largest value first, and the data range is 1. Windows are Gaussian, with
    standard deviation 1.5 over 11 × 11 pixels, as Wang et al. have them; Adebayo et al. 2018
    (arXiv:1810.03292) compare maps in this way. Maps with large empty parts in common look alike whatever
    they show: do not read it without a rank correlation beside it. Costs five Gaussian filters per map.

    Args:
        magnitude: `(n, height, width)`, not negative, with at least 11 pixels a side.
        reference: the magnitudes to compare with, of the same shape.

    Returns:
        1 for maps that are equal but for their scale. NaN where either map is constant (so also all zero: it
        has no structure) or has a value that is not finite. Neither direction is better.

    Raises:
        ImportError: scikit-image is missing.
        ValueError: where the shapes differ or are too small, or a value is negative.

    Example:
        >>> magnitude = np.random.default_rng(0).random((1, 16, 16))
        >>> metrics.ssim(magnitude, 2 * magnitude).round(6).tolist()
        [1.0]
    """
    check_same_shape(magnitude, reference)
    ours, theirs = _scaled(magnitude), _scaled(reference)
    structural_similarity = _scikit_image()
    both_vary = varies(as_rows(magnitude)) & varies(as_rows(reference))
    found = np.full(len(ours), np.nan)
    for row in np.flatnonzero(both_vary):
        found[row] = structural_similarity(
            ours[row],
            theirs[row],
            data_range=1.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    return found


def _scaled(magnitude: np.ndarray) -> np.ndarray:
    distribution = spatial_shares(magnitude)
    if min(distribution.shape[1:]) < WINDOW:
        raise ValueError(
            f"Expected maps of at least {WINDOW} × {WINDOW} pixels, the size of the window. "
            f"Received: shape={distribution.shape}"
        )
    return np.asarray(distribution / distribution.max(axis=(1, 2), keepdims=True))


def _scikit_image() -> Callable[..., float]:
    try:
        from skimage.metrics import structural_similarity
    except ImportError as error:
        raise ImportError(
            "Structural similarity needs scikit-image: pip install keras_saliency[regions]"
        ) from error
    found: Callable[..., float] = structural_similarity
    return found
