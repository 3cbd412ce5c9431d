"""What `finite_difference` says of gradients, and of what is none: the table in docs/checks.md.

Run: `.venv/bin/python -m benchmarks.finite_difference` (some minutes; `--quick` leaves the ImageNet network out).
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np

import keras_saliency as ks
from benchmarks.completeness import networks
from keras_saliency.engine import Question
from keras_saliency.engine.rectifiers import Rule
from keras_saliency.methods import MethodResult

layers = keras.layers
IMAGES = 8


@dataclass(frozen=True)
class Claimed:
    """The gradient by a rule, times a factor: a method that says that it is the gradient."""

    factor: float = 1.0
    rule: Rule | None = None
    name: str = "claimed"

    registered: ClassVar[str] = "claimed"
    cost: ClassVar[str] = "1 forward and backward pass"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = True

    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        """The maps."""
        return MethodResult(np.float32(self.factor) * question.gradients(self.rule).maps)


CLAIMS = (Claimed(), Claimed(-1.0), Claimed(2.0), Claimed(0.5), Claimed(rule="guided"))


def untrained(seed: int) -> keras.Model:
    """Three layers of ReLUs with the weights that they begin with."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(5),
        ]
    )


def subjects(*, quick: bool) -> Iterator[tuple[str, keras.Model, np.ndarray]]:
    """Untrained networks, and those of `benchmarks.completeness`."""
    images = np.random.default_rng(0).random((IMAGES, 16, 16, 1)).astype("float32")
    for seed in range(3):
        yield f"untrained, {seed}", untrained(seed), images
    for name, model, shown in networks(quick=quick):
        yield name, model, shown[:IMAGES]


def main() -> None:
    """Print the table."""
    print(
        "| median error | gradient | sign turned | × 2 | × ½ | guided instead of plain | `gradient_reach` |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, model, images in subjects(quick="--quick" in sys.argv):
        found = [
            ks.check(model, ks.ProbeSet(images), "finite_difference", method=claim).results[0]
            for claim in CLAIMS
        ]
        errors = " | ".join(f"{result.value:.2f}" for result in found)
        print(f"| {name} | {errors} | {found[0].details['gradient reach']:.2g} |", flush=True)


if __name__ == "__main__":
    main()
