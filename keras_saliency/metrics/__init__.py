"""Numbers about maps: arrays in, one float64 number per map out.

A number that a map does not have (the rank correlation of a constant map, the entropy of an all-zero one) is
NaN, never 0; a map with a value that is not finite has no numbers. Row i depends on map i alone. Numbers that
need a model take a callable from images to scores or to maps.

None of `NUMBERS` has a better direction: maps move and sharpen because a network learns, forgets or changes
its mind, and only an experiment tells which.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from keras_saliency.metrics.base import Metric, Need
from keras_saliency.metrics.bootstrap import Interval, mean_interval
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
from keras_saliency.metrics.margins import border_enrichment, border_mask, corner_enrichment, corner_masks
from keras_saliency.metrics.pointing import pointing_game, relevance_rank_accuracy
from keras_saliency.metrics.regions import enrichment, mass_share
from keras_saliency.metrics.sensitivity import max_sensitivity
from keras_saliency.metrics.similarity import (
    absolute_rank_correlation,
    center_shift,
    correlation_of_ranks,
    cosine_similarity,
    drift,
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
    "enrichment",
    "entropy",
    "gini",
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

_SORT = "a sort of the pixels"
_ALONE = (
    Metric("magnitude", "none", mean_magnitude),
    Metric("entropy", "none", entropy, source="Shannon 1948"),
    Metric("gini", "none", gini, source="Hurley & Rickard 2009, arXiv:0811.4706", cost=_SORT),
    Metric("zero_fraction", "none", zero_fraction),
)
_SPEARMAN = "Spearman 1904; Adebayo et al. 2018, arXiv:1810.03292"
_GHORBANI = "Ghorbani et al. 2019, arXiv:1710.10547"
_ARRAS = "Arras et al. 2022, arXiv:2003.07258"
_PETSIUK = "Petsiuk et al. 2018, arXiv:1806.07421"
_YEH = "Yeh et al. 2019, arXiv:1901.09392"
_AGAINST: tuple[Need, ...] = ("reference",)
_INSIDE: tuple[Need, ...] = ("region",)
_ASKING: tuple[Need, ...] = ("images", "scores", "rng")

NUMBERS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            Metric("drift", "none", drift, _AGAINST, _SPEARMAN, _SORT),
            Metric("drift_from_start", "none", drift, _AGAINST, _SPEARMAN, _SORT),
            Metric("top_overlap", "none", top_overlap, _AGAINST, _GHORBANI, "a partial sort of the pixels"),
            Metric("center_shift", "none", center_shift, _AGAINST, _GHORBANI),
            *_ALONE,
        )
    }
)
"""The numbers of a look, in the order in which they are shown."""

METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        **NUMBERS,
        **{
            metric.name: metric
            for metric in (
                Metric("rank_correlation", "none", rank_correlation, _AGAINST, _SPEARMAN, _SORT),
                Metric(
                    "absolute_rank_correlation", "none", absolute_rank_correlation, _AGAINST, _SPEARMAN, _SORT
                ),
                Metric("cosine_similarity", "none", cosine_similarity, _AGAINST, "geometry"),
                Metric("ssim", "none", ssim, _AGAINST, "Wang et al. 2004", "5 Gaussian filters"),
                Metric("total_variation", "none", total_variation, source="Rudin, Osher & Fatemi 1992"),
                Metric("mass_share", "none", mass_share, _INSIDE, _ARRAS),
                Metric("enrichment", "none", enrichment, _INSIDE),
                Metric(
                    "pointing_game", "none", pointing_game, _INSIDE, "Zhang et al. 2016, arXiv:1608.00507"
                ),
                Metric("relevance_rank_accuracy", "none", relevance_rank_accuracy, _INSIDE, _ARRAS, _SORT),
                Metric("border_enrichment", "none", border_enrichment),
                Metric("corner_enrichment", "none", corner_enrichment),
                Metric("deletion_area", "lower", deletion_area, _ASKING, _PETSIUK, "steps + 1 scores"),
                Metric("insertion_area", "higher", insertion_area, _ASKING, _PETSIUK, "steps + 1 scores"),
                Metric("infidelity", "lower", infidelity, _ASKING, _YEH, "samples + 1 scores"),
                Metric(
                    "max_sensitivity",
                    "lower",
                    max_sensitivity,
                    ("images", "explain", "rng"),
                    _YEH,
                    "samples maps",
                ),
            )
        },
    }
)
"""Every metric by name: the numbers of a look, and those that need a region, a reference or a model besides."""
