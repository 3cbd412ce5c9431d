"""Content that recurs in the images of a class at different places: a logo, a date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from keras_saliency.checks.experiment.interventions import box_of
from keras_saliency.checks.proposals.likeness import FACTOR, FLOOR, MOST, distances, distinctness
from keras_saliency.checks.proposals.place import pieces_of
from keras_saliency.checks.proposals.sameness import LEAST_IMAGES
from keras_saliency.checks.proposals.windows import peaks, window_enrichment, window_of

_HOTTEST = 3
_SIDE = 64
LIKE = 2.0
"""Other images are so much farther away."""
_FAR = 1e9


@dataclass(frozen=True, eq=False)
class RecurringMark:
    """The same content at different places.

    Attributes:
        class_index: the class whose images have it.
        masks: `(n, height, width)` booleans: where it is; in images without it, a place drawn at random.
        holders: `(n,)` booleans, the images that have it.
    """

    class_index: int
    masks: np.ndarray
    holders: np.ndarray


@dataclass(frozen=True, eq=False)
class Template:
    """What one image shows in a small window, and where each image is most like it.

    Attributes:
        window: height and width.
        distances: `(n,)` root mean squares.
        tops: `(n,)` the first row.
        lefts: `(n,)` the first column.
    """

    window: tuple[int, int]
    distances: np.ndarray
    tops: np.ndarray
    lefts: np.ndarray


def recurring_marks(
    images: np.ndarray,
    magnitude: np.ndarray,
    classes: np.ndarray,
    chosen: Sequence[int],
    rng: np.random.Generator,
    *,
    most: float = MOST,
    times: float = LIKE,
) -> list[RecurringMark]:
    """The mark of each chosen class that has one, see `recurring_mark`.

    Large images are searched at a reduced size of at most 64 pixels.

    Args:
        images: `(n, height, width, channels)`.
        magnitude: the maps, `(n, height, width)`.
        classes: of each image.
        chosen: the classes.
        rng: draws places in images without a mark.
        most: the share of the images of its class that have it.
        times: how many times as far other images are.
    """
    size = images.shape[1:3]
    factor = -(-max(size) // _SIDE)
    small, heat = _reduced(images, factor).astype("float32"), _reduced(magnitude, factor)
    window = _window(small)
    if window is None or not len(chosen):
        return []
    templates = _templates(small, heat, [np.flatnonzero(classes == index) for index in chosen], window)
    found = [
        recurring_mark(small, heat, classes, index, rng, templates=own, most=most, times=times)
        for index, own in zip(chosen, templates, strict=True)
    ]
    return [replace(mark, masks=_enlarged(mark.masks, factor, size)) for mark in found if mark is not None]


def recurring_mark(
    images: np.ndarray,
    magnitude: np.ndarray,
    classes: np.ndarray,
    class_index: int,
    rng: np.random.Generator,
    *,
    templates: Sequence[Template] | None = None,
    most: float = MOST,
    times: float = LIKE,
) -> RecurringMark | None:
    """What recurs at different places in most images of a class, and in few others.

    The three hottest windows of each image of the class (15 % of the sides) are searched for in all images. The one
    that the class has most in common is taken if most other images are at least twice as far from it, where they are
    most like it, as most of its own, plus a tenth of the deviation of all values. What is the same around it in all
    that hold it is the mark.

    Args:
        images: `(n, height, width, channels)`.
        magnitude: the maps, `(n, height, width)`.
        classes: of each image.
        class_index: which class.
        rng: draws the places in images without it.
        templates: the hottest windows of the class, where they were searched for already.
        most: the share of the images of the class that have it.
        times: how many times as far other images are.

    Returns:
        The mark; None where there is none, where it is at the same place in most images (a place is found as such),
        or where there are fewer than three images of the class.
    """
    own = classes == class_index
    found = likest(images, magnitude, classes, class_index, templates=templates, most=most)
    if found is None or not found[0] > times:
        return None
    best, floor = found[1], _floor(images)
    holders = own & (best.distances < np.median(best.distances[~own]) / LIKE)
    if _stays(best, holders):
        return None
    crops = _around(images, best, np.flatnonzero(holders))
    others = _anywhere(images, best.window, rng)[~own]
    shape, offset = _shape(crops, others, best.window, floor)
    corners = np.stack([best.tops - offset[0], best.lefts - offset[1]], axis=1)
    masks = _placed(shape, corners, holders, images.shape[1:3], rng)
    return RecurringMark(int(class_index), masks, holders)


def likest(
    images: np.ndarray,
    magnitude: np.ndarray,
    classes: np.ndarray,
    class_index: int,
    *,
    templates: Sequence[Template] | None = None,
    most: float = MOST,
) -> tuple[float, Template] | None:
    """The hot window that a class has most in common, and how much farther most other images are from it.

    See `recurring_mark`; None where there are fewer than three images of the class, or the images are too small.
    """
    own, window = classes == class_index, _window(images)
    if own.sum() < LEAST_IMAGES or own.all() or window is None:
        return None
    if templates is None:
        (templates,) = _templates(images, magnitude, [np.flatnonzero(own)], window)
    floor = _floor(images)
    found = [
        (float(distinctness(template.distances[own], template.distances[~own], floor, most)), template)
        for template in templates
    ]
    return max(found, key=lambda item: item[0])


def _window(images: np.ndarray) -> tuple[int, int] | None:
    window = window_of(*images.shape[1:3])
    return None if window is None else (max(3, window[0]), max(3, window[1]))


def _floor(images: np.ndarray) -> float:
    return FLOOR * float(images.std(dtype="float64"))


def _templates(
    images: np.ndarray, heat: np.ndarray, groups: Sequence[np.ndarray], window: tuple[int, int]
) -> list[list[Template]]:
    """The hottest windows of the images of each group, searched for in all images, once for all groups."""
    high, wide = window
    enrichment = np.nan_to_num(window_enrichment(heat, window))
    corners = [
        (group, row, top, left)
        for group, rows in enumerate(groups)
        for row in rows
        for top, left in peaks(enrichment[row], window, _HOTTEST)
    ]
    wanted = np.stack(
        [images[row, top : top + high, left : left + wide].ravel() for _, row, top, left in corners]
    )
    squares = (wanted**2).sum(1)[:, None]
    found = np.empty((len(images), len(wanted)))
    where = np.empty(found.shape, int)
    for index, image in enumerate(images):
        views = np.moveaxis(sliding_window_view(image, window, (0, 1)), 2, -1).reshape(-1, wanted.shape[1])
        squared = squares + np.einsum("ij,ij->i", views, views) - 2 * wanted @ views.T
        where[index] = squared.argmin(1)
        found[index] = np.sqrt(np.maximum(squared.min(1), 0) / wanted.shape[1])
    columns = images.shape[2] - wide + 1
    templates: list[list[Template]] = [[] for _ in groups]
    for i, (group, *_) in enumerate(corners):
        templates[group].append(Template(window, found[:, i], *np.divmod(where[:, i], columns)))
    return templates


def _stays(template: Template, holders: np.ndarray) -> bool:
    """Whether it is at the same place, to a pixel, in most of the images that hold it."""
    tops, lefts = template.tops[holders], template.lefts[holders]
    near = (abs(tops - np.median(tops)) <= 1) & (abs(lefts - np.median(lefts)) <= 1)
    return bool(near.mean() >= MOST)


def _around(images: np.ndarray, template: Template, rows: np.ndarray) -> np.ndarray:
    """Three windows by three of these images around what is most like the template; NaN beyond the borders."""
    high, wide = template.window
    padded = np.pad(images[rows], ((0, 0), (high, high), (wide, wide), (0, 0)), constant_values=np.nan)
    corners = zip(template.tops[rows], template.lefts[rows], strict=True)
    return np.stack([
        image[top : top + 3 * high, left : left + 3 * wide]
        for image, (top, left) in zip(padded, corners, strict=True)
    ])  # fmt: skip


def _anywhere(images: np.ndarray, window: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """The same around a place of each image that is drawn at random."""
    tops = rng.integers(0, images.shape[1] - window[0] + 1, len(images))
    lefts = rng.integers(0, images.shape[2] - window[1] + 1, len(images))
    return _around(images, Template(window, np.zeros(len(images)), tops, lefts), np.arange(len(images)))


def _shape(
    crops: np.ndarray, others: np.ndarray, window: tuple[int, int], floor: float
) -> tuple[np.ndarray, tuple[int, int]]:
    """What is the same around the template in all crops, and not in others: a mask, and where the template is in it."""
    high, wide = window
    common = np.median(crops, axis=0)
    # Outside of the image it is very far.
    own, other = (np.nan_to_num(distances(views, common), nan=_FAR) for views in (crops, others))
    apart = distinctness(own, other, floor)
    mask = ~np.isnan(crops).any((0, 3)) & (apart > FACTOR)
    mask[high : 2 * high, wide : 2 * wide] = True
    piece = next(piece for piece in pieces_of(mask) if piece[high, wide])
    (rows, columns) = box_of(piece)
    return piece[rows, columns], (high - rows.start, wide - columns.start)


def _placed(
    shape: np.ndarray,
    corners: np.ndarray,
    holders: np.ndarray,
    size: tuple[int, int],
    rng: np.random.Generator,
) -> np.ndarray:
    """The mask of each image: its top left pixel at a corner where the image holds the mark, else anywhere."""
    masks = np.zeros((len(holders), *size), bool)
    for mask, corner, holds in zip(masks, corners, holders, strict=True):
        top, left = corner if holds else rng.integers(0, np.subtract(size, shape.shape) + 1)
        mask[top : top + shape.shape[0], left : left + shape.shape[1]] = shape
    return masks


def _reduced(values: np.ndarray, factor: int) -> np.ndarray:
    """Means of blocks; what is over at the right and at the bottom is left out."""
    count, height, width = values.shape[0], values.shape[1] // factor, values.shape[2] // factor
    cut = values[:, : height * factor, : width * factor]
    blocks = cut.reshape(count, height, factor, width, factor, *values.shape[3:])
    return np.asarray(blocks.mean((2, 4), dtype="float64"))


def _enlarged(masks: np.ndarray, factor: int, size: tuple[int, int]) -> np.ndarray:
    """Masks of the reduced images for the images."""
    (height, width), large = size, masks.repeat(factor, 1).repeat(factor, 2)
    return np.pad(large, ((0, 0), (0, height - large.shape[1]), (0, width - large.shape[2])))
