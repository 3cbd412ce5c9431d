"""What `quick` costs on MobileNetV2 (96 × 96, 32 probes), as a ratio to its model evaluations on the compiled floor.

Run: `python -m benchmarks.quick` (TensorFlow). The floor is one compiled TensorFlow function for 32 images, forward, or
forward and backward; everything is traced before it is timed. After each check the floor runs as often as the check
evaluated the model, so that both meet the same load.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.checks.gate.runner import run_checks
from keras_saliency.checks.gate.suites import make_checks
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.explanation import bind_target

SIDE, PROBES, CLASSES, REPEATS = 96, 32, 10, 3


class Counted(ScoredModel):
    """Counts the examples that went forward alone, and forward and backward."""

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.counted: Counter[str] = Counter()

    def evaluate(self, step: Any, leaves: Any, *arguments: Any) -> Any:
        """See `ScoredModel.evaluate`."""
        kind = "forward and backward" if step.wants == "gradients" else "forward"
        self.counted[kind] += len(leaves[0])
        return super().evaluate(step, leaves, *arguments)


def subject_of(scored: ScoredModel, probes: ks.ProbeSet) -> Subject:
    """A new subject, which has no answers yet."""
    return Subject(Question(scored, probes.images, bind_target(None, probes)), probes, ks.Gradient())


def main() -> None:
    """Print the ratio, and what it is made of."""
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV2((SIDE, SIDE, 3), weights=None, classes=CLASSES)
    images = np.random.default_rng(0).random((PROBES, SIDE, SIDE, 3)).astype("float32")
    corner = np.zeros((SIDE, SIDE), bool)
    corner[:14, :14] = True
    probes = ks.ProbeSet(images, np.arange(PROBES) % CLASSES, regions={"corner": corner})
    checks = make_checks("quick", probes)
    scored = Counted(model)
    run_checks(checks, subject_of(scored, probes))  # traces
    passes = floor(model, images)
    ratios = []
    for _ in range(REPEATS):
        subject, results = subject_of(scored, probes), []
        spent = needed = 0.0
        for check in checks:
            scored.counted.clear()
            seconds, made = timed(lambda c=check, s=subject: run_checks([c], s))
            results += made
            spent += seconds
            needed += sum(
                timed(lambda kind=kind, count=count: [passes[kind]() for _ in range(count // PROBES)])[0]
                for kind, count in scored.counted.items()
            )
        ratios.append(spent / needed)
        print(f"{spent:.1f} s ÷ {needed:.1f} s = {ratios[-1]:.2f}")
    for result in results:
        print(f"{result.name}: {result.status}, {result.evaluations} evaluations, {result.seconds:.1f} s")
    print(f"ratio {np.median(ratios):.2f}")


def floor(model: Any, images: np.ndarray) -> dict[str, Callable[[], Any]]:
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

    passes = {
        "forward": lambda: forward(inputs).numpy(),
        "forward and backward": lambda: backward(inputs).numpy(),
    }
    for run in passes.values():
        run()  # traces
    return passes


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """The seconds that a call took, and what it returned."""
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main()
