"""How many gradients integrated gradients take until they sum to the change of the score: rule against rule.

Run: `.venv/bin/python -m benchmarks.completeness` (some ten minutes; `--quick` leaves the ImageNet network out).

Lines are sampled finely once; every rule then reads from these samples the gradients that it would take. Printed are,
over the images, the gradients, the completeness error as a plain share of the change, and the distance of the map from
that of all samples ÷ its length (both as Euclidean norms, from 256 random projections).
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras
import numpy as np

import keras_saliency as ks
from benchmarks.evaluations import residual_network
from keras_saliency.demo import digits, network
from keras_saliency.engine import Question
from keras_saliency.explanation import bind_target
from keras_saliency.methods.shared.quadrature import FEWEST, next_points, trapezoid

EDGES = 2**9
MOST = 256
TOGETHER = 32
PHOTOGRAPHS = ("chelsea", "coffee", "rocket", "astronaut", "camera", "coins", "retina", "hubble_deep_field")
SUMS = (50, 200)
GAUSS = (16, 32, 50, 64, 128)


@dataclass
class Line:
    """One image's line from black: scores, slopes and projected maps at many places."""

    places: np.ndarray
    scores: np.ndarray
    slopes: np.ndarray
    maps: np.ndarray

    def at(self, places: np.ndarray) -> np.ndarray:
        """The positions of the samples that are nearest to these places."""
        return np.abs(self.places[:, None] - places).argmin(0)

    @property
    def change(self) -> float:
        """Of the score."""
        return float(self.scores[-1] - self.scores[0])

    def judged(self, places: np.ndarray, weights: np.ndarray) -> tuple[int, float, float]:
        """Gradients, completeness error, and distance of the map of a rule."""
        at = self.at(places)
        error = abs(weights @ self.slopes[at] - self.change) / abs(self.change)
        exact = trapezoid(self.places) @ self.maps
        distance = np.linalg.norm(weights @ self.maps[at] - exact) / np.linalg.norm(exact)
        return len(places), float(error), float(distance)


