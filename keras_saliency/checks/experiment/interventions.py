"""Taking the content of a region out of images, and putting it into others; and what that does to a class.

Images are `(n, height, width, channels)` here, masks `(n, height, width)` booleans.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import binary_dilation, distance_transform_edt, gaussian_filter

from keras_saliency.checks.shared.statistics import Proportion

FILLS = ("mean", "blur")
HALF = 0.5
"""An image has moved if the margin of a class has moved by so much of what decides between it and the rest."""


def filled(images: np.ndarray, masks: np.ndarray, fill: Any = "mean") -> np.ndarray:
    """The images with something neutral in the region.

    Args:
        images: the images.
        masks: the region in each.
        fill: `"mean"`: the mean of the pixels around the region, at most two away; `"blur"`: a weighted mean of the
            pixels outside, the nearer the heavier; a number, or an array that broadcasts to an image.
    """
    inside: Any
    if isinstance(fill, str) and fill == "mean":
        inside = _means_around(images, masks)[:, None, None]
    elif isinstance(fill, str):
        inside = np.stack([_blur(image, mask) for image, mask in zip(images, masks, strict=True)])
    else:
        inside = np.broadcast_to(np.asarray(fill, images.dtype), images.shape)
    result, box = images.copy(), (slice(None), *box_of(np.any(masks, axis=0)))
    np.copyto(result[box], np.broadcast_to(inside, images.shape)[box], where=masks[box][..., None])
    return result


def _means_around(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """The mean of the pixels at most two away from the region, `(n, channels)`; of all where it is the whole image."""
    if masks.strides[0] == 0:  # one mask for all
        return np.asarray(images[:, around(masks[0])].mean(1, dtype="float64"))
    found = [image[around(mask)].mean(0, dtype="float64") for image, mask in zip(images, masks, strict=True)]
    return np.stack(found)


def around(mask: np.ndarray) -> np.ndarray:
    """The pixels at most two away from a region, `(height, width)`; all where it is the whole image."""
    near = binary_dilation(mask, iterations=2, structure=np.ones((3, 3))) & ~mask
    return near if near.any() else np.ones_like(mask)


def _blur(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    width = max(1.0, np.sqrt(mask.sum()) / 2)
    weights = (~mask).astype("float64")[..., None]
    total, blurred = (gaussian_filter(values, (width, width, 0)) for values in (weights, image * weights))
    result = np.broadcast_to(image[around(mask)].mean(0, dtype="float64"), image.shape).copy()
    np.divide(blurred, total, out=result, where=total > 1e-6)  # where it reaches
    return result


def pasted(
    images: np.ndarray, masks: np.ndarray, donors: Iterable[np.ndarray], donor_masks: np.ndarray
) -> np.ndarray:
    """The images with the content of the donors' region in their own region, row by row.

    The boxes around both regions are laid over each other; where they differ in size the content is scaled
    (nearest pixel). What lies in the box but outside the receiving region stays. What lies in the box but outside the
    donor's region, such as the object before a background, is not handed on: there the nearest pixel of the region is.
    """
    result = images.copy()
    for row, (mask, donor, donor_mask) in enumerate(zip(masks, donors, donor_masks, strict=True)):
        here, there = box_of(mask), box_of(donor_mask)
        inside, holds = mask[here], donor_mask[there]
        rows, columns = (
            np.arange(own) * other // own for own, other in zip(inside.shape, holds.shape, strict=True)
        )
        content = donor[there]
        if not holds[rows][:, columns][inside].all():
            nearest = distance_transform_edt(~holds, return_distances=False, return_indices=True)
            content = content[tuple(nearest)]
        result[row][here] = np.where(inside[..., None], content[rows][:, columns], result[row][here])
    return result


def box_of(mask: np.ndarray) -> tuple[slice, slice]:
    """The smallest rows and columns that hold a region."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def elsewhere(mask: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """The region moved to other places of the image, `(up to count, height, width)`, overlapping it by at most half.

    None where the region is so large that it cannot be moved so far.
    """
    box = box_of(mask)
    shape = mask[box]
    rows, columns = np.subtract(mask.shape, shape.shape) + 1
    moved = []
    for top, left in zip(*np.divmod(rng.permutation(rows * columns), columns), strict=True):
        other = np.zeros_like(mask)
        other[top : top + shape.shape[0], left : left + shape.shape[1]] = shape
        if 2 * (other & mask).sum() <= mask.sum():
            moved.append(other)
        if len(moved) == count:
            break
    return np.array(moved).reshape(len(moved), *mask.shape)


def margins(table: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The score of a class minus the best of the others, image by image: above 0 where it is predicted."""
    others = table.astype("float64")
    rows = np.arange(len(table))
    own = others[rows, classes].copy()
    others[rows, classes] = -np.inf
    return np.asarray(own - others.max(1))


def way_gone(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How much of the way to the other side of the decision a margin went: 0 not moved, 1 just flipped.

    Below 0 it went the other way. NaN where the margin before is 0.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(before == 0, np.nan, (before - after) / before))


@dataclass(frozen=True)
class Moved:
    """How many images were moved by an intervention, in the direction that it is said to mean.

    Attributes:
        way: for each trial how much of the way its margin went.
        flipped: how many predictions changed.
    """

    way: np.ndarray
    flipped: Proportion

    @classmethod
    def between(cls, before: np.ndarray, after: np.ndarray) -> Moved:
        """From the margins before and after."""
        way = way_gone(before, after)
        known = ~np.isnan(way)
        flipped = np.sign(after) != np.sign(before)
        return cls(way[known], Proportion(int(flipped[known].sum()), int(known.sum())))

    @property
    def half(self) -> Proportion:
        """How many went at least half of the way."""
        return Proportion(int((self.way >= HALF).sum()), len(self.way))
