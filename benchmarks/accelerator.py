"""What methods cost on a large model, on the backend that KERAS_BACKEND names. Run: `python -m benchmarks.accelerator`.

With a GPU: ResNet50 at 224 × 224, 32 probes; without one MobileNetV2 at 96 × 96, which only shows that the script runs.
The floor is a bare forward and backward pass of the same model, compiled where the backend compiles, in batches of 32,
numpy in and numpy out; the tasks take turns, medians. Then the memory of the device, and the share of an epoch that a
look takes.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import keras_saliency as ks
from benchmarks.timing import milliseconds
from keras_saliency.engine import Question
from keras_saliency.explanation import bind_target
from keras_saliency.methods import make_method
from keras_saliency.methods.base import run_method

PROBES, EVALUATIONS = 32, 50
BACKEND = keras.backend.backend()
METHODS = {
    "gradient": (ks.Gradient(), 1),
    "Grad-CAM": (ks.GradCAM(), 1),
    "SmoothGrad, 50 samples": (ks.SmoothGrad(samples=EVALUATIONS), EVALUATIONS),
    "integrated gradients, 50 steps": (ks.IntegratedGradients(steps=EVALUATIONS), EVALUATIONS),
}


def device() -> str | None:
    """The name of the GPU; None where there is none."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        found = tf.config.list_physical_devices("GPU")
        return tf.config.experimental.get_device_details(found[0])["device_name"] if found else None
    if BACKEND == "jax":
        import jax

        return jax.devices()[0].device_kind if jax.default_backend() == "gpu" else None
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def memory() -> float:
    """MiB of the device's memory that are in use."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.config.experimental.get_memory_info("GPU:0")["current"] / 2**20
    if BACKEND == "jax":
        import jax

        return jax.devices()[0].memory_stats()["bytes_in_use"] / 2**20
    import torch

    return torch.cuda.memory_allocated() / 2**20


def floor(model: keras.Model, x: np.ndarray, y: np.ndarray) -> Callable[[], np.ndarray]:
    """The bare gradient of the scores of some classes, by the framework's own means."""
    if BACKEND == "tensorflow":
        from benchmarks.look import bare_gradient

        return bare_gradient(model, x, y)
    if BACKEND == "jax":
        import jax
        import jax.numpy as jnp

        weights = [variable.value for variable in model.trainable_variables]
        rest = [variable.value for variable in model.non_trainable_variables]

        def score(x: jax.Array, y: jax.Array, weights: list[jax.Array], rest: list[jax.Array]) -> jax.Array:
            outputs, _ = model.stateless_call(weights, rest, x, training=False)
            return jnp.take_along_axis(outputs, y[:, None], 1).sum()

        compiled = jax.jit(jax.grad(score))
        return lambda: np.asarray(compiled(jnp.asarray(x), jnp.asarray(y), weights, rest))
    import torch

    def by_autograd() -> np.ndarray:
        inputs = keras.ops.convert_to_tensor(x).requires_grad_(True)
        chosen = model(inputs, training=False).gather(1, keras.ops.convert_to_tensor(y)[:, None]).sum()
        return torch.autograd.grad(chosen, inputs)[0].cpu().numpy()

    return by_autograd


def compare(model: keras.Model, x: np.ndarray, y: np.ndarray, rounds: int) -> None:
    """Print a row per method."""
    bare = floor(model, x, y)
    scored, target = ks.ScoredModel(model), bind_target(y, ks.ProbeSet(x))

    def explains(method: object) -> Callable[[], object]:
        return lambda: run_method(make_method(method), Question(scored, x, target), 0)

    def fifty() -> None:
        for _ in range(EVALUATIONS):
            bare()

    tasks = {"floor": bare, f"floor × {EVALUATIONS}": fifty}
    tasks |= {name: explains(method) for name, (method, _) in METHODS.items()}
    largest = np.abs(bare()).max()
    print(
        f"largest difference of the gradients: {np.abs(tasks['gradient']().maps - bare()).max() / largest:.1e}"
    )
    times = {name: float(np.median(taken)) for name, taken in milliseconds(tasks, rounds, warm_up=1).items()}
    print("\n| method | ours, ms | floor, ms | ours ÷ floor |\n|---|---|---|---|")
    for name, (_, evaluations) in METHODS.items():
        least = times["floor"] if evaluations == 1 else times[f"floor × {EVALUATIONS}"]
        print(f"| {name} | {times[name]:.1f} | {least:.1f} | {times[name] / least:.2f} |")


def growth(model: keras.Model, x: np.ndarray, y: np.ndarray, looks: int) -> None:
    """Print by how much the memory in use grows over many looks, as it is and without what is garbage."""
    scored, target = ks.ScoredModel(model), bind_target(y, ks.ProbeSet(x))
    Question(scored, x, target).gradients()
    gc.collect()
    before = memory()
    for _ in range(looks):
        Question(scored, x, target).gradients()
    after = memory()
    gc.collect()
    print(
        f"\ndevice memory: {before:.1f} MiB, after {looks} gradients {after:.1f}, without garbage {memory():.1f}"
    )


def share(model: keras.Model, x: np.ndarray, y: np.ndarray, batches: int, log_dir: str) -> None:
    """Print what looks take of a training whose epochs have so many batches."""
    saliency = ks.SaliencyCallback(ks.ProbeSet(x[:16], y[:16]), log_dir, ["gradient", "grad_cam"])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    started = time.perf_counter()
    model.fit(
        np.tile(x, (batches, 1, 1, 1)),
        np.tile(y, batches),
        batch_size=len(x),
        epochs=4,
        callbacks=[saliency],
        verbose=0,
    )
    print(
        f"\n4 epochs of {batches} batches of {len(x)}: {time.perf_counter() - started:.1f} s\n{saliency.summary}"
    )


def main() -> None:
    """Print it all."""
    import tempfile

    name = device()
    side, rounds, batches = (224, 5, 64) if name else (96, 1, 2)
    print(f"Keras {keras.__version__} on {BACKEND}, {name or 'no GPU'}")
    make = keras.applications.ResNet50 if name else keras.applications.MobileNetV2
    model = make(input_shape=(side, side, 3), weights=None, classes=10, classifier_activation=None)
    rng = np.random.default_rng(0)
    x, y = rng.random((PROBES, side, side, 3), "float32"), rng.integers(0, 10, PROBES)
    compare(model, x, y, rounds)
    if name:
        growth(model, x, y, 200)
    with tempfile.TemporaryDirectory() as folder:
        share(model, x, y, batches, folder)


if __name__ == "__main__":
    main()
