"""The content of regions, exchanged between the images of one batch. Images are `(n, height, width, channels)` here."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from keras_saliency.checks.experiment.interventions import box_of, filled, pasted
from keras_saliency.checks.experiment.recolouring import moments, recoloured
from keras_saliency.checks.shared.subject import as_dtype


def exchanged(
    images: np.ndarray,
    masks: Iterable[np.ndarray],
    classes: np.ndarray,
    probability: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """The images with the content of other images' regions in theirs; each region is drawn for itself.

    Args:
        images: of any type, which they keep.
        masks: regions that do not overlap, each `(height, width)` for all images, or `(n, height, width)`.
        classes: `(n,)`, see `partners_of`.
        probability: see `partners_of`.
        rng: draws.
    """
    result = images.copy()
    for mask in masks:
        rows, partners = partners_of(classes, probability, rng)
        if mask.ndim == 3:
            _at_several_places(result, images, mask, rows, partners)
        else:
            _at_one_place(result, images, mask, rows, partners)
    return result


def with_exchanged_colours(
    images: np.ndarray, classes: np.ndarray, probability: float, rng: np.random.Generator
) -> np.ndarray:
    """The images with the means and deviations of the channels of other images; in a batch of one class, their own.

    Args:
        images: of any type, which they keep; no value leaves the range of the batch.
        classes: `(n,)`, see `partners_of`.
        probability: see `partners_of`.
        rng: draws.
    """
    rows, partners = partners_of(classes, probability, rng)
    if partners is None or not len(rows):
        return images
    sources, result = np.arange(len(images)), images.copy()
    sources[rows] = partners
    values = images.astype(np.result_type(images, "float32"))
    means, deviations = moments(values)
    changed = recoloured(values, means[sources], deviations[sources])[rows]
    result[rows] = as_dtype(changed, images.dtype)
    return result


def partners_of(
    classes: np.ndarray, probability: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray | None]:
    """Which images get the content of which others, which are of other classes: rows, and a row for each of them.

    An image is drawn with the probability, but no oftener than the share of other classes in the batch: at that share
    the content is as frequent in every class, and beyond it would say which class an image is *not*.

    Args:
        classes: `(n,)`; where they are not known, all different.
        probability: of an exchange.
        rng: draws.

    Returns:
        Rows, and their partners; None for the partners where the batch has one class alone.
    """
    count = len(classes)
    order = np.argsort(classes, kind="stable")
    _, own, sizes = np.unique(classes, return_inverse=True, return_counts=True)
    others, ends = count - sizes[own], np.cumsum(sizes)[own]
    is_one_class = len(sizes) == 1
    rows = np.flatnonzero(rng.random(count) < np.minimum(probability, 1 if is_one_class else others / count))
    if is_one_class:
        return rows, None
    return rows, order[(ends[rows] + rng.integers(0, others[rows])) % count]


def _at_one_place(
    result: np.ndarray, images: np.ndarray, mask: np.ndarray, rows: np.ndarray, partners: np.ndarray | None
) -> None:
    box = box_of(mask)
    if partners is None:
        content = emptied(images[rows], np.broadcast_to(mask, (len(rows), *mask.shape)))[:, *box]
    else:
        content = images[partners, *box]
    result[rows, *box] = np.where(mask[box][..., None], content, result[rows, *box])


def _at_several_places(
    result: np.ndarray, images: np.ndarray, masks: np.ndarray, rows: np.ndarray, partners: np.ndarray | None
) -> None:
    """Content goes to the image's own region, or where it has none to the place where the partner has it.

    From a partner without a region comes its emptiness.
    """
    has = np.asarray(masks.any((1, 2)))
    gives = np.zeros(len(rows), bool) if partners is None else has[partners]
    without = rows[~gives & has[rows]]
    if len(without):
        neutral = emptied(images[without], masks[without])
        result[without] = np.where(masks[without][..., None], neutral, result[without])
    if partners is not None and gives.any():
        to, donors = rows[gives], partners[gives]
        places = np.where(has[to, None, None], masks[to], masks[donors])
        result[to] = pasted(result[to], places, images[donors], masks[donors])


def emptied(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """The images with the region filled as the experiment fills it, in their own type."""
    if not len(images):
        return images
    return as_dtype(filled(images.astype(np.result_type(images, "float32")), masks), images.dtype)
