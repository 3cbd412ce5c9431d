"""The same maps by other packages, as their documentation says, where they are installed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib import import_module
from typing import Any

import keras
import numpy as np
import tensorflow as tf

EVALUATIONS = 50
Task = Callable[[], object]

failures: dict[str, str] = {}
"""The packages that do not run here, and why."""


def tasks(
    model: keras.Model, x: np.ndarray, y: np.ndarray, methods: Collection[str]
) -> dict[str, dict[str, Task]]:
    """For each of these methods the runs by package; each is tried once, and left out if it fails."""
    found: dict[str, dict[str, Task]] = {}
    for package, build in PACKAGES.items():
        try:
            made = build(model, x, y)
        except Exception as error:
            failures[package] = _in_words(error)
            continue
        for method, run in made.items():
            if method not in methods:
                continue
            try:
                run()
            except Exception as error:
                failures[f"{package}, {method}"] = _in_words(error)
                continue
            found.setdefault(method, {})[package] = run
    return found


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:150]}"


def _pair(model: keras.Model, x: np.ndarray, y: np.ndarray) -> dict[str, Task]:
    pair: Any = import_module("saliency.core")

    def call(images: Any, call_model_args: Any = None, expected_keys: Any = None) -> dict[str, Any]:
        images = tf.convert_to_tensor(images, "float32")
        with tf.GradientTape() as tape:
            tape.watch(images)
            scores = model(images)[:, call_model_args]
        return {expected_keys[0]: tape.gradient(scores, images).numpy()}

    gradient, integrated = pair.GradientSaliency(), pair.IntegratedGradients()
    return {
        "gradient": lambda: [gradient.GetMask(i, call, int(c)) for i, c in zip(x, y, strict=True)],
        "SmoothGrad, 50 samples": lambda: [
            gradient.GetSmoothedMask(i, call, int(c), nsamples=EVALUATIONS) for i, c in zip(x, y, strict=True)
        ],
        "integrated gradients, 50 steps": lambda: [
            integrated.GetMask(i, call, int(c), x_steps=EVALUATIONS, batch_size=32)
            for i, c in zip(x, y, strict=True)
        ],
    }


def _tf_explain(model: keras.Model, x: np.ndarray, y: np.ndarray) -> dict[str, Task]:
    vanilla: Any = import_module("tf_explain.core.vanilla_gradients").VanillaGradients()
    smooth: Any = import_module("tf_explain.core.smoothgrad").SmoothGrad()
    integrated: Any = import_module("tf_explain.core.integrated_gradients").IntegratedGradients()
    cam: Any = import_module("tf_explain.core.grad_cam").GradCAM()
    one = int(y[0])  # it explains one class for all images
    return {
        "gradient": lambda: vanilla.explain((x, None), model, one),
        "Grad-CAM": lambda: cam.explain((x, None), model, one),
        "SmoothGrad, 50 samples": lambda: smooth.explain((x, None), model, one, EVALUATIONS),
        "integrated gradients, 50 steps": lambda: integrated.explain((x, None), model, one, EVALUATIONS),
    }


def _tf_keras_vis(model: keras.Model, x: np.ndarray, y: np.ndarray) -> dict[str, Task]:
    saliency: Any = import_module("tf_keras_vis.saliency").Saliency(model, clone=False)
    cam: Any = import_module("tf_keras_vis.gradcam").Gradcam(model, clone=False)
    score: Any = import_module("tf_keras_vis.utils.scores").CategoricalScore(y.tolist())
    return {
        "gradient": lambda: saliency(score, x),
        "Grad-CAM": lambda: cam(score, x),
        "SmoothGrad, 50 samples": lambda: saliency(score, x, smooth_samples=EVALUATIONS, smooth_noise=0.15),
    }


def _xplique(model: keras.Model, x: np.ndarray, y: np.ndarray) -> dict[str, Task]:
    attributions: Any = import_module("xplique.attributions")
    targets = tf.one_hot(y, 10)
    made = {
        "gradient": attributions.Saliency(model, batch_size=16),
        "guided backpropagation": attributions.GuidedBackprop(model, batch_size=16),
        "Grad-CAM": attributions.GradCAM(model, batch_size=16),
        "SmoothGrad, 50 samples": attributions.SmoothGrad(model, batch_size=32, nb_samples=EVALUATIONS),
        "integrated gradients, 50 steps": attributions.IntegratedGradients(
            model, batch_size=32, steps=EVALUATIONS
        ),
    }
    return {name: lambda explainer=explainer: explainer(x, targets) for name, explainer in made.items()}


PACKAGES: dict[str, Callable[[keras.Model, np.ndarray, np.ndarray], dict[str, Task]]] = {
    "PAIR saliency": _pair,
    "tf-explain": _tf_explain,
    "tf-keras-vis": _tf_keras_vis,
    "xplique": _xplique,
}
