"""What the curves show, in the words that TensorBoard puts beside them."""

from __future__ import annotations

PROBE_ACCURACY = (
    "Share of the labelled probes that the model predicts as labelled. Higher is better, but probes are few."
)

CHECK = "1 where the check passed or only warned, 0 where it failed; nothing where it could not be made."

_NUMBERS = {
    "drift": "1 − Spearman's rank correlation of the signed maps with those of the look before: 0 is the "
    "same order of pixels, 1 unrelated, 2 reversed.",
    "drift_from_start": "1 − Spearman's rank correlation of the signed maps with those of the first look: "
    "0 is the same order of pixels, 1 unrelated, 2 reversed.",
    "top_overlap": "Intersection over union of the top 5 % of the magnitude with those of the look before: "
    "0 is none, 1 the same.",
    "center_shift": "Distance between the centroid of the magnitude and that of the look before ÷ the "
    "diagonal of the image.",
    "magnitude": "Mean absolute value of the maps.",
    "entropy": "Entropy of the magnitude as a distribution ÷ log(pixels): 0 is one pixel, 1 all alike. It "
    "often falls in training whether or not the model generalises.",
    "gini": "Gini index of the magnitude: 0 is flat, 1 one pixel.",
    "zero_fraction": "Share of the values that are exactly zero.",
}
_ENRICHMENT = "_enrichment"


def describe(number: str) -> str:
    """What a number is and whether a direction is better; empty for a number that is not known here."""
    if number.endswith(_ENRICHMENT):
        return _describe_enrichment(number.removesuffix(_ENRICHMENT))
    return f"{_NUMBERS[number]} Mean over the probes. Neither way is better." if number in _NUMBERS else ""


def _describe_enrichment(region: str) -> str:
    return (
        f"Share of the magnitude inside the region `{region}` ÷ the region's share of the area; 1 is chance. "
        "Mean over the probes. Which way is better depends on the region."
    )
