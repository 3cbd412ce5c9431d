"""How the score moves as pixels are removed, or put back, in the order of a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from keras_saliency.arguments import whole
from keras_saliency.metrics.answers import Scorer, scores_of
from keras_saliency.metrics.rows import as_rows, image_size, quotient, varies

Kind = Literal["deletion", "insertion"]


@dataclass(frozen=True)
class Curve:
    """The scores of `n` images as more and more pixels are removed or put back.

    Attributes:
        fractions: `(steps + 1,)`, the share of the pixels changed, from 0 to 1.
        scores: `(n, steps + 1)` float64; a row of NaN for a map that gives no order.

    Example:
        >>> curve = metrics.Curve(fractions=np.array([0.0, 0.5, 1.0]), scores=np.array([[4.0, 2.0, 0.0]]))
        >>> curve.area.tolist()
        [2.0]
    """

    fractions: np.ndarray
    scores: np.ndarray

    @property
    def area(self) -> np.ndarray:
        """`(n,)`: the area under each curve by the trapezoid rule, a mean score in the score's unit."""
        from scipy.integrate import trapezoid

        return np.asarray(trapezoid(self.scores, self.fractions, axis=1))


def deletion_curve(
    maps: np.ndarray,
    images: np.ndarray,
    scores: Scorer,
    rng: np.random.Generator,
    *,
    baseline: float | np.ndarray = 0.0,
    steps: int = 20,
    channel_axis: int = -1,
) -> Curve:
    """The scores as the pixels with the highest values are replaced first (Petsiuk et al. 2018, arXiv:1806.07421).

    A faithful map has a *lower* area. Images without pixels are unlike any the model saw, so an area means
    little by itself: compare it with `random_order_areas` of the same images. Pixels that tie come in an order
    drawn from `rng`, not from the top left. Costs `steps + 1` forward passes per image.

    Args:
        maps: `(n, height, width)`; the highest value comes first, so give magnitudes unless the sign counts.
        images: `(n, height, width)` or with channels; all channels of a pixel go together.
        scores: from images to `(n,)` scores.
        rng: a private generator, for ties.
        baseline: what takes the place of a pixel: a number, or an array that broadcasts to the images, such
            as the images blurred.
        steps: how many changes; each takes 1 / steps of the pixels.
        channel_axis: of images with four axes, −1 or 1.

    Returns:
        A curve with a row of NaN for a constant map (so also an all-zero one), which gives no order, and for one
        with a value that is not finite.

    Raises:
        ValueError: shapes that do not fit, too few steps, or `scores` gives something else than `(n,)`.

    Example:
        >>> images = np.array([[[4.0, 3.0], [2.0, 1.0]]])
        >>> def total(images):
        ...     return images.sum(axis=(1, 2))
        >>> curve = metrics.deletion_curve(images, images, total, np.random.default_rng(0), steps=4)
        >>> curve.scores.tolist()
        [[10.0, 6.0, 3.0, 1.0, 0.0]]
    """
    return _curve(
        "deletion", maps, images, scores, rng, baseline=baseline, steps=steps, channel_axis=channel_axis
    )


def insertion_curve(
    maps: np.ndarray,
    images: np.ndarray,
    scores: Scorer,
    rng: np.random.Generator,
    *,
    baseline: float | np.ndarray = 0.0,
    steps: int = 20,
    channel_axis: int = -1,
) -> Curve:
    """The scores as the pixels with the highest values are put back first, into the baseline.

    A faithful map has a *higher* area. Everything else is as for `deletion_curve`; Petsiuk et al. 2018
    (arXiv:1806.07421) insert into a blurred image.

    Example:
        >>> images = np.array([[[4.0, 3.0], [2.0, 1.0]]])
        >>> def total(images):
        ...     return images.sum(axis=(1, 2))
        >>> curve = metrics.insertion_curve(images, images, total, np.random.default_rng(0), steps=4)
        >>> curve.scores.tolist()
        [[0.0, 4.0, 7.0, 9.0, 10.0]]
    """
    return _curve(
        "insertion", maps, images, scores, rng, baseline=baseline, steps=steps, channel_axis=channel_axis
    )


