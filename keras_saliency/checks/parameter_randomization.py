"""Do the maps depend on what the model has learned?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.ndimage import correlate1d
from typing_extensions import override

from keras_saliency import metrics
from keras_saliency.arguments import keep_real, keep_whole
from keras_saliency.checks.base import Check, judged
from keras_saliency.checks.shared.statistics import median
from keras_saliency.errors import CheckDoesNotApplyError, SaliencyError
from keras_saliency.reports.result import About, CheckResult

if TYPE_CHECKING:
    from keras_saliency.checks.shared.subject import Subject
    from keras_saliency.engine import Question, WeightedLayer

MODES = ("full", "cascading", "independent")
UNSIGNED_LIMIT = 0.999
_SLOPE, _SMOOTH = (-1, 0, 1), (1, 2, 1)


@dataclass(frozen=True)
class RandomizedMaps:
    """What is left of the maps once some layers are random: the layer that was added, and `(n,)` correlations."""

    layer: str
    signed: np.ndarray
    absolute: np.ndarray

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "layer": self.layer,
            "signed": _number(median(self.signed)),
            "absolute": _number(median(self.absolute)),
        }


@dataclass(frozen=True)
class ParameterRandomization(Check):
    """Maps of a network with random weights do not look like those of the trained one.

    The test of Adebayo et al. 2018 (arXiv:1810.03292).

    The median over the probes of the rank correlation of signed maps is judged; absolute maps of images with an
    empty background look alike whatever the weights are. Each layer's weights are drawn again by its own
    initializers, or permuted where these cannot be read; the model keeps its weights. The predicted classes stay
    those of the trained network. `details` has the same for absolute maps, and controls from the same run: the
    correlation of the maps with an edge map of the images, with noise, and with a second look.

    A method without a sign is only asked whether its maps depend on the weights at all.

    Costs the maps once more for each draw (`"full"`) or each layer with weights, and once for the second look.

    Args:
        mode: `"full"`: all layers at once; `"cascading"`: from the output down, one layer more at a time, judged at
            the end; `"independent"`: one layer at a time, judged where least is left.
        limit: the highest median correlation.
        draws: how often all layers are drawn (`"full"`).
        name: by default `parameter_randomization`, with the mode behind it if it is not `"full"`.

    Example:
        >>> report = ks.check(model, probes, ks.ParameterRandomization(mode="cascading"))
        >>> report.results[0].status
        'passed'
    """

    mode: str = "full"
    limit: float = 0.2
    draws: int = 1
    name: str = ""

    registered: ClassVar[str] = "parameter_randomization"
    about: ClassVar[About] = "maps"
    cheap: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(
                f"Expected mode to be one of {', '.join(map(repr, MODES))}. Received: mode={self.mode!r}"
            )
        keep_real(self, "limit", least=-1, most=1)
        keep_whole(self, "draws")
        suffix = "" if self.mode == "full" else f"_{self.mode}"
        object.__setattr__(self, "name", self.name or f"parameter_randomization{suffix}")

    @override
    def run(self, subject: Subject) -> CheckResult:
        if fixed := subject.question.model.fixed_weights:
            raise CheckDoesNotApplyError(fixed)
        stages = list(self.stages(subject))
        if self.mode == "full":
            signed = np.median([stage.signed for stage in stages], axis=0)
        elif self.mode == "cascading":
            signed = stages[-1].signed
        else:
            signed = min(stages, key=lambda stage: _nan_as(median(stage.signed), 2.0)).signed
        value = median(signed)
        details = {"stages": [stage.as_json() for stage in stages], "controls": controls(subject)}
        if np.isnan(value):
            return CheckResult(
                self.name,
                "warned",
                "With random weights all maps are constant, so they have no rank correlation with those of the model.",
                details=details,
            )
        has_sign = subject.method.has_sign
        limit = self.limit if has_sign else max(self.limit, UNSIGNED_LIMIT)
        found = f"With random weights the maps keep a rank correlation of {value:.2f} with those of the model"
        if value > limit:
            sentence = f"{found}: they show something else than what it has learned."
        elif has_sign:
            sentence = f"{found}: they come from what it has learned."
        else:
            sentence = f"{found}: they depend on its weights; more cannot be told from maps without a sign."
        return judged(
            self, value, limit, "at_most", sentence, per_probe={"correlation": signed}, details=details
        )

    def stages(self, subject: Subject) -> Iterator[RandomizedMaps]:
        """What is left of the maps, stage by stage.

        Raises:
            SaliencyError: the randomisation changed no weight.
        """
        own = subject.rows()
        ranks, absolute = subject.ranks, metrics.ranks(np.abs(own))
        for name, question in self._questions(subject):
            rows = subject.rows(question)
            yield RandomizedMaps(
                name,
                metrics.correlation_of_ranks(metrics.ranks(rows), ranks),
                metrics.correlation_of_ranks(metrics.ranks(np.abs(rows)), absolute),
            )

    def _questions(self, subject: Subject) -> Iterator[tuple[str, Question]]:
        """The question with random weights, stage by stage; a stage that changed no weight is left out."""
        settled, model = subject.question.settled, subject.question.model
        layers = settled.weighted_layers()
        own, changed = model.weights(), False
        for name, chosen, rng in self._plan(layers, subject.rng("parameter_randomization")):
            values = model.fresh_weights(chosen, rng, own)
            if not all(np.array_equal(value, other) for value, other in zip(values, own, strict=True)):
                changed = True
                yield name, settled.with_weights(values)
        if not changed:
            names = ", ".join(layer.name for layer in layers) or "no layer has weights"
            raise SaliencyError(f"The randomisation changed no weight of the model ({names}).")

    def _plan(
        self, layers: Sequence[WeightedLayer], rng: np.random.Generator
    ) -> Iterator[tuple[str, Sequence[WeightedLayer], np.random.Generator]]:
        """The name of each stage, the layers that are random in it, and where their numbers come from."""
        if self.mode == "full":
            for _ in range(self.draws):
                yield "all", layers, rng
        elif self.mode == "independent":
            for layer in layers:
                yield layer.name, [layer], rng
        else:
            seed = int(rng.integers(2**31))
            for count, layer in enumerate(layers, 1):
                # The same seed again: what was random before stays as it was.
                yield layer.name, layers[:count], np.random.default_rng(seed)


def controls(subject: Subject) -> dict[str, float | None]:
    """The median rank correlation of the maps with an edge map of the images, with noise, and with a second look."""
    own, again = subject.rows(), subject.rows(subject.again)
    ranked = {
        "noise": metrics.ranks(subject.rng("noise").normal(size=own.shape)),
        "second look": subject.ranks if np.array_equal(again, own) else metrics.ranks(again),
    }
    axes = subject.question.anatomy.layout.explained
    drawn = np.concatenate(list(map(_drawn, subject.question.values, axes)), axis=1)
    if drawn.shape == own.shape:
        ranked["edges"] = metrics.ranks(drawn)
    return {
        name: _number(median(metrics.correlation_of_ranks(ranks, subject.ranks)))
        for name, ranks in ranked.items()
    }


def edges(images: np.ndarray) -> np.ndarray:
    """The length of the Sobel gradient of each image over its rows and columns; channels one by one.

    Args:
        images: `(n, height, width)` or `(n, height, width, channels)`.
    """
    array = np.asarray(images, np.result_type(images, "float32"))
    rows = correlate1d(correlate1d(array, _SLOPE, axis=1), _SMOOTH, axis=2)
    columns = correlate1d(correlate1d(array, _SLOPE, axis=2), _SMOOTH, axis=1)
    return np.asarray(np.hypot(rows, columns))


def _drawn(values: np.ndarray, channel_axis: int | None) -> np.ndarray:
    """The edges of images as rows; other inputs as they are."""
    if channel_axis is None:
        return values.reshape(len(values), -1)
    if values.ndim == 4 and channel_axis == 1:
        return np.moveaxis(edges(np.moveaxis(values, 1, -1)), -1, 1).reshape(len(values), -1)
    return edges(values).reshape(len(values), -1)


def _nan_as(value: float, other: float) -> float:
    return other if np.isnan(value) else value


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
