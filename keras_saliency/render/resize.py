"""Other sizes of pictures and maps, in batches: `(n, height, width)` or `(n, height, width, channels)`."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray


def enlarge(images: NDArray[Any], factor: int) -> NDArray[Any]:
    """Every pixel as a square of `factor` × `factor` pixels."""
    if factor < 1:
        raise ValueError(f"Expected an enlarging factor of at least 1. Received: factor={factor}")
    if factor == 1:
        return images
    return images.repeat(factor, axis=2).repeat(factor, axis=1)  # rows last: whole rows are copied fast


def shrink(maps: NDArray[Any], max_side: int) -> NDArray[Any]:
    """The maps with no side longer than `max_side`, each pixel the mean over the area it covers.

    The aspect is kept; maps that are small enough come back as they are. Over anything not finite is NaN.
    """
    height, width = _shrunk(maps.shape[1], maps.shape[2], max_side)
    if (height, width) == maps.shape[1:3]:
        return maps
    factor = maps.shape[1] // height
    if (height * factor, width * factor) == maps.shape[1:3]:
        return _resample(maps, partial(_block_means, factor=factor))
    weights = {"rows": _area_weights(maps.shape[1], height), "columns": _area_weights(maps.shape[2], width)}
    return _resample(maps, partial(_weigh, **weights))


def bilinear(maps: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """The maps at `height` × `width`, interpolated between pixel centres (half-pixel convention, edges held).

    Made for enlarging coarse maps; `shrink` averages, this does not.
    """
    if (height, width) == maps.shape[1:3]:
        return maps
    weights = {
        "rows": _linear_weights(maps.shape[1], height),
        "columns": _linear_weights(maps.shape[2], width),
    }
    return _resample(maps, partial(_weigh, **weights))


def resample(images: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """The images at `height` × `width`, whatever that does to their aspect; integers become float32.

    A side that becomes shorter is averaged as in `shrink`, one that becomes longer is interpolated as in `bilinear`.
    """
    sides = {"rows": (images.shape[1], height), "columns": (images.shape[2], width)}
    weights = {
        name: (_area_weights if new <= old else _linear_weights)(old, new)
        for name, (old, new) in sides.items()
    }
    return _weigh(images.astype(np.result_type(images.dtype, np.float32), copy=False), **weights)


def fit(images: NDArray[Any], side: int) -> NDArray[Any]:
    """The images with the longer side at most `side`: enlarged by the largest whole factor, or shrunk."""
    longer = max(images.shape[1:3])
    return enlarge(images, side // longer) if longer <= side else shrink(images, side)


def _shrunk(height: int, width: int, max_side: int) -> tuple[int, int]:
    """Height and width that `shrink` gives, at least 1."""
    if max_side < 1:
        raise ValueError(f"Expected a longest side of at least 1. Received: max_side={max_side}")
    longer = max(height, width)
    if longer <= max_side:
        return height, width
    return max(1, round(height * max_side / longer)), max(1, round(width * max_side / longer))


def _resample(images: NDArray[Any], weigh: Callable[[NDArray[Any]], NDArray[Any]]) -> NDArray[Any]:
    """Weighted sums of neighbours; integers are rounded, floats are kept (at least float32)."""
    values = images.astype(np.result_type(images.dtype, np.float32), copy=False)
    finite = np.isfinite(values)
    if finite.all():
        sums = weigh(values)
    else:
        touched = weigh((~finite).astype(values.dtype)) > 0
        sums = np.where(touched, np.nan, weigh(np.where(finite, values, 0)))
    return np.rint(sums).astype(images.dtype) if images.dtype.kind in "iu" else sums


def _block_means(values: NDArray[Any], factor: int) -> NDArray[Any]:
    """The means of blocks of `factor` × `factor` pixels: 224 to 112, without the products of matrices."""
    share = values.dtype.type(1 / factor)
    columns = sum(values[:, :, start::factor] * share for start in range(factor))
    return np.asarray(sum(columns[:, start::factor] * share for start in range(factor)))


def _weigh(values: NDArray[Any], rows: NDArray[Any], columns: NDArray[Any]) -> NDArray[Any]:
    """`(n, h, w)` or `(n, h, w, c)` → the same with `len(rows)` and `len(columns)`."""
    rows, columns = rows.astype(values.dtype), columns.astype(values.dtype)
    if values.ndim == 3:
        return np.asarray(rows @ values @ columns.T)
    channels_first = np.ascontiguousarray(np.moveaxis(values, -1, 1))
    return np.ascontiguousarray(np.moveaxis(rows @ channels_first @ columns.T, 1, -1))


@lru_cache(maxsize=32)
def _area_weights(old: int, new: int) -> NDArray[np.float64]:
    """`(new, old)`: the share that each old pixel has in each new one."""
    edges = np.arange(new + 1) * (old / new)
    starts, ends = edges[:-1, np.newaxis], edges[1:, np.newaxis]
    left = np.arange(old)
    covered = np.clip(np.minimum(ends, left + 1) - np.maximum(starts, left), 0, None)
    covered[covered < 1e-9] = 0  # rounding of the edges is no overlap
    return np.asarray(covered / covered.sum(axis=1, keepdims=True))


@lru_cache(maxsize=32)
def _linear_weights(old: int, new: int) -> NDArray[np.float64]:
    """`(new, old)`: the two neighbours of each new pixel's centre."""
    centres = np.clip((np.arange(new) + 0.5) * (old / new) - 0.5, 0, old - 1)
    return np.asarray(np.maximum(0, 1 - np.abs(centres[:, np.newaxis] - np.arange(old))))
