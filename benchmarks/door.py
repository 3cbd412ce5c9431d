"""What a call of `ks.explain` costs, the first one and later ones, on the backend that KERAS_BACKEND names.

Run: `make benchmark`, or `KERAS_BACKEND=jax python -m benchmarks.door`. 16 images, numpy in and numpy out. The floor is
a bare backward pass for the same classes, compiled where the backend compiles: for the first call the first one of a
fresh process, for later calls as many passes as the method makes. Later calls take turns in random order; medians.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import keras_saliency as ks
from benchmarks.accelerator import floor
from benchmarks.timing import milliseconds
from keras_saliency.methods import Method

IMAGES, EVALUATIONS = 16, 50
METHODS = {
    "gradient": (ks.Gradient(), 1),
    "Grad-CAM": (ks.GradCAM(), 1),
    "SmoothGrad, 50 samples": (ks.SmoothGrad(samples=EVALUATIONS), EVALUATIONS),
    "integrated gradients, 50 steps": (ks.IntegratedGradients(steps=EVALUATIONS), EVALUATIONS),
}


def small_cnn() -> keras.Model:
    """Two convolutions on 32 × 32 grey images."""
    from benchmarks.look import small_cnn

    return small_cnn()


def mobilenet() -> keras.Model:
    """MobileNetV2 at 96 × 96, untrained."""
    return keras.applications.MobileNetV2((96, 96, 3), weights=None, classes=10, classifier_activation=None)


def lite0() -> keras.Model:
    """EfficientNet-Lite0 at 224 × 224, trained on ImageNet."""
    from examples.photographs.lite0 import efficientnet_lite0

    return efficientnet_lite0(activation=None)


NETWORKS: dict[str, tuple[Callable[[], keras.Model], int]] = {
    "small CNN, 32×32": (small_cnn, 40),
    "MobileNetV2, 96×96": (mobilenet, 10),
    "EfficientNet-Lite0, 224×224": (lite0, 3),
}


def batch(model: keras.Model) -> tuple[np.ndarray, np.ndarray]:
    """Images and classes."""
    rng = np.random.default_rng(0)
    highest = 255 if model.input_shape[1] == 224 else 1
    images = highest * rng.random((IMAGES, *model.input_shape[1:]), "float32")
    return images.astype("float32"), rng.integers(0, 10, IMAGES)


def first(name: str, who: str) -> None:
    """Print the seconds of the first call in this process, the framework itself being awake."""
    model = NETWORKS[name][0]()
    x, y = batch(model)
    keras.ops.convert_to_numpy(model(x[:1], training=False))
    run = floor(model, x, y) if who == "bare" else lambda: ks.explain(model, x, target=y)
    started = time.perf_counter()
    run()
    print(time.perf_counter() - started)


def seconds_of_first(name: str, who: str) -> float:
    """The least of three fresh processes."""
    command = [sys.executable, "-m", "benchmarks.door", name, who]
    said = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(3)]
    return min(float(one.split()[-1]) for one in said)


def later(name: str) -> dict[str, tuple[float, float]]:
    """Median milliseconds of each method and of its floor."""
    build, rounds = NETWORKS[name]
    model = build()
    x, y = batch(model)
    bare = floor(model, x, y)

    def fifty() -> None:
        for _ in range(EVALUATIONS):
            bare()

    def explains(method: Method) -> Callable[[], object]:
        return lambda: ks.explain(model, x, method, y)

    tasks: dict[int, dict[str, Callable[[], object]]] = {1: {"floor": bare}, EVALUATIONS: {"floor": fifty}}
    for label, (method, evaluations) in METHODS.items():
        tasks[evaluations][label] = explains(method)
    found = {}
    for evaluations, group in tasks.items():
        times = milliseconds(group, rounds * (5 if evaluations == 1 else 1))
        floors = float(np.median(times.pop("floor")))
        found |= {label: (float(np.median(taken)), floors) for label, taken in times.items()}
    return found


def main() -> None:
    """Print the tables."""
    print(f"Keras {keras.__version__} on {keras.backend.backend()}, {os.cpu_count()} cores")
    for name in NETWORKS:
        bare, ours = seconds_of_first(name, "bare"), seconds_of_first(name, "ours")
        print(f"\n{name}: first call {ours:.2f} s, bare {bare:.2f} s, ratio {ours / bare:.2f}")
        print("\n| later calls | ours, ms | floor, ms | ours ÷ floor |\n|---|---|---|---|")
        for label, (taken, least) in later(name).items():
            print(f"| {label} | {taken:.1f} | {least:.1f} | {taken / least:.2f} |")


if __name__ == "__main__":
    first(*sys.argv[1:]) if sys.argv[1:] else main()
