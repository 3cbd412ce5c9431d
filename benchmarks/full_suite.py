"""What the checks that only the suite `full` holds find on the demo's arms, by method; their limits rest on this.

Run: `.venv/bin/python -m benchmarks.full_suite` (some minutes); `KERAS_BACKEND` chooses the backend.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

import keras_saliency as ks
from keras_saliency.checks.completeness import Completeness
from keras_saliency.checks.faithfulness import Faithfulness
from keras_saliency.checks.stability import Stability
from keras_saliency.demo import digits, network
from keras_saliency.methods import MethodResult

SEEDS = range(4)
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

    def explain(self, model: Any, inputs: Any, target: Any, rng: np.random.Generator) -> MethodResult:
        """Noise of the shape of the explained tensor."""
        (image,) = model.explained(inputs, target)
        return MethodResult(rng.normal(size=image.shape).astype("float32"), model.scores(inputs, target))


METHODS = (
    "gradient",
    ks.SmoothGrad(samples=10),
    "guided_backprop",
    "input_x_gradient",
    "integrated_gradients",
    ks.IntegratedGradients(steps=1, name="integrated_gradients_1"),
    "grad_cam",
    "occlusion",
    RandomMap(),
)
CHECKS = (Completeness(), Faithfulness(), Stability())


def main() -> None:
    """Print one row per arm, seed and method."""
    print("| arm | seed | method | completeness | faithfulness | edges | stability | worst probe |")
    print("|---|---|---|---|---|---|---|---|")
    for arm in digits.ARMS:
        data = digits.load(arm)
        for seed in SEEDS:
            model = network.build(seed)
            model.fit(data.x, data.y, epochs=EPOCHS, verbose=0)
            for method in METHODS:
                report = ks.check(model, data.probes, list(CHECKS), method=method)
                complete, faithful, stable = report.results
                cells = [
                    _cell(complete.value, complete.status),
                    _cell(faithful.value, faithful.status),
                    _cell(faithful.details.get("edges of the images, as a control")),
                    _cell(stable.value, stable.status),
                    _cell(stable.details.get("worst probe")),
                ]
                print(f"| {arm} | {seed} | {report.method} | {' | '.join(cells)} |", flush=True)


def _cell(value: float | None, status: str = "") -> str:
    return "–" if value is None else f"{value:.3f} {status}".strip()


if __name__ == "__main__":
    main()
