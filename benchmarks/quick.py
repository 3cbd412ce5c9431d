"""What `ks.check(model, probes)` costs, as a ratio to its evaluations on the compiled floor.

Run: `python -m benchmarks.quick` (TensorFlow). The floor is one compiled function for all probes, forward, or
forward and backward. After each check the floor runs as often as the check evaluated the model, so that both meet the
same load. Time of the processor (of all threads; what others do on the machine hardly counts), and of the clock; the
first call traces, which the floor has done before.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import keras_saliency as ks
from benchmarks.field.imagenet import photographs
from benchmarks.timing import Cost, now
from keras_saliency.engine import ScoredModel

CALLS = 3


def mobilenet() -> tuple[keras.Model, ks.ProbeSet]:
    """MobileNetV2, untrained, with 32 probes of 96 px of ten classes, and a region."""
    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).random((32, 96, 96, 3)).astype("float32")
    corner = np.zeros((96, 96), bool)
    corner[:14, :14] = True
    probes = ks.ProbeSet(images, np.arange(32) % 10, regions={"corner": corner})
    return keras.applications.MobileNetV2((96, 96, 3), weights=None, classes=10), probes


def lite0() -> tuple[keras.Model, ks.ProbeSet]:
    """EfficientNet-Lite0 as trained on ImageNet, with 24 photographs of 224 px without labels."""
    from examples.photographs.lite0 import efficientnet_lite0

    return efficientnet_lite0(), photographs()


CASES: dict[str, Callable[[], tuple[keras.Model, ks.ProbeSet]]] = {
    "MobileNetV2, 32 probes of 96 px": mobilenet,
    "EfficientNet-Lite0, 24 photographs of 224 px": lite0,
}


class Floor:
    """Runs as often as the model is evaluated, on the compiled floor, after each check.

    Attributes:
        cost: what it took.
        checks: what each check took, and the floor for it.
    """

    def __init__(self, model: keras.Model, images: np.ndarray) -> None:
        self._passes, self._size = passes(model, images), len(images)
        self._evaluated: Counter[str] = Counter()
        self.cost, self.checks = Cost(0, 0), {}
        self._last = now()

    def __call__(self, check: Any, result: Any) -> None:
        """As `progress` of `ks.check`."""
        started = now()
        if result is not None:
            for kind, count in self._evaluated.items():
                for _ in range(count // self._size):
                    self._passes[kind]()
                self._evaluated[kind] = count % self._size
            took = now() - started
            self.cost += took
            self.checks[result.name] = started - self._last, took
        self._last = now()

    def counting(self) -> Any:
        """While examples that go through a model are counted, forward alone, or forward and backward."""
        evaluate = ScoredModel.evaluate

        def counted(scored: Any, step: Any, leaves: Any, *others: Any) -> Any:
            self._evaluated["backward" if step.wants == "gradients" else "forward"] += len(leaves[0])
            return evaluate(scored, step, leaves, *others)

        return mock.patch.object(ScoredModel, "evaluate", counted)


def passes(model: keras.Model, images: np.ndarray) -> dict[str, Callable[[], Any]]:
    """One compiled pass of all images, by kind of evaluation."""
    inputs = tf.constant(images)

    @tf.function
    def forward(x: Any) -> Any:
        return model(x, training=False)

    @tf.function
    def backward(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            score = tf.reduce_sum(model(x, training=False)[:, 0])
        return tape.gradient(score, x)

    made = {"forward": lambda: forward(inputs).numpy(), "backward": lambda: backward(inputs).numpy()}
    for run in made.values():
        run()  # traces
    return made


def measured(model: keras.Model, probes: ks.ProbeSet) -> tuple[Any, Cost, Floor]:
    """A report, what it cost without the floor, and the floor."""
    floor = Floor(model, probes.images)
    with floor.counting():
        started = now()
        report = ks.check(model, probes, progress=floor)
        return report, now() - started - floor.cost, floor


def main() -> None:
    """Print a table, and what it is made of."""
    ratios = "first call ÷ floor | later calls ÷ floor | the same by the clock"
    print(f"| `quick` | evaluations | floor, s | {ratios} |\n|---|---|---|---|---|---|")
    for name, build in CASES.items():
        model, probes = build()
        calls = [measured(model, probes) for _ in range(CALLS)]
        by_processor, by_clock = (
            [getattr(spent, unit) / getattr(floor.cost, unit) for _, spent, floor in calls]
            for unit in ("processor", "clock")
        )
        report, _, floor = calls[-1]
        least = min(floor.cost.clock for *_, floor in calls)
        numbers = [by_processor[0], np.median(by_processor[1:]), np.median(by_clock[1:])]
        cells = [report.evaluations, f"{least:.1f}", *(f"{number:.2f}" for number in numbers)]
        print(f"| {name} | {' | '.join(map(str, cells))} |", flush=True)
        for check, (spent, needed) in floor.checks.items():
            print(f"  {check}: {spent.processor:.2f} s of the processor, floor {needed.processor:.2f} s")


if __name__ == "__main__":
    main()
