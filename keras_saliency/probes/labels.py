"""Class labels in the forms that people train with."""

from __future__ import annotations

from typing import Any

import numpy as np

LARGEST = 2**31 - 1
"""The largest class index; beyond it stand regression targets, and numbers that int64 cannot hold."""


def class_indices(labels: Any, count: int | None = None) -> np.ndarray:
    """`(n,)` int64 class indices from `(n,)` or `(n, 1)` whole numbers or from one-hot rows `(n, classes)`.

    Raises:
        ValueError: these are not class labels, or not `count` of them.
    """
    array = np.asarray(labels)
    if array.dtype.kind == "f":  # half precision cannot hold the largest index
        array = array.astype(np.promote_types(array.dtype, "float64"))
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2):
        raise ValueError(
            "Expected labels as (n,) or (n, 1) class indices or one-hot rows (n, classes). "
            f"Received: shape={array.shape}, dtype={array.dtype}"
        )
    if count is not None and len(array) != count:
        raise ValueError(f"Expected one label per image, {count} in all. Received: {len(array)} labels")
    if array.ndim == 2 and array.shape[1] != 1:
        if not (np.isin(array, (0, 1)).all() and (array.sum(1) == 1).all()):
            raise ValueError(
                "Labels with several columns must be one-hot: a single 1 in each row. For several labels per image, "
                f"choose the class to explain, image by image. Received: shape={array.shape}"
            )
        return np.asarray(array.argmax(1), "int64")
    indices = array.reshape(-1)
    possible = (indices >= 0) & (indices <= LARGEST) & (indices == np.floor(indices))  # not for NaN either
    if not possible.all():
        raise ValueError(
            "Labels are class indices: whole numbers from 0. For a regression give no labels. "
            f"Received: values from {indices.min()} to {indices.max()}"
        )
    return indices.astype("int64")
