"""What people hold images in, as arrays of numpy."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import optree
from PIL import Image


def is_array(leaf: Any) -> bool:
    """Whether this is an array, or a tensor of a framework."""
    return hasattr(leaf, "__array__") and hasattr(leaf, "shape")


def is_picture(thing: Any) -> bool:
    """Whether this is an image of Pillow: always one image, never a batch."""
    return isinstance(thing, Image.Image)


def as_array(leaf: Any) -> np.ndarray:
    """The numbers of an array, a tensor of any framework, an image of Pillow or nested lists of numbers.

    Raises:
        TypeError: it holds something else than real numbers, or rows of several sizes.
        ValueError: values of a masked array are missing.
    """
    if np.ma.is_masked(leaf):
        raise ValueError(
            "Expected images without missing values. Received: a masked array with "
            f"{int(np.ma.getmaskarray(leaf).sum())} masked values; fill them, as with images.filled(0)"
        )
    try:
        array = np.asarray(_on_the_host(leaf))
    except Exception as error:  # each framework, and numpy for rows of several sizes, has its own
        raise TypeError(
            f"Expected images as an array of numbers. Received: {type(leaf).__name__}, of which numpy says: "
            f"{' '.join(str(error).split())[:200]}"
        ) from error
    if array.dtype.kind == "O" and array.ndim and all(map(is_array, array.flat)):
        return as_batch(list(array.flat))
    if array.dtype.name.startswith(("bfloat", "float8")):  # which no numpy file holds
        array = array.astype("float32")
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"Expected images of numbers. Received: dtype={array.dtype} from {type(leaf).__name__}"
        )
    return array


def as_batch(images: list[Any]) -> np.ndarray:
    """Single images, one after another, as one array.

    Raises:
        TypeError: one of them is no image.
        ValueError: there are none, or they differ in size.
    """
    arrays = [as_array(image) for image in images]
    sizes = sorted({array.shape for array in arrays})
    if len(sizes) > 1:
        raise ValueError(
            "Expected images of one size: resize them. Received: images of the shapes "
            + ", ".join(map(str, sizes[:5]))
        )
    return np.stack(arrays)


def gathered(images: Any) -> Any:
    """The images with those of Pillow, and nested lists of numbers, as one array; one image is a batch of one.

    Raises:
        TypeError: these are paths.
    """
    if isinstance(images, (str, os.PathLike)):
        raise TypeError(
            "Expected images. Received: a path; give ks.ProbeSet.from_folder(path, size=(height, width), scale=1/255), "
            "or ks.ProbeSet.load(path)"
        )
    if is_picture(images):
        return as_batch([images])
    if isinstance(images, (list, tuple)) and images and all(map(is_picture, images)):
        return as_batch(list(images))
    return as_array(images) if _is_nested_numbers(images) else images


def _is_nested_numbers(images: Any) -> bool:
    """Whether these are lists in lists, and numbers in the innermost ones."""
    first, depth = images, 0
    while isinstance(first, list) and first:
        first, depth = first[0], depth + 1
    return depth > 1 and isinstance(first, (int, float))


def count_of(images: Any) -> int:
    """How many examples a tree of arrays has."""
    return len(optree.tree_leaves(images)[0])


def _on_the_host(leaf: Any) -> Any:
    """A tensor of PyTorch as numpy can read it: off the accelerator, without its history, in a type that numpy has."""
    if not hasattr(leaf, "detach"):
        return leaf
    tensor = leaf.detach().cpu()
    return (
        tensor.float()
        if str(tensor.dtype).removeprefix("torch.").startswith(("bfloat", "float8"))
        else tensor
    )
