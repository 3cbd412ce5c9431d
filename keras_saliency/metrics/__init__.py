"""Numbers about maps: arrays in, one float64 number per map out.

A number that a map does not have (the rank correlation of a constant map, the entropy of an all-zero one) is
NaN, never 0; a map with a value that is not finite has no numbers. Row i depends on map i alone. Numbers that
need a model take a callable from images to scores or to maps.

`METRICS` says what each number is, and `NUMBERS` those of a look.
"""

from __future__ import annotations

from keras_saliency.metrics.base import Metric
from keras_saliency.metrics.catalogue import METRICS, NUMBERS
from keras_saliency.metrics.curves import (
    Curve,
    area_gain,
    deletion_area,
    deletion_curve,
    insertion_area,
    insertion_curve,
    orders_beaten,
    random_order_areas,
)
from keras_saliency.metrics.distribution import entropy, gini, mean_magnitude, zero_fraction
from keras_saliency.metrics.infidelity import infidelity
from keras_saliency.metrics.intervals import Interval, mean_interval
from keras_saliency.metrics.margins import border_enrichment, border_mask, corner_enrichment, corner_masks
from keras_saliency.metrics.pointing import pointing_game, relevance_rank_accuracy
from keras_saliency.metrics.reach import gradient_reach
from keras_saliency.metrics.regions import enrichment, mass_share
from keras_saliency.metrics.sensitivity import max_sensitivity
from keras_saliency.metrics.similarity import (
    absolute_rank_correlation,
    center_shift,
    correlation_of_ranks,
    cosine_similarity,
    drift,
    drift_from_start,
    rank_correlation,
    ranks,
    top_overlap,
)
from keras_saliency.metrics.structural import ssim
from keras_saliency.metrics.variation import total_variation

__all__ = [
    "METRICS",
    "NUMBERS",
    "Curve",
    "Interval",
    "Metric",
    "absolute_rank_correlation",
    "area_gain",
    "border_enrichment",
    "border_mask",
    "center_shift",
    "corner_enrichment",
    "corner_masks",
    "correlation_of_ranks",
    "cosine_similarity",
    "deletion_area",
    "deletion_curve",
    "drift",
    "drift_from_start",
    "enrichment",
    "entropy",
    "gini",
    "gradient_reach",
    "infidelity",
    "insertion_area",
    "insertion_curve",
    "mass_share",
    "max_sensitivity",
    "mean_interval",
    "mean_magnitude",
    "orders_beaten",
    "pointing_game",
    "random_order_areas",
    "rank_correlation",
    "ranks",
    "relevance_rank_accuracy",
    "ssim",
    "top_overlap",
    "total_variation",
    "zero_fraction",
]
