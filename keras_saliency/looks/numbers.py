"""The numbers of a look by name, and what each of them is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from keras_saliency.metrics import METRICS, NUMBERS, Metric

PROBE_ACCURACY = (
    "Share of the labelled probes that the model predicts as labelled. Higher is better, but probes are few."
)


def enrichments(regions: Iterable[str]) -> dict[str, Metric]:
    """The enrichment of each region, by the name of the region."""
    of_any = METRICS["enrichment"]
    return {
        region: replace(
            of_any,
            name=f"{region}_enrichment",
            description=f"{of_any.description} This is the region `{region}`.",
        )
        for region in regions
    }


def descriptions(regions: Iterable[str]) -> dict[str, str]:
    """What each number of a look at probes with these regions is, by its name."""
    return {
        metric.name: f"{metric.description} {metric.direction}"
        for metric in (*NUMBERS.values(), *enrichments(regions).values())
    } | {"probe_accuracy": PROBE_ACCURACY}
