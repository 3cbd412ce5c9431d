"""The places of a finding: masks as text, which JSON holds, and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_saliency.reports.result import CheckResult


def as_rows(mask: np.ndarray) -> list[str]:
    """A mask `(height, width)` as a text of `0` and `1` for each of its rows."""
    return ["".join(map(str, row)) for row in mask.astype(int).tolist()]


def as_masks(value: Any) -> np.ndarray | None:
    """Masks `(height, width)` or `(k, height, width)` from booleans or such texts; None where these are none."""
    if isinstance(value, np.ndarray):
        return value if value.dtype == bool and value.ndim in (2, 3) and value.size else None
    if not isinstance(value, list) or not value:
        return None
    if isinstance(value[0], list):
        masks = [as_masks(part) if isinstance(part, list) else None for part in value]
        shapes = {None if mask is None else mask.shape for mask in masks}
        return np.stack(masks) if len(shapes) == 1 and len(shapes.pop() or ()) == 2 else None  # type: ignore[arg-type]
    is_text = all(isinstance(row, str) and row and not set(row) - {"0", "1"} for row in value)
    if not is_text or len({len(row) for row in value}) > 1:
        return None
    return np.array([[letter == "1" for letter in row] for row in value])


def proven_places(result: CheckResult) -> Iterator[tuple[str, np.ndarray]]:
    """The places of a finding, each `(height, width)`, with names after that of the check."""
    masks = as_masks(result.details.get("region"))
    if masks is not None:
        for number, mask in enumerate(masks.reshape(-1, *masks.shape[-2:]), 1):
            yield (result.name if number == 1 else f"{result.name}_{number}"), mask
