"""The segments of an image, at several scales."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.ndimage import zoom

SIDE = 224
SCALES = (50, 100, 150, 250, 500, 1200)
SMOOTHING = 0.8
SMALLEST_SEGMENT = 150
DILATION = 5
SMALLEST_GAIN = 50
KEPT = 128
"""How many images' segments are kept: the same images are looked at again and again."""


def segment_masks(image: np.ndarray) -> np.ndarray:
    """Overlapping segments of an image `(height, width)` or with channels last: masks `(m, height, width)`.

    Felzenszwalb and Huttenlocher's segments (2004, doi:10.1023/B:VISI.0000022288.19776.77) of the image at 224 × 224
    pixels, at six scales, each a little dilated; the parameters are those of the authors of XRAI, sizes in proportion.

    Raises:
        ImportError: scikit-image is missing.
    """
    values = np.ascontiguousarray(image, "float32")
    labels = _labels(values.tobytes(), values.shape)
    masks = [labelled == label for labelled in labels for label in np.unique(labelled)]
    return np.stack(_dilated(masks, round(DILATION * min(image.shape[:2]) / SIDE)))


def smallest_gain(height: int, width: int) -> int:
    """The fewest pixels that a segment must add to those before it to count."""
    return max(1, round(SMALLEST_GAIN * height * width / SIDE**2))


@lru_cache(maxsize=KEPT)
def _labels(values: bytes, shape: tuple[int, ...]) -> np.ndarray:
    """The segments' numbers, `(scales, height, width)`."""
    try:
        from skimage.segmentation import felzenszwalb
    except ImportError as error:
        raise ImportError("XRAI needs scikit-image: pip install keras_saliency[regions]") from error
    image = np.frombuffer(values, "float32").reshape(*shape[:2], -1)
    lowest, span = image.min(), np.ptp(image)
    scaled = 2 * (image - lowest) / (span or 1) - 1
    large = zoom(scaled, (SIDE / shape[0], SIDE / shape[1], 1), order=3, mode="nearest", grid_mode=True)
    found = [
        felzenszwalb(
            np.clip(large, -1, 1), scale=scale, sigma=SMOOTHING, min_size=SMALLEST_SEGMENT, channel_axis=-1
        )
        for scale in SCALES
    ]
    rows, columns = (((np.arange(side) + 0.5) * SIDE / side).astype(int) for side in shape[:2])
    return np.stack([labels[np.ix_(rows, columns)] for labels in found])


def _dilated(masks: list[np.ndarray], radius: int) -> list[np.ndarray]:
    if radius < 1:
        return masks
    from skimage.morphology import dilation, disk

    return [dilation(mask, disk(radius)) for mask in masks]
