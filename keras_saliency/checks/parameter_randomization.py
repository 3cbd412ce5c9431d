"""Do the maps depend on what the model has learned?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.ndimage import sobel

from keras_saliency import metrics
from keras_saliency.checks.base import CheckResult, judged
from keras_saliency.checks.statistics import median
from keras_saliency.errors import SaliencyError

if TYPE_CHECKING:
    from keras_saliency.checks.subject import Subject
    from keras_saliency.engine import ScoredModel, WeightedLayer

MODES = ("full", "cascading", "independent")
UNSIGNED_LIMIT = 0.999


@dataclass(frozen=True)
class Stage:
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
class ParameterRandomization:
    """Maps of a network with random weights do not look like those of the trained one.

    The test of Adebayo et al. 2018 (arXiv:1810.03292).

    The median over the probes of the rank correlation of signed maps is judged; absolute maps of images with an
    empty background look alike whatever the weights are. Each layer's weights are drawn again by its own
    initializers, or permuted where these cannot be read; the model keeps its weights. The predicted classes stay
    those of the trained network. `details` has the same for absolute maps, and controls from the same run: the
    correlation of the maps with an edge map of the images, with noise, and with a second look.

    A method without a sign is only asked whether its maps depend on the weights at all.

    Costs the maps once more for each draw (`"full"`), or once for each layer with weights.

    Args:
        mode: `"full"`: all layers at once; `"cascading"`: from the output down, one layer more at a time, judged at
            the end; `"independent"`: one layer at a time, judged where least is left.
        limit: the highest median correlation.
        draws: how often all layers are drawn (`"full"`).
        name: by default `parameter_randomization`, with the mode behind it if it is not `"full"`.
    """

    mode: str = "full"
    limit: float = 0.5
    draws: int = 3
    name: str = ""

    registered: ClassVar[str] = "parameter_randomization"
    cheap: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(
                f"Expected mode to be one of {', '.join(map(repr, MODES))}. Received: mode={self.mode!r}"
            )
        suffix = "" if self.mode == "full" else f"_{self.mode}"
        object.__setattr__(self, "name", self.name or f"parameter_randomization{suffix}")

    def run(self, subject: Subject) -> CheckResult:
        """See `Check`."""
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

    def stages(self, subject: Subject) -> Iterator[Stage]:
        """What is left of the maps, stage by stage.

        Raises:
            SaliencyError: the randomisation changed no weight.
        """
        own = subject.rows()
        ranks, absolute = metrics.ranks(own), metrics.ranks(np.abs(own))
        for name, model in self._models(subject):
            rows = subject.rows(subject.explain(target=subject.fixed_target, model=model))
            yield Stage(
                name,
                metrics.correlation_of_ranks(metrics.ranks(rows), ranks),
                metrics.correlation_of_ranks(metrics.ranks(np.abs(rows)), absolute),
            )

    def _models(self, subject: Subject) -> Iterator[tuple[str, ScoredModel]]:
        layers = subject.model.weighted_layers(subject.probes.images, subject.target)
        rng = subject.rng("parameter_randomization")
        if self.mode == "full":
            for _ in range(self.draws):
                yield "all", _randomized(subject, layers, rng)
        elif self.mode == "independent":
            for layer in layers:
                yield layer.name, _randomized(subject, [layer], rng)
        else:
            seed = int(rng.integers(2**31))
            for count, layer in enumerate(layers, 1):
                # The same seed again: what was random before stays as it was.
                yield layer.name, _randomized(subject, layers[:count], np.random.default_rng(seed))


def _randomized(subject: Subject, layers: Sequence[WeightedLayer], rng: np.random.Generator) -> ScoredModel:
    own = subject.model.weights()
    model, values = subject.model.randomized(layers, rng)
    if all(np.array_equal(value, other) for value, other in zip(values, own, strict=True)):
        names = ", ".join(layer.name for layer in layers) or "no layer has weights"
        raise SaliencyError(f"The randomisation changed no weight of the model ({names}).")
    return model


def controls(subject: Subject) -> dict[str, float | None]:
    """The median rank correlation of the maps with an edge map of the images, with noise, and with a second look."""
    own = subject.rows()
    compared = {
        "noise": subject.rng("noise").normal(size=own.shape),
        "second look": subject.rows(subject.explain()),
    }
    values = np.concatenate(
        [
            edges(value).reshape(len(value), -1)
            for value in subject.model.explained(subject.probes.images, subject.target)
        ],
        axis=1,
    )
    if values.shape == own.shape:
        compared["edges"] = values
    ranks = metrics.ranks(own)
    return {
        name: _number(median(metrics.correlation_of_ranks(metrics.ranks(rows), ranks)))
        for name, rows in compared.items()
    }


def edges(images: np.ndarray) -> np.ndarray:
    """The length of the Sobel gradient over the first two axes of each image; channels one by one."""
    array = np.asarray(images, "float64")
    axes = (1, 2) if array.ndim > 2 else (1, 1)
    return np.asarray(np.hypot(sobel(array, axis=axes[0]), sobel(array, axis=axes[1])))


def _nan_as(value: float, other: float) -> float:
    return other if np.isnan(value) else value


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
