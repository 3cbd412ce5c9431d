"""Which pixels are exchanged, and where images have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from keras_saliency.probes.fields import as_mask, frozen

_CHANNELS = 4
ONLY = "region"
"""The name of a mask that is given without one."""
_OF_SINGLE_IMAGES = (
    "Masks of single images belong to their batch: ks.SwapRegions(None).batch(images, labels, masks=masks)."
)


def fixed_masks(regions: Any) -> dict[str, np.ndarray]:
    """The regions as `(height, width)` booleans by name, all of one size.

    Raises:
        ValueError, TypeError: they are no such masks; one covers the whole image, or has no pixel; there are none.
    """
    masks = {name: frozen(as_mask(name, mask).astype(bool)) for name, mask in named(regions).items()}
    if not masks:
        raise ValueError(
            "Expected at least one region. Received: none. A report has no regions where nothing failed, or where "
            f"what it proved has no fixed place, such as a mark that moves about. {_OF_SINGLE_IMAGES}"
        )
    for name, mask in masks.items():
        if mask.ndim != 2:
            raise ValueError(
                f"Expected region {name!r} as one mask (height, width) for all images. {_OF_SINGLE_IMAGES} "
                f"Received: shape={mask.shape}"
            )
        if not mask.any():
            raise ValueError(f"Expected region {name!r} to hold at least one pixel. Received: an empty mask")
    if len(sizes := {mask.shape for mask in masks.values()}) > 1:
        raise ValueError(f"Expected masks of one size. Received: {', '.join(map(str, sorted(sizes)))}")
    if np.any(list(masks.values()), axis=0).all():
        raise ValueError(
            f"Expected regions that leave a part of the image, which belongs to the label. "
            f"Received: {', '.join(masks)}, which cover the whole image"
        )
    return masks


def masks_of_batch(masks: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """The regions of the images of one batch, `(n, height, width)` booleans by name; an image may have none.

    Raises:
        ValueError, TypeError: they are no masks, or not of this shape.
    """
    checked = {name: as_mask(name, mask).astype(bool) for name, mask in masks.items()}
    for name, mask in checked.items():
        if mask.shape != shape:
            raise ValueError(
                f"Expected masks= with one mask for each image of the batch, {shape}. "
                f"Received: region {name!r} of the shape {mask.shape}"
            )
    whole = np.any(list(checked.values()), axis=0).all((1, 2))
    if whole.any():
        raise ValueError(
            "Expected regions that leave a part of each image, which belongs to its label. "
            f"Received: {', '.join(checked)}, which cover all of image {int(whole.argmax())} of the batch"
        )
    return checked


def apart(masks: Iterable[np.ndarray]) -> list[np.ndarray]:
    """The regions, of which those that overlap are one: drawn each for itself, what they share would be drawn twice."""
    found: list[np.ndarray] = []
    for mask in masks:
        touching = [other for other in found if (other & mask).any()]
        found = [other for other in found if not (other & mask).any()]
        found.append(np.any([mask, *touching], axis=0))
    return found


def named(regions: Any) -> dict[str, Any]:
    """Masks by name; a mask without one is called `ONLY`."""
    return dict(regions) if isinstance(regions, Mapping) else {ONLY: regions}


def channel_axis_of(
    shape: Sequence[int | None], size: tuple[int | None, int | None], channel_axis: int | None
) -> int | None:
    """Where images of this shape have their channels, −1 or 1; None where they have none.

    Where no mask tells, channels are at most four, and images larger.

    Args:
        shape: of a batch; None: not known.
        size: height and width of the masks; None: not known.
        channel_axis: what the user said.

    Raises:
        ValueError: the masks do not fit, or fit both ways.
    """
    places = {None: (1, 3)} if len(shape) == 3 else {-1: (1, 3), 1: (2, 4)} if len(shape) == 4 else {}
    fitting = [
        axis
        for axis, (first, end) in places.items()
        if (axis is None or channel_axis in (None, axis)) and _fits(shape[first:end], size)
    ]
    if len(fitting) > 1 and size == (None, None):
        fitting = [axis for axis in fitting if _is_few(shape, axis)] or fitting
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise ValueError(
            "The images may have their channels first or last: say which with channel_axis=1 or channel_axis=-1. "
            f"Received: shape={tuple(shape)}"
        )
    raise ValueError(
        f"Expected a batch of images of the masks' size, {size}: (n, height, width, channels), (n, channels, "
        "height, width) or (n, height, width). Resize or batch before, as in dataset.batch(32).map(swap.batch). "
        f"Received: shape={tuple(shape)}"
    )


def _fits(dimensions: Sequence[int | None], size: tuple[int | None, int | None]) -> bool:
    return all(
        given == wanted or None in (given, wanted) for given, wanted in zip(dimensions, size, strict=True)
    )


def _is_few(shape: Sequence[int | None], axis: int | None) -> bool:
    """Whether there are so few values along this axis, and more along the others, that it can be but channels."""
    lengths = [length or 0 for length in shape[1:]]
    index = 0 if axis == 1 else len(lengths) - 1
    others = [*lengths[:index], *lengths[index + 1 :]]
    return axis is not None and 0 < lengths[index] <= _CHANNELS < min(others)