def deletion_area(
    maps: np.ndarray,
    images: np.ndarray,
    scores: Scorer,
    rng: np.random.Generator,
    *,
    baseline: float | np.ndarray = 0.0,
    steps: int = 20,
    channel_axis: int = -1,
) -> np.ndarray:
    """The area under `deletion_curve`, `(n,)`; lower is better, NaN for a constant map or one that is not finite.

    Arguments, errors and cost are those of `deletion_curve`.

    Example:
        >>> images = np.array([[[4.0, 3.0], [2.0, 1.0]]])
        >>> def total(images):
        ...     return images.sum(axis=(1, 2))
        >>> metrics.deletion_area(images, images, total, np.random.default_rng(0), steps=4).tolist()
        [3.75]
    """
    return _curve(
        "deletion", maps, images, scores, rng, baseline=baseline, steps=steps, channel_axis=channel_axis
    ).area


def insertion_area(
    maps: np.ndarray,
    images: np.ndarray,
    scores: Scorer,
    rng: np.random.Generator,
    *,
    baseline: float | np.ndarray = 0.0,
    steps: int = 20,
    channel_axis: int = -1,
) -> np.ndarray:
    """The area under `insertion_curve`, `(n,)`; higher is better, NaN for a constant map or one that is not finite.

    Arguments, errors and cost are those of `deletion_curve`.

    Example:
        >>> images = np.array([[[4.0, 3.0], [2.0, 1.0]]])
        >>> def total(images):
        ...     return images.sum(axis=(1, 2))
        >>> metrics.insertion_area(images, images, total, np.random.default_rng(0), steps=4).tolist()
        [6.25]
    """
    return _curve(
        "insertion", maps, images, scores, rng, baseline=baseline, steps=steps, channel_axis=channel_axis
    ).area


def random_order_areas(
    kind: Kind,
    images: np.ndarray,
    scores: Scorer,
    rng: np.random.Generator,
    *,
    orders: int = 20,
    baseline: float | np.ndarray = 0.0,
    steps: int = 20,
    channel_axis: int = -1,
) -> np.ndarray:
    """The areas of the same images when their pixels change in random orders, `(orders, n)`.

    What a map that knows nothing would get. Costs `orders` × (`steps` + 1) forward passes per image.

    Args:
        kind: `"deletion"` or `"insertion"`.
        orders: how many orders.
        images: as for `deletion_curve`, and so all that follows.
        scores: from images to `(n,)` scores.
        rng: a private generator, for the orders.
        baseline: what takes the place of a pixel.
        steps: how many changes.
        channel_axis: of images with four axes, −1 or 1.

    Raises:
        ValueError: as `deletion_curve`, an unknown kind, or no order.

    Example:
        >>> images = np.array([[[4.0, 3.0], [2.0, 1.0]]])
        >>> def total(images):
        ...     return images.sum(axis=(1, 2))
        >>> rng = np.random.default_rng(0)
        >>> areas = metrics.random_order_areas("deletion", images, total, rng, orders=50, steps=4)
        >>> areas.shape, bool((areas >= 3.75).all())  # no order is below that of the values themselves
        ((50, 1), True)
    """
    orders, steps = whole("orders", orders, 1), whole("steps", steps, 1)
    size = _size(np.asarray(images), channel_axis)
    return np.array(
        [
            _curve(
                kind,
                rng.random((len(images), *size)),
                images,
                scores,
                rng,
                baseline=baseline,
                steps=steps,
                channel_axis=channel_axis,
            ).area
            for _ in range(orders)
        ]
    )