def lines(model: keras.Model, images: np.ndarray) -> list[Line]:
    """The sampled lines of some images; what is predicted is explained."""
    count, flat = len(images), images.reshape(len(images), -1)
    places = np.unique(
        np.concatenate(
            [
                np.linspace(0, 1, EDGES + 1),
                *[np.arange(1, steps + 1) / steps for steps in SUMS],
                *[(np.polynomial.legendre.leggauss(steps)[0] + 1) / 2 for steps in GAUSS],
                *[(np.arange(steps) + 0.5) / steps for steps in (*_tripled(), 32)],
            ]
        )
    )
    question = Question(ks.ScoredModel(model), images, bind_target(None, ks.ProbeSet(images))).settled
    projection = np.random.default_rng(0).standard_normal((flat.shape[1], 256)).astype("float32") / 16
    scores, slopes, maps = [], [], []
    step = max(1, TOGETHER // count)
    for first in range(0, len(places), step):
        some = places[first : first + step].astype("float32")
        rows = np.tile(np.arange(count), len(some))
        scale = np.repeat(some, count).reshape(-1, *[1] * (images.ndim - 1))
        asked = question.at(rows, [images[rows] * scale])
        products = asked.gradients().maps.reshape(len(rows), -1) * flat[rows]
        scores.append(asked.scores.values.astype("float64").reshape(len(some), count))
        slopes.append(products.sum(1, dtype="float64").reshape(len(some), count))
        maps.append((products @ projection).reshape(len(some), count, -1))
    together = [np.concatenate(parts) for parts in (scores, slopes, maps)]
    return [Line(places, *(part[:, image] for part in together)) for image in range(count)]


def _tripled() -> list[int]:
    return [4, 12, 36, 108]


Rule = Callable[[Line], tuple[np.ndarray, np.ndarray]]


def right_sum(steps: int) -> Rule:
    """As in the paper."""
    return lambda line: (np.arange(1, steps + 1) / steps, np.full(steps, 1 / steps))


def gauss_legendre(steps: int) -> Rule:
    """As captum by default, with 50 steps."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    return lambda line: ((nodes + 1) / 2, weights / 2)


def midpoints(steps: int) -> Rule:
    """As this package took them, 32 by default."""
    return lambda line: ((np.arange(steps) + 0.5) / steps, np.full(steps, 1 / steps))


def _until(sizes: list[int], rule: Callable[[int], Rule], tolerance: float) -> Rule:
    def points(line: Line) -> tuple[np.ndarray, np.ndarray]:
        for size in sizes:
            found = rule(size)(line)
            if line.judged(*found)[1] <= tolerance:
                break
        return found

    return points


def nested_midpoints(tolerance: float) -> Rule:
    """Three times as many, until they sum to the change."""
    return _until(_tripled(), midpoints, tolerance)


def nested_trapezoids(tolerance: float) -> Rule:
    """Twice as many intervals, until they sum to the change."""

    def ends(intervals: int) -> Rule:
        places = np.linspace(0, 1, intervals + 1)
        return lambda line: (places, trapezoid(places))

    return _until([8, 16, 32, 64, 128, 256], ends, tolerance)


def halved(tolerance: float) -> Rule:
    """Ours: the intervals are halved in which most is missed, and the longest."""

    def points(line: Line) -> tuple[np.ndarray, np.ndarray]:
        places = np.linspace(0, 1, FEWEST)
        while True:
            at = line.at(places)
            slopes, lengths = line.slopes[at], np.diff(places)
            misses = lengths * (slopes[1:] + slopes[:-1]) / 2 - np.diff(line.scores[at])
            if abs(misses.sum()) <= tolerance * abs(line.change) or len(places) >= MOST:
                return places, trapezoid(places)
            more = next_points(places, misses, MOST - len(places))
            inside = more[np.abs(more * EDGES - np.rint(more * EDGES)) < 1e-9]  # as fine as the samples
            if not inside.size:
                return places, trapezoid(places)
            places = np.sort(np.append(places, inside))

    return points


def shared_out(rule: Rule) -> Rule:
    """The weights of another rule, changed as little as possible so that the sum is right (a control variate)."""

    def points(line: Line) -> tuple[np.ndarray, np.ndarray]:
        places, weights = rule(line)
        slopes = line.slopes[line.at(places)]
        away = slopes - weights @ slopes
        missing = line.change - weights @ slopes
        return places, weights * (1 + away * missing / (weights @ away**2))

    return points


def rules() -> Iterator[tuple[str, Rule]]:
    """Every rule by name."""
    for steps in SUMS:
        yield f"right sum, {steps}", right_sum(steps)
    for steps in GAUSS:
        yield f"Gauss–Legendre, {steps}", gauss_legendre(steps)
    yield "midpoints, 32 (the default before)", midpoints(32)
    yield "nested midpoints, until 2 %", nested_midpoints(0.02)
    yield "nested trapezoids, until 2 %", nested_trapezoids(0.02)
    for steps in (16, 32):
        yield f"Gauss–Legendre, {steps}, what is missing shared out", shared_out(gauss_legendre(steps))
    yield "midpoints, 32, what is missing shared out", shared_out(midpoints(32))
    for tolerance in (0.1, 0.05, 0.02, 0.01, 0.001):
        yield (
            f"halved, until {100 * tolerance:g} %{' (the default)' * (tolerance == 0.02)}",
            halved(tolerance),
        )


def print_table(name: str, sampled: list[Line]) -> None:
    """The rules on one network; and the gradients that ours takes for the median error of each of the others."""
    print(f"\n| {name} | gradients, mean | most | error, median | worst | map off by, median | worst |")
    print("|---|---|---|---|---|---|---|")
    for title, rule in rules():
        counts, errors, distances = zip(*[line.judged(*rule(line)) for line in sampled], strict=True)
        print(
            f"| {title} | {np.mean(counts):.0f} | {max(counts)} | {np.median(errors):.1%} | {max(errors):.1%} | "
            f"{np.median(distances):.1%} | {max(distances):.1%} |",
            flush=True,
        )
    print(f"\n| {name}: ours for the same error as | median and worst there | gradients of ours | most |")
    print("|---|---|---|---|")
    for title, rule in (
        ("Gauss–Legendre, 50", gauss_legendre(50)),
        *((f"right sum, {n}", right_sum(n)) for n in SUMS),
    ):
        middle, worst = errors_of(sampled, rule)
        for tolerance in worst * 0.8 ** np.arange(40):
            median, largest = errors_of(sampled, halved(tolerance))
            if median <= middle and largest <= worst:
                break
        counts = [line.judged(*halved(tolerance)(line))[0] for line in sampled]
        print(f"| {title} | {middle:.2%}, {worst:.1%} | {np.mean(counts):.0f} | {max(counts)} |", flush=True)


def errors_of(sampled: list[Line], rule: Rule) -> tuple[float, float]:
    """The median and the largest completeness error of a rule."""
    errors = [line.judged(*rule(line))[1] for line in sampled]
    return float(np.median(errors)), max(errors)


def networks(*, quick: bool) -> Iterator[tuple[str, keras.Model, np.ndarray]]:
    """The demo's CNN and a residual network, on digits; EfficientNet-Lite0, trained on ImageNet, on photographs."""
    data = digits.load("clean")
    for name, build in (("the demo's CNN", lambda: network.build(0)), ("residual network", residual_network)):
        model = build()
        model.fit(data.x, data.y, epochs=6, batch_size=64, verbose=0)
        yield name, model, data.x_validation[:16]
    if not quick:
        from examples.photographs.lite0 import SIZE, efficientnet_lite0

        yield "EfficientNet-Lite0", efficientnet_lite0(), photographs(PHOTOGRAPHS, SIZE)


def photographs(names: tuple[str, ...], size: int) -> np.ndarray:
    """The largest square in the middle of photographs of scikit-image, from 0 to 255."""
    from skimage import data, transform

    found = []
    for name in names:
        picture = getattr(data, name)()
        picture = np.stack([picture] * 3, -1) if picture.ndim == 2 else picture[..., :3]
        side = min(picture.shape[:2])
        top, left = ((length - side) // 2 for length in picture.shape[:2])
        square = picture[top : top + side, left : left + side] / 255
        found.append(255 * transform.resize(square, (size, size), anti_aliasing=True))
    return np.stack(found).astype("float32")


def main() -> None:
    """Print the tables."""
    for name, model, images in networks(quick="--quick" in sys.argv):
        print_table(name, lines(model, images))
        found = ks.explain(model, images, "integrated_gradients").diagnostics
        taken, errors = found["evaluations"], found["completeness_error"]
        print(
            f"\nks.IntegratedGradients() itself, {name}: {np.mean(taken):.0f} gradients (at most {max(taken)}), error "
            f"{np.median(errors):.1%} (at most {max(errors):.1%})",
            flush=True,
        )


if __name__ == "__main__":
    main()
