"""How many evaluations the same answer takes: our rules against the textbook's. Run: `make benchmark`.

Two networks trained on scikit-learn's digits: the demo's CNN, and a small residual network with BatchNormalization.

- Integrated gradients from black: the fewest steps from which on the median error of completeness stays below 1 % of
  the change of the score, for the right Riemann sum that other packages take, and for two of our rules.
- SmoothGrad: the squared error of the mean map against a reference of 8000 samples, ours divided by plain Monte
  Carlo's with as many samples. As both fall like 1 ÷ samples, that is the share of the samples that ours needs. With an
  interval of 95 % over the seeds (bootstrap over seeds).
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from collections.abc import Callable, Iterator

import keras
import numpy as np

import keras_saliency as ks
from keras_saliency.demo import digits, network
from keras_saliency.engine import Question
from keras_saliency.explanation import bind_target
from keras_saliency.methods.base import run_method
from keras_saliency.methods.shared.averaging import maps_at

INTEGRATED, SMOOTHED = 48, 6  # images
SEEDS = 20
SAMPLES = 48
NOISE = 0.15
REFERENCE = 8000
STEPS = (4, 6, 8, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128)
layers = keras.layers


def residual_network() -> keras.Model:
    """Three stages with BatchNormalization and shortcuts, for 20 × 20 grey images."""
    keras.utils.set_random_seed(0)
    inputs = x = keras.Input((20, 20, 1))
    for channels, strides in ((16, 1), (32, 2), (64, 2)):
        x = layers.Conv2D(channels, 3, strides=strides, padding="same", use_bias=False)(x)
        x = shortcut = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.Add()([layers.BatchNormalization()(x), shortcut]))
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


class Subject:
    """A trained network and the images that are explained."""

    def __init__(self, model: keras.Model, data: digits.Digits, count: int) -> None:
        self.model, self.images, self.count = ks.ScoredModel(model), data.x_validation[:count], count
        self.target = bind_target(data.y_validation[:count], ks.ProbeSet(self.images))

    def maps(self, method: object, seed: int = 0) -> np.ndarray:
        """`(n, values)` float64."""
        found = run_method(method, Question(self.model, self.images, self.target), seed)
        return found.maps.reshape(self.count, -1).astype("float64")

    def mean_gradient(self, points: Iterator[np.ndarray]) -> np.ndarray:
        """The mean of the gradients at several values of the images, `(n, values)` float64."""
        rng = np.random.default_rng(0)
        question = Question(self.model, self.images, self.target)
        made = maps_at(question, ks.Gradient(), ([point] for point in points), rng=rng)
        return np.mean([maps.reshape(self.count, -1) for maps in made], axis=0, dtype="float64")

    def noisy(self, samples: int, seed: int) -> Iterator[np.ndarray]:
        """Plain Monte Carlo: independent Gaussian noise for every sample."""
        rng = np.random.default_rng(seed)
        for _ in range(samples):
            yield self.images + NOISE * rng.standard_normal(self.images.shape[1:], "float32")


def completeness(subject: Subject, maps: np.ndarray) -> float:
    """The median over the images of |sum of the map − change of the score| ÷ the change."""
    start, end = (
        Question(subject.model, images, subject.target).scores.values
        for images in (0 * subject.images, subject.images)
    )
    change = end.astype("float64") - start
    return float(np.median(np.abs(maps.sum(1) - change) / np.abs(change)))


def right_riemann(subject: Subject, steps: int) -> np.ndarray:
    """Integrated gradients from black by the rule of the paper."""
    points = (subject.images * np.float32(step / steps) for step in range(1, steps + 1))
    return subject.mean_gradient(points) * subject.images.reshape(subject.count, -1)


def steps_needed(subject: Subject, rule: Callable[[int], np.ndarray]) -> int | None:
    """The fewest steps from which on the error stays below 1 %."""
    errors = [completeness(subject, rule(steps)) for steps in STEPS]
    good = [all(error <= 0.01 for error in errors[i:]) for i in range(len(STEPS))]
    return next((steps for steps, fine in zip(STEPS, good, strict=True) if fine), None)


def share_of_samples(subject: Subject) -> tuple[float, float, float]:
    """Our squared error ÷ plain Monte Carlo's with as many samples, and the interval over the seeds."""
    reference = subject.maps(ks.SmoothGrad(samples=REFERENCE, noise=NOISE), seed=10**6)
    ours, plain = (
        np.array([((maps(seed) - reference) ** 2).sum(1) / (reference**2).sum(1) for seed in range(SEEDS)])
        for maps in (
            lambda seed: subject.maps(ks.SmoothGrad(samples=SAMPLES, noise=NOISE), seed),
            lambda seed: subject.mean_gradient(subject.noisy(SAMPLES, seed)),
        )
    )
    rng = np.random.default_rng(0)
    drawn = [rng.integers(SEEDS, size=SEEDS) for _ in range(2000)]
    low, high = np.quantile([ours[rows].mean() / plain[rows].mean() for rows in drawn], [0.025, 0.975])
    return float(ours.mean() / plain.mean()), float(low), float(high)


def main() -> None:
    """Print the table."""
    data = digits.load("clean")
    print(
        "| network | IG to 1 %: right sum | midpoints | Gauss-Legendre | SmoothGrad-48: share of plain sampling |"
    )
    print("|---|---|---|---|---|")
    for name, build in (("demo CNN", lambda: network.build(0)), ("residual network", residual_network)):
        model = build()
        model.fit(data.x, data.y, epochs=6, batch_size=64, verbose=0)
        integrated, smoothed = (Subject(model, data, count) for count in (INTEGRATED, SMOOTHED))
        steps = [steps_needed(integrated, lambda steps, s=integrated: right_riemann(s, steps))]
        for quadrature in ("midpoint", "gauss_legendre"):
            steps.append(
                steps_needed(
                    integrated,
                    lambda steps, s=integrated, q=quadrature: s.maps(
                        ks.IntegratedGradients(steps=steps, quadrature=q)
                    ),
                )
            )
        share, low, high = share_of_samples(smoothed)
        print(
            f"| {name} | {' | '.join(map(str, steps))} | {share:.2f} ({low:.2f} … {high:.2f}) |", flush=True
        )


if __name__ == "__main__":
    main()
