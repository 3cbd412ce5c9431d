"""What is left of maps where all weights are random, or the class is another one, by method.

Run: `python -m benchmarks.randomization` (a minute). The limits of `parameter_randomization` and `random_logit` rest on
this: two networks of the demo (the arm `clean`), three draws of all weights each, the demo's 16 probes.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from collections.abc import Sequence

import keras_saliency as ks
from keras_saliency.demo import digits, network

SEEDS = range(2)
EPOCHS, DRAWS = 10, 3
METHODS = (
    "gradient",
    "smoothgrad",
    "integrated_gradients",
    "input_x_gradient",
    "occlusion",
    "guided_grad_cam",
    "deconvnet",
    "guided_backprop",
)


def main() -> None:
    """Print a row per method: the least and the largest median over the probes."""
    data = digits.load("clean")
    models = [network.build(seed) for seed in SEEDS]
    for model in models:
        model.fit(data.x, data.y, epochs=EPOCHS, verbose=0)
    checks = [ks.ParameterRandomization(draws=DRAWS), ks.RandomLogit()]
    print("| method | signed | absolute | another class |")
    print("|---|---|---|---|")
    for method in METHODS:
        reports = [ks.check(model, data.probes, checks, method=method, target="label") for model in models]
        stages = [stage for report in reports for stage in report.results[0].details["stages"]]
        found = [[stage[kind] for stage in stages] for kind in ("signed", "absolute")]
        found.append([report.results[1].value for report in reports])
        print(f"| {method} | {' | '.join(map(_range, found))} |", flush=True)


def _range(values: Sequence[float]) -> str:
    low, high = (f"{value:.2f}" for value in (min(values), max(values)))
    return low if low == high else f"{low} … {high}"


if __name__ == "__main__":
    main()
