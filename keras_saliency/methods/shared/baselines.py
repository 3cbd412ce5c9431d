"""Where paths to the images begin: the images without what is to be explained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from keras_saliency.arguments import is_real
from keras_saliency.methods.shared.averaging import Arrays

OF_THE_IMAGE = ("mean", "blur", "min", "max")


def as_baseline(baseline: Any) -> float | str | np.ndarray:
    """One baseline, checked: a number, `"mean"`, `"blur"`, `"min"`, `"max"`, or an array, copied and read-only."""
    if is_real(baseline):
        return float(baseline)
    if isinstance(baseline, str) and baseline in OF_THE_IMAGE:
        return baseline
    if isinstance(baseline, np.ndarray) and baseline.dtype.kind in "fiu" and np.isfinite(baseline).all():
        copy = baseline.astype("float32")
        copy.flags.writeable = False
        return copy
    raise ValueError(
        'Expected a baseline to be a finite number, "mean", "blur", "min", "max", a numpy array of finite numbers, or '
        f"a list of these. Received: {baseline!r}"
    )


def baseline_key(baseline: float | str | np.ndarray) -> Any:
    """A key of a checked baseline, to be compared and hashed."""
    return (baseline.shape, baseline.tobytes()) if isinstance(baseline, np.ndarray) else baseline


def baseline_values(
    baseline: float | str | np.ndarray, values: Arrays, channels: Sequence[int | None], sigma: float
) -> Arrays:
    """The baseline of each image: float32 arrays of the shapes of the explained tensors `(n, …)`.

    `"mean"`, `"blur"`, `"min"` and `"max"` are of images: other explained tensors stay as they are.

    Args:
        baseline: see `as_baseline`.
        values: the explained tensors.
        channels: the axis of the channels of each of them; None: it is no image.
        sigma: of the blur, as a fraction of the longest side.

    Raises:
        ValueError: an array does not broadcast, or none of the explained tensors is an image that could be blurred.
    """
    if isinstance(baseline, str) and all(axis is None for axis in channels):
        raise ValueError(
            f"The baseline {baseline!r} is for images. Received: values of shape "
            f"{', '.join(str(value.shape) for value in values)}"
        )
    return [_of_one(baseline, value, axis, sigma) for value, axis in zip(values, channels, strict=True)]


def _of_one(
    baseline: float | str | np.ndarray, value: np.ndarray, channel_axis: int | None, sigma: float
) -> np.ndarray:
    if not isinstance(baseline, str):
        return _broadcast(np.asarray(baseline, "float32"), value)
    if channel_axis is None:
        return value
    skipped = {0} if value.ndim == 3 else {0, channel_axis % value.ndim}
    spatial = tuple(axis for axis in range(value.ndim) if axis not in skipped)
    if baseline in ("min", "max"):
        every = tuple(range(1, value.ndim))
        return np.broadcast_to(getattr(value, baseline)(every, keepdims=True), value.shape)
    if baseline == "mean":
        return np.broadcast_to(value.mean(spatial, keepdims=True), value.shape)
    width = sigma * max(value.shape[axis] for axis in spatial)
    blurred: np.ndarray = gaussian_filter(value, width, mode="nearest", axes=spatial)
    return blurred


def _broadcast(baseline: np.ndarray, value: np.ndarray) -> np.ndarray:
    try:
        return np.broadcast_to(baseline, value.shape)
    except ValueError:
        raise ValueError(
            f"Expected a baseline that broadcasts to all images, {value.shape}, or to one, {value.shape[1:]}. "
            f"Received: shape={baseline.shape}"
        ) from None
