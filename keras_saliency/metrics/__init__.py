"""Numbers about maps: arrays in, one float64 number per map out.

A number that a map does not have (the rank correlation of a constant map, the entropy of an all-zero one) is
NaN, never 0; a map with a value that is not finite has no numbers. Row i depends on map i alone.

None of `NUMBERS` has a better direction: maps move and sharpen because a network learns, forgets or changes
its mind, and only an experiment tells which.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from keras_saliency.metrics.base import Metric
from keras_saliency.metrics.distribution import entropy, gini, mean_magnitude, zero_fraction
from keras_saliency.metrics.regions import enrichment, mass_share
from keras_saliency.metrics.similarity import (
    center_shift,
    correlation_of_ranks,
    drift,
    rank_correlation,
    ranks,
    top_overlap,
)

__all__ = [
    "NUMBERS",
    "Metric",
    "center_shift",
    "correlation_of_ranks",
    "drift",
    "enrichment",
    "entropy",
    "gini",
    "mass_share",
    "mean_magnitude",
    "rank_correlation",
    "ranks",
    "top_overlap",
    "zero_fraction",
]

NUMBERS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            Metric("drift", "none", drift, compares=True),
            Metric("drift_from_start", "none", drift, compares=True),
            Metric("top_overlap", "none", top_overlap, compares=True),
            Metric("center_shift", "none", center_shift, compares=True),
            Metric("magnitude", "none", mean_magnitude, compares=False),
            Metric("entropy", "none", entropy, compares=False),
            Metric("gini", "none", gini, compares=False),
            Metric("zero_fraction", "none", zero_fraction, compares=False),
        )
    }
)
"""The numbers of a look, in the order in which they are shown."""
