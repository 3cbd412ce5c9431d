"""Whether maps sum to the change of the score that they distribute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

ENOUGH = 0.05
"""The share of the change that a map may miss: Sundararajan et al. 2017 hold it to be enough."""
LEAST_SHARE = 0.001
RESOLVED, RESOLVED_HALF = 1e-4, 0.5
NAMED = 5


def completeness_error(
    delta: np.ndarray, change: np.ndarray, magnitude: np.ndarray, scores: np.ndarray, *, half: bool
) -> np.ndarray:
    """By which share of the change of the score maps miss it, `(n,)` float64; NaN where something is not finite.

    |delta| ÷ |change|. Where the score ends nearly where it began, its change says nothing about the size of a miss. So
    the change counts as at least 0.1 % of the map's magnitude, and as 0.01 % of the score (half of it where the model
    computes with fewer than 32 bits), which rounding leaves of it. The error of an image depends on this image alone.

    Args:
        delta: `(n,)`, the sum of each map minus the change of the score.
        change: `(n,)`, that change; the mean size of the changes where maps are means over several paths.
        magnitude: `(n,)`, the sum of the absolute values of each map.
        scores: `(n,)`, of the images.
        half: whether the model computes with fewer than 32 bits.
    """
    delta, change, scores = (np.asarray(values, "float64") for values in (delta, change, scores))
    largest = np.maximum(np.abs(scores), np.abs(scores - change))
    least = np.maximum(LEAST_SHARE * magnitude, (RESOLVED_HALF if half else RESOLVED) * largest)
    scale = np.maximum(np.abs(change), least)
    error: np.ndarray = np.divide(np.abs(delta), scale, out=np.zeros(len(delta)), where=scale != 0)
    return error


def incomplete(diagnostics: Mapping[str, Any]) -> list[int]:
    """The images whose maps miss the change of the score by more than is tolerated, by position."""
    errors = np.asarray(diagnostics.get("completeness_error", ()), "float64")
    tolerance = diagnostics.get("completeness_tolerance", ENOUGH)
    return np.flatnonzero(~(errors <= tolerance)).tolist()


def incomplete_sentence(diagnostics: Mapping[str, Any], names: Sequence[str]) -> str:
    """The sentence that names the images whose maps miss the change of the score; empty where there are none.

    Args:
        diagnostics: of a method.
        names: of the images.
    """
    rows = incomplete(diagnostics)
    if not rows:
        return ""
    errors, tolerance = diagnostics["completeness_error"], diagnostics.get("completeness_tolerance", ENOUGH)
    told = ", ".join(f"{names[row]} ({errors[row]:.1%})" for row in rows[:NAMED])
    more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    return (
        f"The maps of {len(rows)} of {len(errors)} images miss the change of the score that they distribute by more "
        f"than {100 * tolerance:g} % of it: {told}{more}. Let the method take more "
        "gradients (max_steps, steps or samples), or keep nearer to the straight line (max_distance)."
    )
