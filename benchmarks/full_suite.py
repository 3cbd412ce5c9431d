"""What the checks that only the suite `full` holds find on the demo's arms, by method; their limits rest on this.

Run: `.venv/bin/python -m benchmarks.full_suite` (some minutes); `KERAS_BACKEND` chooses the backend. A row for each
training and method, then the tables of docs/checks.md.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.completeness import Completeness
from keras_saliency.checks.faithfulness import Faithfulness
from keras_saliency.checks.stability import Stability
from keras_saliency.demo import digits, network
from keras_saliency.engine import Question
from keras_saliency.methods import MethodResult
from keras_saliency.reports.result import CheckResult

SEEDS = range(4)
RESIDUAL_SEEDS = range(2)
EPOCHS = 10


@dataclass(frozen=True)
class RandomMap:
    """A map that knows nothing."""

    name: str = "random_map"

    registered: ClassVar[str] = "random_map"
    cost: ClassVar[str] = "1 forward pass"
    uses_target: ClassVar[bool] = False
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        """Noise of the shape of the explained tensor."""
        (image,) = question.values
        return MethodResult(rng.normal(size=image.shape).astype("float32"))


METHODS = (
    "gradient",
    ks.SmoothGrad(samples=10),
    "guided_backprop",
    "input_x_gradient",
    ks.IntegratedGradients(steps=32, name="integrated_gradients_32"),
    ks.IntegratedGradients(steps=1, name="integrated_gradients_1"),
    "grad_cam",
    "occlusion",
    RandomMap(),
)
CHECKS = (Completeness(), Faithfulness(), Stability())
EDGES = "edges of the images, as a control"
Reports = dict[tuple[str, str], list[ks.Report]]
"""By network and method."""


def main() -> None:
    """Print one row per training and method, the demo's network in each arm and a residual network; then the tables."""
    print(
        "| network | arm | seed | method | completeness | worst probe | faithfulness | edges | stability "
        "| worst probe |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    plain = [(network.build, arm, seed) for arm in digits.ARMS for seed in SEEDS]
    residual = [(residual_network, "clean", seed) for seed in RESIDUAL_SEEDS]
    found: Reports = defaultdict(list)
    for build, arm, seed in (*plain, *residual):
        _print_rows(build, arm, seed, found)
    print_table(found, "completeness")
    print_table(found, "faithfulness")
    print_table(found, "stability")


def residual_network(seed: int) -> keras.Model:
    """A compiled residual network with batch normalisation, for the demo's images."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((digits.SIDE, digits.SIDE, 1))
    x = layers.Conv2D(24, 3, padding="same", use_bias=False)(inputs)
    for filters, strides in ((24, 1), (32, 2), (48, 2), (48, 1)):
        y = _normalised(x)
        shortcut = layers.Conv2D(filters, 1, strides=strides, use_bias=False)(y)
        y = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(y)
        y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(_normalised(y))
        x = layers.Add()([shortcut, y])
    outputs = layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(_normalised(x)))
    model = keras.Model(inputs, outputs, name="residual")
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def _normalised(x: Any) -> Any:
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def print_table(found: Reports, name: str) -> None:
    """The least and the largest value of a check by network and method, the worst probe, and how many do not pass."""
    networks = list(dict.fromkeys(network for network, _ in found))
    print(f"\n| {name} | {' | '.join(networks)} |\n{'|---' * (len(networks) + 1)}|")
    for method in dict.fromkeys(method for _, method in found):
        results = [
            [one for report in found[network, method] for one in report.results if one.name == name]
            for network in networks
        ]
        if any(one.value is not None for some in results for one in some):
            print(f"| {method} | {' | '.join(map(_summary, results))} |")
    if name == "faithfulness":
        edges = [
            [report.results[1].details[EDGES] for report in found[network, "gradient"]]
            for network in networks
        ]
        print(f"| edges of the images, as a control | {' | '.join(map(_range, edges))} |")
    sys.stdout.flush()


def _summary(results: Sequence[CheckResult]) -> str:
    worst = [one.details["worst probe"] for one in results if "worst probe" in one.details]
    others = Counter(one.status for one in results if one.status != "passed")
    told = [_range([one.value for one in results if one.value is not None])]
    told += [f"worst probe {max(worst):.3f}"] if worst else []
    return ", ".join([*told, *(f"{count} of {len(results)} {status}" for status, count in others.items())])


def _range(values: Sequence[float]) -> str:
    return f"{min(values):.3f} … {max(values):.3f}"


def _print_rows(build: Callable[[int], keras.Model], arm: digits.Arm, seed: int, found: Reports) -> None:
    data, model = digits.load(arm), build(seed)
    model.fit(data.x, data.y, epochs=EPOCHS, verbose=0)
    for method in METHODS:
        report = ks.check(model, data.probes, list(CHECKS), method=method)
        found[model.name, report.method].append(report)
        complete, faithful, stable = report.results
        cells = [
            _cell(complete.value, complete.status),
            _cell(complete.details.get("worst probe")),
            _cell(faithful.value, faithful.status),
            _cell(faithful.details.get(EDGES)),
            _cell(stable.value, stable.status),
            _cell(stable.details.get("worst probe")),
        ]
        print(f"| {model.name} | {arm} | {seed} | {report.method} | {' | '.join(cells)} |", flush=True)


def _cell(value: float | None, status: str = "") -> str:
    return "–" if value is None else f"{value:.3f} {status}".strip()


if __name__ == "__main__":
    main()
