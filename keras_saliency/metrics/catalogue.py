"""Every metric by name: the one place that says what each number is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from keras_saliency.metrics import (
    curves,
    distribution,
    infidelity,
    margins,
    pointing,
    reach,
    regions,
    sensitivity,
    similarity,
    structural,
    variation,
)
from keras_saliency.metrics.base import Metric

_SPEARMAN = "Spearman 1904; Adebayo et al. 2018, arXiv:1810.03292"
_GHORBANI = "Ghorbani et al. 2019, arXiv:1710.10547"
_ARRAS = "Arras et al. 2022, arXiv:2003.07258"
_PETSIUK = "Petsiuk et al. 2018, arXiv:1806.07421"
_YEH = "Yeh et al. 2019, arXiv:1901.09392"
_SORT = "a sort of the pixels"

_OF_A_LOOK = (
    Metric(
        "drift",
        similarity.drift,
        "1 − Spearman's rank correlation of the signed maps with those of the look before: 0 is the same order "
        "of the pixels, 1 unrelated, 2 reversed.",
        source=_SPEARMAN,
        cost=_SORT,
    ),
    Metric(
        "drift_from_start",
        similarity.drift_from_start,
        "1 − Spearman's rank correlation of the signed maps with those of the first look: 0 is the same order "
        "of the pixels, 1 unrelated, 2 reversed.",
        source=_SPEARMAN,
        cost=_SORT,
    ),
    Metric(
        "top_overlap",
        similarity.top_overlap,
        "Intersection over union of the strongest 5 % of the pixels with those of the look before: 0 is none "
        "in common, 1 the same pixels.",
        source=_GHORBANI,
        cost="a partial sort of the pixels",
    ),
    Metric(
        "center_shift",
        similarity.center_shift,
        "Distance of the centroid of the magnitude from that of the look before ÷ the diagonal of the image: 0 "
        "is the same place, 1 from a corner to the opposite one.",
        source=_GHORBANI,
    ),
    Metric(
        "magnitude",
        distribution.mean_magnitude,
        "Mean absolute value of the maps, in their own unit: 0 is an all-zero map, and there is no upper end.",
    ),
    Metric(
        "entropy",
        distribution.entropy,
        "Entropy of the magnitude as a distribution over the pixels ÷ log(pixels): 0 is a single pixel, 1 all "
        "pixels alike. It often falls in training whether or not the model generalises.",
        source="Shannon 1948",
    ),
    Metric(
        "gini",
        distribution.gini,
        "Gini index of the magnitude, × pixels / (pixels − 1): 0 is all pixels alike, 1 a single pixel.",
        source="Hurley & Rickard 2009, arXiv:0811.4706",
        cost=_SORT,
    ),
    Metric(
        "zero_fraction",
        distribution.zero_fraction,
        "Share of the values that are exactly zero: 0 is none, 1 all of them.",
    ),
)

_OTHERS = (
    Metric(
        "rank_correlation",
        similarity.rank_correlation,
        "Spearman's rank correlation of the signed values, ties at their mean rank: 1 is the same order of the "
        "pixels, 0 unrelated, −1 reversed.",
        source=_SPEARMAN,
        cost=_SORT,
    ),
    Metric(
        "absolute_rank_correlation",
        similarity.absolute_rank_correlation,
        "Spearman's rank correlation of the absolute values: 1 is the same order of the pixels, 0 unrelated, "
        "−1 reversed. High for any two maps with an empty background in common.",
        source=_SPEARMAN,
        cost=_SORT,
    ),
    Metric(
        "cosine_similarity",
        similarity.cosine_similarity,
        "Cosine of the angle between the signed maps, of which nothing is centred: 1 is the same but for the "
        "scale, 0 at right angles, −1 the opposite.",
        source="geometry",
    ),
    Metric(
        "ssim",
        structural.ssim,
        "Structural similarity of the magnitudes, each ÷ its maximum, in Gaussian windows of 11 × 11 pixels: 1 "
        "is the same but for the scale, 0 unrelated, and −1 is the lower end. Needs `keras_saliency[regions]`.",
        source="Wang et al. 2004",
        cost="5 Gaussian filters",
    ),
    Metric(
        "total_variation",
        variation.total_variation,
        "Sum of the differences between neighbouring pixels ÷ sum of the absolute values: 0 is a flat map, 4/3 "
        "white noise of one sign, 4 a checkerboard of both signs.",
        source="Rudin, Osher & Fatemi 1992",
    ),
    Metric(
        "mass_share",
        regions.mass_share,
        "Share of the magnitude inside the region, known as relevance mass accuracy: 0 is nothing, 1 all of it.",
        source=_ARRAS,
    ),
    Metric(
        "enrichment",
        regions.enrichment,
        "Share of the magnitude inside the region ÷ the region's share of the area: 0 is nothing inside, 1 is "
        "chance, and 1 ÷ the region's share of the area is the upper end.",
    ),
    Metric(
        "pointing_game",
        pointing.pointing_game,
        "Whether the strongest pixel lies in the region, or within a tolerance of it: 1 is a hit, 0 a miss. "
        "Pixels that tie for the strongest share the hit.",
        source="Zhang et al. 2016, arXiv:1608.00507",
    ),
    Metric(
        "relevance_rank_accuracy",
        pointing.relevance_rank_accuracy,
        "Share of the k strongest pixels that lie in the region of k pixels: 0 is none, 1 all of them, and the "
        "region's share of the area is chance. Ties count by their chance of a place.",
        source=_ARRAS,
        cost=_SORT,
    ),
    Metric(
        "border_enrichment",
        margins.border_enrichment,
        "Share of the magnitude in a border of 15 % of each side ÷ the border's share of the area: 0 is nothing "
        "there, 1 is chance.",
    ),
    Metric(
        "corner_enrichment",
        margins.corner_enrichment,
        "Share of the magnitude in the four corners, each 15 % of the sides, ÷ their share of the area: 0 is "
        "nothing there, 1 is chance.",
    ),
    Metric(
        "deletion_area",
        curves.deletion_area,
        "Mean score while pixels are replaced, those with the highest values of the map first; in the unit of "
        "the score.",
        "lower",
        _PETSIUK,
        "steps + 1 scores",
    ),
    Metric(
        "insertion_area",
        curves.insertion_area,
        "Mean score while pixels are put back into the baseline, those with the highest values of the map "
        "first; in the unit of the score.",
        "higher",
        _PETSIUK,
        "steps + 1 scores",
    ),
    Metric(
        "infidelity",
        infidelity.infidelity,
        "Mean squared error of I · map as a forecast of the change of the score when a Gaussian I is taken off "
        "the image: 0 is an exact forecast, and there is no upper end.",
        "lower",
        _YEH,
        "samples + 1 scores",
    ),
    Metric(
        "max_sensitivity",
        sensitivity.max_sensitivity,
        "Largest relative change of the map within a small box around the image: 0 is no change, 1 a change as "
        "large as the map.",
        "lower",
        _YEH,
        "samples maps",
    ),
    Metric(
        "gradient_reach",
        reach.gradient_reach,
        "Longest step along a gradient, as the root mean square of the change ÷ the range of the image, over which it "
        "foretells the change of the score to within half of it: 0 is none, 1 (the longest tried) a score that is "
        "nearly linear.",
        cost="9 scores",
    ),
)

NUMBERS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _OF_A_LOOK})
"""The numbers of a look, in the order in which they are shown. None of them has a better direction: maps move and
sharpen because a network learns, forgets or changes its mind, and only an experiment tells which."""

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in (*_OF_A_LOOK, *_OTHERS)})
"""The numbers of a look, and those that need a region, a reference or a model besides."""
