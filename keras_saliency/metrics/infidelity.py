"""Whether a map foretells how the score moves when the image is changed at random."""

from __future__ import annotations

import numpy as np

from keras_saliency.arguments import real, whole
from keras_saliency.metrics.answers import Scorer, perturbable, ranges, scores_of
from keras_saliency.metrics.rows import as_rows, check_same_shape, quotient


def infidelity(
    maps: np.ndarray,
    images: np.ndarray,
    scores: Scorer,
    rng: np.random.Generator,
    *,
    noise: float = 0.2,
    samples: int = 50,
    rescale: bool = False,
) -> np.ndarray:
    """The mean squared error of `I · map` as a forecast of `f(x) − f(x − I)`, `(n,)` at least 0; lower is better.

    Definition 2.1 of Yeh et al. 2019 (arXiv:1901.09392), with Gaussian changes I. The unit is the score's,
    squared: compare methods on one model, not models. As the noise goes to 0, the gradient is the best map
    there is. Costs `samples + 1` forward passes per image.

    Args:
        maps: of the images' shape, signed, in units of score per unit of input (a gradient); a map that is already
            multiplied by the input needs another kind of change.
        images: `(n, …)` floating.
        scores: from images to `(n,)` scores.
        rng: a private generator. Every image gets the same noise, scaled, whatever images are beside it.
        noise: standard deviation of I, as a fraction of the range of each image.
        samples: how many changes.
        rescale: whether each map is first multiplied by the factor that serves it best, as Yeh et al. do to
            compare methods of different scales.

    Returns:
        For an all-zero map, the mean square of the change of the score: a map must stay below that to tell
        anything. A constant map is judged as any other. NaN for a map or a score that is not finite, and for a
        constant image, which has no range.

    Raises:
        ValueError: the shapes differ, the images are integers, an option is out of range, or `scores` gives
            something else than `(n,)`.

    Example:
        >>> images = np.random.default_rng(0).random((2, 4, 4))
        >>> def total(images):
        ...     return images.sum(axis=(1, 2))
        >>> metrics.infidelity(np.ones((2, 4, 4)), images, total, np.random.default_rng(0)).round(6).tolist()
        [0.0, 0.0]
    """
    check_same_shape(maps, images)
    images = perturbable(images)
    noise, samples = real("noise", noise, above=0), whole("samples", samples, 1)
    rows, spread = as_rows(maps), noise * ranges(images)
    unchanged = scores_of(scores, images)
    forecast, change = np.empty((2, samples, len(images)))
    for sample in range(samples):
        changed = (images - spread * rng.standard_normal(images.shape[1:])).astype(images.dtype)
        # What float arithmetic really took away, not what was drawn.
        taken = (images.astype(np.float64) - changed).reshape(rows.shape)
        forecast[sample] = np.einsum("ij,ij->i", taken, rows)
        change[sample] = unchanged - scores_of(scores, changed)
    if rescale:
        forecast *= _best_factor(forecast, change)
    errors = np.square(forecast - change).mean(axis=0)
    return np.where((spread.reshape(len(rows)) > 0) & np.isfinite(errors), errors, np.nan)


def _best_factor(forecast: np.ndarray, change: np.ndarray) -> np.ndarray:
    """The factor with the smallest squared error; 0 for a map that forecasts no change at all."""
    factor = quotient((forecast * change).sum(axis=0), np.square(forecast).sum(axis=0))
    return np.where(np.square(forecast).sum(axis=0) > 0, factor, 0.0)
