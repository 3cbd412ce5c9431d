"""Do the pixels that a map calls strong matter to the score?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from scipy.ndimage import sobel
from typing_extensions import override

from keras_saliency import metrics
from keras_saliency.arguments import is_real, keep_whole
from keras_saliency.checks.base import Check, judged, skipped
from keras_saliency.checks.shared.exhibits import worst_probe
from keras_saliency.checks.shared.pixels import Pixels
from keras_saliency.errors import CheckDoesNotApplyError
from keras_saliency.reports.result import About, CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject

FEWEST = 4
_CHANCE = 0.5
_SIGMA = 0.1
_KINDS: tuple[tuple[Literal["deletion", "insertion"], Any, Literal["lower", "higher"]], ...] = (
    ("deletion", metrics.deletion_area, "lower"),
    ("insertion", metrics.insertion_area, "higher"),
)
_DEVIATIONS = 2.33  # one map in a hundred that knows nothing gets further


@dataclass(frozen=True)
class Faithfulness(Check):
    """Taking out or putting in the strongest pixels first moves the score more than a random order does.

    Deletion and insertion curves of each probe (Petsiuk et al. 2018, arXiv:1806.07421) in the order of its
    magnitude, against curves of the same probe in random orders. What is judged is the share of random orders
    beaten, the mean over both curves and all probes: 0.5 is a map that knows nothing, 1 beats every order.

    The check passes where the share is at least `limit`, and more than one in a hundred maps that know nothing would
    reach. It fails where the share is at most one standard deviation above 0.5, as for most such maps. Between the two
    it warns. A map that shows edges beats most random orders too (its share stands in the details): a pass says only
    that a map is not noise. Costs 2 × (`orders` + 2) × (`steps` + 1) forward passes per probe.

    Args:
        limit: the least mean share of random orders beaten.
        orders: how many random orders.
        steps: how many times pixels are changed, the same number each time.
        baseline: what takes the place of a pixel, as in `ks.IntegratedGradients`: `"mean"`, `"blur"`, a number
            or an array.

    Example:
        >>> report = ks.check(model, probes, ks.Faithfulness(orders=10))
        >>> report.results[0].status
        'passed'
    """

    limit: float = 0.65
    orders: int = 20
    steps: int = 10
    baseline: Any = "mean"
    name: str = "faithfulness"

    registered: ClassVar[str] = "faithfulness"
    about: ClassVar[About] = "maps"
    cheap: ClassVar[bool] = False

    def __post_init__(self) -> None:
        keep_whole(self, "orders")
        keep_whole(self, "steps")
        if not is_real(self.limit) or not 0.5 < self.limit <= 1:
            raise ValueError(f"Expected a limit above 0.5, which is chance. Received: limit={self.limit!r}")

    @override
    def run(self, subject: Subject) -> CheckResult:
        pixels = Pixels.of(subject)
        if pixels is None:
            raise CheckDoesNotApplyError("None of the inputs is an image whose pixels could be taken out.")
        maps = subject.explanation.heatmaps("magnitude")
        if maps.shape[1:] != pixels.size:
            raise CheckDoesNotApplyError("The maps have another size than what is explained.")
        beaten, by_edges = self._beaten(pixels, [maps, _edges(pixels)], subject.rng(self.name))
        known = ~np.isnan(beaten).any(0)
        if known.sum() < FEWEST:
            return skipped(
                self,
                f"{known.sum()} probes have a map with an order; fewer than {FEWEST} do not tell chance from skill.",
            )
        value = float(beaten[:, known].mean())
        deviation = self._deviation(int(known.sum()))
        needed = max(self.limit, _CHANCE + _DEVIATIONS * deviation)
        sentence = (
            f"Changing the strong pixels first beats {value:.0%} of the random orders (deletion and insertion)"
            + ("." if value >= needed else f", of {needed:.0%} asked for; maps that know nothing beat 50%.")
        )
        return judged(
            self,
            value,
            needed,
            "at_least",
            sentence,
            otherwise="warned" if value > _CHANCE + deviation else "failed",
            per_probe={"deletion": beaten[0], "insertion": beaten[1]},
            pictures={} if value >= needed else worst_probe(subject, beaten.mean(0)),
            details={
                "standard deviation of maps that know nothing": deviation,
                "deletion": float(beaten[0, known].mean()),
                "insertion": float(beaten[1, known].mean()),
                "edges of the images, as a control": float(np.nanmean(by_edges)),
            },
        )

    def _beaten(self, pixels: Pixels, maps: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
        """For each set of maps the share of random orders that it beats, `(2, n)`: deletion, insertion."""
        from keras_saliency.methods.shared.baselines import as_baseline, baseline_values

        axis, images = pixels.channel_axis, pixels.images
        fill = baseline_values(as_baseline(self.baseline), [images], [axis], _SIGMA)[0]
        found = []
        for kind, area, better in _KINDS:
            random = metrics.random_order_areas(
                kind,
                images,
                pixels.scores,
                rng,
                orders=self.orders,
                baseline=fill,
                steps=self.steps,
                channel_axis=axis,
            )
            areas = [
                area(values, images, pixels.scores, rng, baseline=fill, steps=self.steps, channel_axis=axis)
                for values in maps
            ]
            found.append([metrics.orders_beaten(values, random, better) for values in areas])
        return list(np.swapaxes(np.array(found), 0, 1))

    def _deviation(self, probes: int) -> float:
        """The standard deviation of the mean share of maps that know nothing; every rank is equally likely."""
        # A share is one of 0, 1/orders, …, 1, all equally likely: variance (orders + 2) / (12 · orders). The two curves
        # of a probe count as one, as they may agree entirely.
        return float(np.sqrt((self.orders + 2) / (12 * self.orders * probes)))


def _edges(pixels: Pixels) -> np.ndarray:
    """The magnitude of Sobel's gradient of each image, `(n, height, width)`, the largest over the channels."""
    images = pixels.images if pixels.images.ndim == 4 else pixels.images[..., None]
    axis = pixels.channel_axis if pixels.images.ndim == 4 else -1
    down, across = (sobel(images, i) for i in ((2, 3) if axis == 1 else (1, 2)))
    return np.asarray(np.hypot(down, across).max(axis))
