"""How many bytes a call of `ks.explain` passes between host and device. Run: `python -m benchmarks.crossing`.

Counted is what the engine makes tensors of, and what it takes out of tensors, on the backend that KERAS_BACKEND names,
in the second call, which needs no GPU. In maps: the bytes of the explained images are those of a map for each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import keras_saliency as ks
from benchmarks.methods import small_cnn
from keras_saliency.engine.backends import current_backend

EVALUATIONS = 50
METHODS: dict[str, Any] = {
    "gradient": ks.Gradient(),
    "Grad-CAM": ks.GradCAM(),
    "SmoothGrad": ks.SmoothGrad(samples=EVALUATIONS),
    "SmoothGrad of guided backpropagation": ks.SmoothGrad("guided_backprop", samples=EVALUATIONS),
    "SmoothGrad of input × gradient": ks.SmoothGrad("input_x_gradient", samples=EVALUATIONS),
    "SmoothGrad with a tolerance": ks.SmoothGrad(samples=EVALUATIONS, tolerance=1e-9),
    "SmoothGrad squared": ks.SmoothGradSquared(samples=EVALUATIONS),
    "VarGrad": ks.VarGrad(samples=EVALUATIONS),
    "integrated gradients": ks.IntegratedGradients(steps=EVALUATIONS),
    "integrated gradients, as many as needed": ks.IntegratedGradients(max_steps=EVALUATIONS, tolerance=1e-9),
    "expected gradients": ks.ExpectedGradients(samples=EVALUATIONS),
    "blur integrated gradients": ks.BlurIntegratedGradients(steps=EVALUATIONS),
    "guided integrated gradients": ks.GuidedIntegratedGradients(steps=EVALUATIONS),
}


class Crossing:
    """Bytes that went in, and that came out."""

    into = out = 0


@contextmanager
def counted() -> Iterator[Crossing]:
    """Count within the block."""
    backend, found = current_backend(), Crossing()
    to_tensor, to_numpy = backend.to_tensor, backend.to_numpy

    def passed(array: np.ndarray) -> Any:
        found.into += array.nbytes
        return to_tensor(array)

    def taken(tensor: Any) -> np.ndarray:
        array = to_numpy(tensor)
        found.out += array.nbytes
        return array

    with mock.patch.multiple(backend, to_tensor=passed, to_numpy=taken):
        yield found


def main() -> None:
    """Print a table for each number of images."""
    model = small_cnn()
    print(f"{EVALUATIONS} evaluations, on {keras.backend.backend()}; in maps of all images")
    for count in (1, 16):
        images = np.random.default_rng(0).random((count, 32, 32, 1), "float32")
        print(f"\n| {count} images | in | out |\n|---|---|---|")
        for name, method in METHODS.items():
            given = (
                ks.ExpectedGradients(images[:1] / 2, samples=EVALUATIONS) if "expected" in name else method
            )
            ks.explain(model, images, given, 0)
            with counted() as found:
                ks.explain(model, images, given, 0)
            print(f"| {name} | {found.into / images.nbytes:.1f} | {found.out / images.nbytes:.1f} |")


if __name__ == "__main__":
    main()
