"""What two models look at on the same images, compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from keras_saliency import metrics
from keras_saliency.explanation.explanation import Explanation
from keras_saliency.probes.targets import PREDICTED
from keras_saliency.render.cells import Backdrop, Cells


@dataclass(frozen=True)
class Difference:
    """Two explanations of the same `n` images by one method, of a model before and after.

    Raises:
        ValueError: they explain other images, by other methods, or have maps of another size.
    """

    before: Explanation
    after: Explanation

    def __post_init__(self) -> None:
        kinds = [
            (one.probes.fingerprint, one.method, one.image_maps.shape) for one in (self.before, self.after)
        ]
        if kinds[0] != kinds[1]:
            raise ValueError(
                "Expected maps of the same images, by one method and of one shape. Received: "
                + " and ".join(
                    f"maps {shape} by {method} of the probe set {of[:12]}" for of, method, shape in kinds
                )
            )

    @cached_property
    def correlation(self) -> np.ndarray:
        """Spearman's rank correlation of each signed map with the one before, `(n,)`; NaN where one is constant."""
        return metrics.rank_correlation(self.after.image_maps, self.before.image_maps)

    @property
    def flipped(self) -> np.ndarray:
        """For which images the models predict other classes, `(n,)` booleans; none where a model has no classes."""
        then, now = self.before.predicted_classes, self.after.predicted_classes
        flipped: np.ndarray = (then != now) & (then != PREDICTED) & (now != PREDICTED)
        return flipped

    @property
    def accuracy(self) -> tuple[float, float] | None:
        """The share of right predictions before and after; None without labels or classes."""
        labels, predicted = (
            self.before.probes.labels,
            (self.before.predicted_classes, self.after.predicted_classes),
        )
        if labels is None or any((classes == PREDICTED).any() for classes in predicted):
            return None
        then, now = ((classes == labels).mean() for classes in predicted)
        return float(then), float(now)

    @property
    def enrichment(self) -> Mapping[str, tuple[float, float]]:
        """The mean enrichment of each region before and after, over the images that have it; NaN where there is none.

        1 is what a map that knows of no region has.
        """
        regions = self.before.probes.regions if self.before.has_image else {}
        both = [one.heatmaps("magnitude") for one in (self.before, self.after)] if regions else []
        means = {
            name: [_mean(metrics.enrichment(maps, mask)) for maps in both] for name, mask in regions.items()
        }
        return {name: (then, now) for name, (then, now) in means.items()}

    def cells(self) -> dict[str, Cells]:
        """Pictures of each image: itself, the magnitude before and after over it, and the change of the signed map.

        Raises:
            ValueError: no input is an image.
        """
        then, now = (one.heatmaps("magnitude") for one in (self.before, self.after))
        pictures = self.before.pictures()
        backdrop = Backdrop.of(pictures, then.shape[1:])
        return {
            "input": backdrop.inputs(pictures),
            "before": backdrop.magnitudes(then),
            "after": backdrop.magnitudes(now),
            "change": backdrop.changes(self.after.heatmaps("signed"), self.before.heatmaps("signed")),
        }


def _mean(values: np.ndarray) -> float:
    """Of the values that are there; NaN where there is none."""
    there = values[np.isfinite(values)]
    return float(there.mean()) if there.size else float("nan")
