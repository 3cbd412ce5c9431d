"""How far from an image its gradient tells what the score does."""

from __future__ import annotations

import numpy as np

from keras_saliency.metrics.answers import Scorer, perturbable, ranges, scores_of
from keras_saliency.metrics.rows import as_rows, check_same_shape, quotient

STEPS = 2.0 ** np.arange(-14, 1)
"""The steps that are tried: the root mean square of the change, as a fraction of the range of the image."""
_ROUNDS = 4  # of bisection, for fifteen steps
_SHARE = 0.5
_RESOLVED = 500 * 2.0**-23
"""A change of the score that float32 tells from rounding, as a fraction of the score."""


def gradient_reach(maps: np.ndarray, images: np.ndarray, scores: Scorer) -> np.ndarray:
    """The longest step along a gradient over which it foretells the change of the score to within half of it, `(n,)`.

    An image is moved along its map, forwards and backwards, by a step d. The map foretells a change of ±d · map, and
    holds as far as neither change differs from that by more than its half. A step is the root mean square of d ÷ the
    range of the image. Fifteen are tried, from 2⁻¹⁴ to 1, each twice as long as the one before; the longest that holds
    is found by bisection, as if all shorter ones held too. A linear score has 1, the longest. Where a gradient holds
    only over steps that nobody sees, it tells of its point alone: then averaged maps are the ones to read.
    Costs 9 forward passes per image.

    Args:
        maps: of the images' shape, signed, in units of score per unit of input: a gradient.
        images: `(n, …)` floating.
        scores: from images to `(n,)` scores.

    Returns:
        0 where not even the shortest step holds that changes the score by more than rounding. NaN for an all-zero map
        (it has no direction), for a map or a score that is not finite, and for a constant image, which has no range.

    Raises:
        ValueError: the shapes differ, the images are integers, or `scores` gives something else than `(n,)`.

    Example:
        >>> images = np.random.default_rng(0).random((2, 4, 4))
        >>> def total(images):
        ...     return images.sum(axis=(1, 2))
        >>> metrics.gradient_reach(np.ones((2, 4, 4)), images, total).round(6).tolist()
        [1.0, 1.0]
    """
    check_same_shape(maps, images)
    images = perturbable(images)
    start = scores_of(scores, images)
    rows, peaks, directions = _scaled(maps, images)
    clear = shortest_step(maps, images, start)

    def holds(steps: np.ndarray) -> np.ndarray:
        """Whether a step of each image holds; those that rounding hides do not speak against it."""
        fine = np.ones(len(rows), bool)
        for sign in (1.0, -1.0):
            moved = (images + (sign * steps[:, None] * directions).reshape(images.shape)).astype(images.dtype)
            # What float arithmetic really added, not what was asked for.
            foretold = ((moved.astype(np.float64) - images).reshape(rows.shape) * rows).sum(1)
            with np.errstate(over="ignore", invalid="ignore"):
                change = quotient(scores_of(scores, moved) - start, peaks)
                fine &= np.abs(change - foretold) <= _SHARE * np.abs(foretold)
        return fine | (steps < clear)

    lowest, highest = np.full(len(rows), -1), np.full(len(rows), len(STEPS))
    for _ in range(_ROUNDS):
        middle = (lowest + highest) // 2
        fine = holds(STEPS[middle])
        lowest, highest = np.where(fine, middle, lowest), np.where(fine, highest, middle)
    found = np.where(lowest < 0, 0.0, STEPS[lowest])
    return np.where(np.isnan(clear), np.nan, np.where(found < clear, 0.0, found))


def shortest_step(maps: np.ndarray, images: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The shortest of `STEPS` along each map over which float32 tells the change of the score, `(n,)`.

    Infinite where none is long enough, and NaN where there is no direction, no range or no score.

    Args:
        maps: as of `gradient_reach`.
        images: as of `gradient_reach`.
        start: `(n,)`, the scores of the images.
    """
    rows, peaks, directions = _scaled(maps, images)
    per_step = (directions * rows).sum(1)
    with np.errstate(over="ignore", invalid="ignore"):
        clear = STEPS * per_step[:, None] >= _RESOLVED * np.abs(quotient(start, peaks))[:, None]
    found = np.where(clear.any(1), STEPS[clear.argmax(1)], np.inf)
    return np.where(np.isfinite(start) & np.isfinite(per_step) & (per_step > 0), found, np.nan)


def _scaled(maps: np.ndarray, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The maps as rows, in units of their peaks, so that no square leaves float64; the peaks; and the steps of length 1
    along each map, NaN where it has no direction."""
    rows = as_rows(maps)
    peaks = np.abs(rows).max(axis=1)
    rows = quotient(rows, peaks[:, None])
    lengths = ranges(images).reshape(len(rows), 1) * np.sqrt(rows.shape[1])
    return rows, peaks, quotient(rows, np.linalg.norm(rows, axis=1, keepdims=True)) * lengths
