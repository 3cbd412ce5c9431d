"""How far a map moves when the image hardly does."""

from __future__ import annotations

import numpy as np

from keras_saliency.arguments import real, whole
from keras_saliency.metrics.answers import Explain, perturbable, ranges
from keras_saliency.metrics.rows import as_rows, quotient


def max_sensitivity(
    maps: np.ndarray,
    images: np.ndarray,
    explain: Explain,
    rng: np.random.Generator,
    *,
    radius: float = 0.02,
    samples: int = 10,
) -> np.ndarray:
    """The largest ‖map of a nearby image − map‖ ÷ ‖map‖, `(n,)` at least 0; lower is better.

    Definition 3.1 of Yeh et al. 2019 (arXiv:1901.09392), estimated from random images in the box around each
    image, and relative to the map's own norm (Euclidean), as their experiments have it: 0 is a map that stays,
    about 1.4 one that becomes an unrelated map of the same strength. A map that ignores the image has 0, so
    a low value is no merit by itself. More samples can only raise it. Costs `samples` maps per image.

    Args:
        maps: `(n, …)`, what `explain(images)` gives.
        images: `(n, …)` floating.
        explain: from images to maps. It must give the same map for the same image, random methods included:
            seed them.
        rng: a private generator. Every image gets the same noise, scaled, whatever images are beside it.
        radius: the largest change of any value, as a fraction of the range of each image.
        samples: how many nearby images.

    Returns:
        A constant map is judged as any other. NaN for an all-zero map (it has no norm to compare with), where a
        map of the image or of a nearby one is not finite, and for a constant image, which has no range.

    Raises:
        ValueError: shapes that do not fit, integer images, or an option out of range.

    Example:
        >>> images = np.random.default_rng(0).random((2, 4, 4))
        >>> metrics.max_sensitivity(np.ones_like(images), images, np.ones_like, np.random.default_rng(0)).tolist()
        [0.0, 0.0]
    """
    images = perturbable(images)
    radius, samples = real("radius", radius, above=0), whole("samples", samples, 1)
    if len(maps) != len(images):
        raise ValueError(f"Expected a map per image. Received: {len(maps)} maps, {len(images)} images")
    # In units of each map's peak: squares of very small or large values would leave float64.
    peaks = np.abs(as_rows(maps)).max(axis=1, keepdims=True)
    rows, reach = quotient(as_rows(maps), peaks), radius * ranges(images)
    largest = np.zeros(len(rows))
    for _ in range(samples):
        nearby = (images + reach * rng.uniform(-1, 1, images.shape[1:])).astype(images.dtype)
        moved = quotient(as_rows(_maps_of(explain, nearby, np.shape(maps))), peaks)
        largest = np.maximum(largest, _norms(moved - rows))
    found = quotient(largest, _norms(rows))
    return np.where(reach.reshape(len(rows)) > 0, found, np.nan)


def _maps_of(explain: Explain, images: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    found = np.asarray(explain(images))
    if found.shape != shape:
        raise ValueError(
            f"Expected explain(images) to be {shape}, as the maps. Received: shape={found.shape}"
        )
    return found


def _norms(rows: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(rows, axis=1))
