"""Maps in 255 steps: the planes that are stored, and the four views that they stand for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

VIEWS = ("magnitude", "positive", "negative", "signed")
_ORDER = ("positive", "negative", "magnitude", "signed")
_BLOCK = 2**22
"""Values of a view that are computed with at once."""


def quantised(
    heatmaps: Mapping[str, np.ndarray],
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]:
    """The planes to store, their scales per probe, and which probes' maps are finite."""
    finite = np.all([np.isfinite(values).all(axis=(1, 2)) for values in heatmaps.values()], axis=0)
    blocks = [_quantised_block(views, shown) for views, shown in _in_blocks(heatmaps, finite)]
    whole = {view for _, _, needed in blocks for view in needed}
    planes = {
        view: np.concatenate([block[view] for block, _, _ in blocks]) for view in _ORDER if view in whole
    }
    scaled = ["magnitude", *({"signed"} & whole)]
    scales = {view: np.concatenate([block[view] for _, block, _ in blocks]) for view in scaled}
    return planes, scales, finite


def _in_blocks(
    heatmaps: Mapping[str, np.ndarray], finite: np.ndarray
) -> Iterator[tuple[list[np.ndarray], np.ndarray]]:
    """The views and which maps are finite, for one block of probes after the other: some copies are made of each."""
    size = max(1, _BLOCK // max(1, math.prod(heatmaps["signed"].shape[1:])))
    for start in range(0, max(1, len(finite)), size):
        rows = slice(start, start + size)
        yield [heatmaps[view][rows] for view in VIEWS], finite[rows]


def _quantised_block(
    views: list[np.ndarray], finite: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], set[str]]:
    """All planes and scales of a block, and which of the planes cannot be derived from others."""
    magnitude, positive, negative, signed = (
        np.where(finite[:, None, None], view, 0).astype(np.float64) for view in views
    )
    largest = _largest(np.maximum(magnitude, np.maximum(positive, negative)))
    scales = {"magnitude": largest, "signed": _largest(np.abs(signed))}
    planes = {
        "magnitude": _unsigned(magnitude, largest),
        "positive": _unsigned(positive, largest),
        "negative": _unsigned(negative, largest),
        "signed": (128 + np.rint(127 * _divided(signed, scales["signed"]))).astype(np.uint8),
    }
    needed = {"positive", "negative"}
    if not _follows(magnitude, np.maximum(positive, negative), largest):
        needed.add("magnitude")
    if not _follows(signed, positive - negative, largest):
        needed.add("signed")
    return planes, scales, needed


def stored_planes(arrays: Mapping[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """The planes of maps among the arrays, all `(count, height, width)` uint8 of one size."""
    planes = {name: arrays[name] for name in VIEWS if name in arrays}
    shape = planes["positive"].shape
    for name, plane in planes.items():
        if plane.dtype != np.uint8 or plane.ndim != 3 or len(plane) != count or plane.shape != shape:
            raise ValueError(f"{name}: {plane.dtype} {plane.shape} for {count} probes")
    return planes


def restored(
    planes: Mapping[str, np.ndarray], scales: Mapping[str, list[float]], finite: list[bool]
) -> dict[str, np.ndarray]:
    """The four views, from the planes that are stored."""
    unit = _column(scales["magnitude"]) / 255
    views = {name: _times(plane, unit) for name, plane in planes.items() if name != "signed"}
    views.setdefault("magnitude", np.maximum(views["positive"], views["negative"]))
    if "signed" in planes:
        views["signed"] = _times(planes["signed"].astype(np.int16) - 128, _column(scales["signed"]) / 127)
    else:
        views["signed"] = _times(planes["positive"].astype(np.int16) - planes["negative"], unit)
    for view in views.values():
        view[~np.array(finite, bool)] = np.nan
    return {view: views[view] for view in VIEWS}


def _times(plane: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """The product as float32, computed in float64 without holding it."""
    product: np.ndarray = np.multiply(plane, unit, out=np.empty(plane.shape, np.float32))
    return product


def _follows(plane: np.ndarray, derived: np.ndarray, scale: np.ndarray) -> bool:
    """Whether a plane is what can be derived from others, to a quarter of a step of the stored planes."""
    return bool((np.abs(plane - derived) <= scale[:, None, None] / (4 * 255)).all())


def _unsigned(maps: np.ndarray, scale: np.ndarray) -> np.ndarray:
    steps: np.ndarray = np.rint(255 * _divided(maps, scale))
    return steps.astype(np.uint8)


def _largest(maps: np.ndarray) -> np.ndarray:
    largest: np.ndarray = maps.max(axis=(1, 2), initial=0)
    return largest


def _divided(maps: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The maps ÷ their scales; zero where the scale is zero."""
    return maps / np.where(scale > 0, scale, 1)[:, None, None]


def _column(scale: Sequence[float]) -> np.ndarray:
    return np.array(scale, np.float64)[:, None, None]
