"""What a probe set holds, checked and frozen: each function takes one of its fields as it was given."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any

import numpy as np
import optree

from keras_saliency.probes.arrays import as_array, gathered
from keras_saliency.registry import is_name


def frozen(array: np.ndarray) -> np.ndarray:
    """A copy that cannot be written to."""
    copy = np.array(array)
    copy.flags.writeable = False
    return copy


def checked_images(images: Any) -> Any:
    """The images as a tree of frozen arrays.

    Raises:
        ValueError, TypeError: they are no examples, or not as many in every input.
    """
    images = gathered(images)
    leaves = optree.tree_leaves(images)
    if images is None or not leaves:
        raise ValueError("Expected at least one image. Received: an empty probe set")
    for entry in chain.from_iterable(optree.tree_accessors(images)):
        if isinstance(entry, optree.MappingEntry) and _text(entry.entry) != entry.entry:
            raise TypeError(f"Expected the names of inputs to be strings. Received: {entry.entry!r}")
    checked = optree.tree_map(_checked_array, images)
    shapes = [leaf.shape for leaf in optree.tree_leaves(checked)]
    if all(len(shape) < 2 for shape in shapes) or () in shapes:
        raise ValueError(
            f"Expected a batch of images, (n, …). Received: shape={min(shapes, key=len)}{_hint(images)}"
        )
    counts = {shape[0] for shape in shapes}
    if len(counts) > 1:
        raise ValueError(
            f"Expected as many examples in every input. Received: {sorted(counts)} examples{_hint(images)}"
        )
    if counts == {0}:
        raise ValueError("Expected at least one image. Received: an empty probe set")
    return checked


def _hint(images: Any) -> str:
    """What to do, where a list may have been meant as one array."""
    return ". A list is several inputs: for one, give numpy.stack(images)" if isinstance(images, list) else ""


def _checked_array(leaf: Any) -> np.ndarray:
    array = as_array(leaf)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        rows = np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(1))
        raise ValueError(
            f"Expected finite images. Received: values that are NaN or infinite in image {rows[0]}"
        )
    return frozen(array)


def checked_names(names: Any, count: int) -> tuple[str, ...] | None:
    """One name per image. Raises `TypeError` or `ValueError`."""
    if names is None:
        return None
    if isinstance(names, (str, Mapping)):
        raise TypeError(f"Expected names as a sequence of strings. Received: {type(names).__name__}")
    if len(names) != count:
        raise ValueError(f"Expected one name per image, {count} in all. Received: {len(names)} names")
    return tuple(map(_text, names))


def checked_class_names(names: Any, labels: np.ndarray | None) -> tuple[str, ...] | None:
    """A name for each class that is a label. Raises `TypeError` or `ValueError`."""
    if names is None:
        return None
    if isinstance(names, (str, Mapping)):
        raise TypeError(f"Expected class names as a sequence of strings. Received: {type(names).__name__}")
    if labels is not None and labels.max() >= len(names):
        raise ValueError(
            f"Expected labels below {len(names)}, the number of class names. Received: label {labels.max()}"
        )
    return tuple(map(_text, names))


def _text(name: Any) -> str:
    """The name as text that every file can hold: the half characters of file names that are not UTF-8 become �."""
    return str(name).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def checked_axis(axis: Any) -> int | None:
    """Where images have their channels. Raises `ValueError`."""
    if axis is not None and (type(axis) is not int or axis not in (-1, 1)):
        raise ValueError(
            "Expected channel_axis to be 1 for images (n, channels, height, width), −1 for (n, height, width, "
            f"channels), or None. Received: channel_axis={axis!r}"
        )
    return axis


def checked_regions(
    regions: Any, images: Any, count: int, channel_axis: int | None
) -> Mapping[str, np.ndarray]:
    """Boolean masks by name, frozen. Raises `TypeError` or `ValueError`.

    A region that no image has is a mistake; but not in regions that are frozen already, as those of a probe set are:
    of many images a few may be drawn that are all without it.
    """
    if regions is None:
        return MappingProxyType({})
    if not isinstance(regions, Mapping):
        raise TypeError(f"Expected regions as boolean masks by name. Received: {type(regions).__name__}")
    sizes = _possible_sizes(images, channel_axis)
    checked = {name: _checked_region(name, mask, sizes, count) for name, mask in regions.items()}
    for name, mask in checked.items():
        if not mask.any() and (mask.ndim == 2 or not isinstance(regions, MappingProxyType)):
            of = "an empty mask" if mask.ndim == 2 else f"empty masks for all of {count} images"
            raise ValueError(f"Expected region {name!r} to hold at least one pixel. Received: {of}")
    return MappingProxyType(checked)


def as_mask(name: Any, mask: Any) -> np.ndarray:
    """A region as zeros and ones, of any shape. Raises `TypeError` or `ValueError`."""
    if not is_name(name):
        raise ValueError(f"Expected region names like corner or top_left (lower case). Received: {name!r}")
    array = np.asarray(mask)
    if array.dtype.kind not in "biu" or not np.isin(array, (0, 1)).all():
        raise TypeError(f"Expected region {name!r} to be a boolean mask. Received: dtype={array.dtype}")
    return array


def _checked_region(name: Any, mask: Any, sizes: list[tuple[int, ...]], count: int) -> np.ndarray:
    array = as_mask(name, mask)
    if array.ndim not in (2, 3) or array.shape[-2:] not in sizes or (array.ndim == 3 and len(array) != count):
        expected = " or ".join(str(size) for size in sizes) or "the shape of an image; these inputs are none"
        raise ValueError(
            f"Expected the mask of region {name!r} to have the shape {expected}, or one such mask per image. "
            f"Received: shape={array.shape}"
        )
    return frozen(array.astype(bool))


def _possible_sizes(images: Any, channel_axis: int | None) -> list[tuple[int, ...]]:
    """Height and width of the inputs that may be images, for channels last and, where it can be, channels first."""
    sizes = []
    for leaf in optree.tree_leaves(images):
        if leaf.ndim == 3:
            sizes.append(leaf.shape[1:])
        elif leaf.ndim == 4:
            sizes += [] if channel_axis == 1 else [leaf.shape[1:3]]
            sizes += [] if channel_axis == -1 else [leaf.shape[2:4]]
    return list(dict.fromkeys(sizes))


def checked_display(display: Any, count: int) -> np.ndarray | None:
    """What people should see of each image. Raises `TypeError` or `ValueError`."""
    if display is None:
        return None
    array = _checked_array(display)
    if array.ndim not in (3, 4) or len(array) != count:
        raise ValueError(
            f"Expected display_images as ({count}, height, width) or ({count}, height, width, channels). "
            f"Received: shape={array.shape}"
        )
    if array.ndim == 4 and array.shape[1] <= 4 < array.shape[3]:
        raise ValueError(
            "Expected display_images with their channels last, as np.moveaxis(display_images, 1, -1) makes them. "
            f"Received: shape={array.shape}"
        )
    return array