def orders_beaten(
    areas: np.ndarray, random_areas: np.ndarray, better: Literal["higher", "lower"]
) -> np.ndarray:
    """The share of random orders that each area beats, `(n,)` in 0 … 1: 1 beats all of them, 0.5 is chance.

    A tie counts half. Where map and random orders differ in nothing but the order, every rank is equally likely.

    Args:
        areas: `(n,)`.
        random_areas: `(orders, n)`, see `random_order_areas`.
        better: `"higher"` for insertion, `"lower"` for deletion.

    Returns:
        NaN where an area is NaN, its own or a random one.

    Raises:
        ValueError: for shapes that do not fit.

    Example:
        >>> metrics.orders_beaten(np.array([0.2]), np.array([[0.3], [0.5], [0.1], [0.4]]), better="lower").tolist()
        [0.75]
    """
    ours, theirs = np.asarray(areas, np.float64), np.asarray(random_areas, np.float64)
    if theirs.ndim != 2 or theirs.shape[1:] != ours.shape:
        raise ValueError(
            f"Expected areas (n,) and random areas (orders, n). Received: {ours.shape} and {theirs.shape}"
        )
    gain = ours - theirs if better == "higher" else theirs - ours
    beaten = ((gain > 0) + 0.5 * (gain == 0)).mean(axis=0)
    return np.where(np.isnan(gain).any(axis=0), np.nan, beaten)


def area_gain(areas: np.ndarray, random_areas: np.ndarray, better: Literal["higher", "lower"]) -> np.ndarray:
    """How far each area is better than the mean random order, in standard deviations of the random orders, `(n,)`.

    Args:
        areas: `(n,)`.
        random_areas: `(orders, n)`, see `random_order_areas`.
        better: `"higher"` for insertion, `"lower"` for deletion.

    Returns:
        0 is chance, positive is better. NaN where an area is NaN, and where all random orders have one area.

    Raises:
        ValueError: for shapes that do not fit.

    Example:
        >>> metrics.area_gain(np.array([0.25]), np.array([[0.5], [1.0]]), better="lower").tolist()  # 0.5 ÷ 0.25
        [2.0]
    """
    orders_beaten(areas, random_areas, better)
    random = np.asarray(random_areas, np.float64)
    sign = 1.0 if better == "higher" else -1.0
    return quotient(sign * (np.asarray(areas) - random.mean(axis=0)), random.std(axis=0))


def _curve(
    kind: Kind,
    maps: np.ndarray,
    images: np.ndarray,
    scores: Scorer,
    rng: np.random.Generator,
    *,
    baseline: float | np.ndarray,
    steps: int,
    channel_axis: int,
) -> Curve:
    if kind not in ("deletion", "insertion"):
        raise ValueError(f"Expected 'deletion' or 'insertion'. Received: kind={kind!r}")
    images = np.asarray(images)
    size = _size(images, channel_axis)
    if image_size(maps) != size or len(maps) != len(images):
        raise ValueError(
            f"Expected one map of the size of the image, {(len(images), *size)}. Received: shape={np.shape(maps)}"
        )
    steps = whole("steps", steps, 1)
    rows = as_rows(maps)
    places = _places(rows, rng).reshape(len(rows), *size)
    if images.ndim == 4:
        places = np.expand_dims(places, channel_axis)
    before, after = (images, baseline) if kind == "deletion" else (baseline, images)
    fractions = np.arange(steps + 1) / steps
    found = [
        scores_of(scores, np.where(places < count, after, before).astype(images.dtype))
        for count in np.round(fractions * rows.shape[1])
    ]
    return Curve(fractions, np.where(varies(rows)[:, None], np.stack(found, axis=1), np.nan))


def _places(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The place of each pixel in its map's order, from 0, the highest value; ties in one random order."""
    shuffled = rng.permutation(rows.shape[1])
    order = shuffled[np.argsort(-rows[:, shuffled], axis=1, kind="stable")]
    places = np.empty(rows.shape, int)
    np.put_along_axis(places, order, np.arange(rows.shape[1])[None], axis=1)
    return places


def _size(images: np.ndarray, channel_axis: int) -> tuple[int, int]:
    if images.ndim not in (3, 4):
        raise ValueError(
            f"Expected images (n, height, width), or with channels. Received: shape={images.shape}"
        )
    axes = [axis for axis in range(1, images.ndim) if images.ndim == 3 or axis != channel_axis % images.ndim]
    return images.shape[axes[0]], images.shape[axes[1]]
