"""What methods cost on TensorFlow, against bare compiled passes, and against other packages. Run: `make benchmark`.

The floor counts evaluations: one compiled forward and backward pass of the same model for every evaluation that a
method makes, numpy in and numpy out, in batches of 16, 32 or 64, whichever is fastest. 16 probes. The tasks take turns
in random order; medians.

Other packages are measured in the same run where they are installed:

    python -m venv peers && . peers/bin/activate
    pip install -e ".[regions]" tensorflow saliency scikit-learn matplotlib && pip install --no-deps tf-explain \
        tf-keras-vis xplique deprecated opencv-python-headless einops tensorflow-probability tf-keras cloudpickle \
        decorator dm-tree
    python -m benchmarks.methods

Some of them import `cv2` or old names of Keras: what does not run is listed with its error.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import keras_saliency as ks
from benchmarks import peers
from benchmarks.look import bare_gradient, batch, mobilenet, small_cnn
from benchmarks.timing import milliseconds
from keras_saliency.engine import Question
from keras_saliency.explanation import bind_target
from keras_saliency.methods import Method
from keras_saliency.methods.base import run_method

EVALUATIONS = 50
METHODS = {
    "gradient": (ks.Gradient(), 1),
    "guided backpropagation": (ks.GuidedBackprop(), 1),
    "Grad-CAM": (ks.GradCAM(), 1),
    "SmoothGrad, 50 samples": (ks.SmoothGrad(samples=EVALUATIONS), EVALUATIONS),
    "integrated gradients, 50 steps": (ks.IntegratedGradients(steps=EVALUATIONS), EVALUATIONS),
}
MODELS = {"small CNN, 32×32×1": (small_cnn, 20), "MobileNetV2, 96×96×3": (mobilenet, 4)}


def ours(model: keras.Model, x: np.ndarray, y: np.ndarray) -> dict[str, Callable[[], object]]:
    """Each method through `ks.explain`."""

    def explains(method: Method) -> Callable[[], object]:
        return lambda: ks.explain(model, x, method, y)

    return {name: explains(method) for name, (method, _) in METHODS.items()}


def floors(model: keras.Model, x: np.ndarray, y: np.ndarray) -> dict[str, Callable[[], object]]:
    """Bare passes: one for the probes, and fifty for each of them in batches of several sizes."""
    tasks: dict[str, Callable[[], object]] = {"floor": bare_gradient(model, x, y)}
    for times in (1, 2, 4):
        large = bare_gradient(model, np.tile(x, (times, 1, 1, 1)), np.tile(y, times))

        def fifty(large: Callable[[], object] = large, times: int = times) -> None:
            for _ in range(EVALUATIONS // times):
                large()

        tasks[f"floor {times * len(x)}"] = fifty
    return tasks


def others(model: keras.Model, x: np.ndarray, y: np.ndarray) -> dict[str, Callable[[], object]]:
    """The other packages' runs, `method|package`; on the small model only, as some take minutes on the other."""
    found = peers.tasks(model, x, y) if model.count_params() < 1e6 else {}
    return {f"{method}|{name}": run for method, runs in found.items() for name, run in runs.items()}


def medians(tasks: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of each task."""
    return {name: float(np.median(times)) for name, times in milliseconds(tasks, rounds, warm_up=1).items()}


def compare(name: str) -> None:
    """Print a row per method: our time, the floor, the ratio, and the other packages' ratios."""
    build, rounds = MODELS[name]
    model = build()
    x, y = batch(model)
    tasks = {**floors(model, x, y), **ours(model, x, y)}
    single = {"floor", *(method for method, (_, evaluations) in METHODS.items() if evaluations == 1)}
    # By themselves: a short task that comes after a long one pays for the memory that this one gave back.
    times = medians({name: run for name, run in tasks.items() if name in single}, 5 * rounds)
    times |= medians({name: run for name, run in tasks.items() if name not in single}, rounds)
    times |= medians(others(model, x, y), rounds=2)
    scale = {size: EVALUATIONS / (EVALUATIONS // size) / size for size in (1, 2, 4)}
    fifty = min(times[f"floor {size * len(x)}"] * scale[size] for size in scale)
    packages = list(peers.PACKAGES)
    print(f"\n| {name} | ours, ms | floor, ms | ours ÷ floor | {' | '.join(packages)} |")
    print("|---|---|---|---|" + "---|" * len(packages))
    for method, (_, evaluations) in METHODS.items():
        floor = times["floor"] if evaluations == 1 else fifty
        cells = [times.get(f"{method}|{package}") for package in packages]
        ratios = " | ".join("" if cell is None else f"{cell / floor:.2f}" for cell in cells)
        print(f"| {method} | {times[method]:.1f} | {floor:.1f} | {times[method] / floor:.2f} | {ratios} |")


def memory(task: str) -> float:
    """The peak memory of a fresh process in MiB, after the model is loaded and one gradient is compiled."""
    command = [sys.executable, "-m", "benchmarks.methods", "--memory", task]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def peak_of(task: str) -> None:
    """Print by how many MiB the peak grows over that of the loaded model while `task` runs.

    `"chunk"` makes the passes that SmoothGrad makes, with one chunk of 32 again and again: what the framework takes for
    it grows over the first ten or so.
    """
    model = mobilenet()
    x, y = batch(model)
    scored, target = ks.ScoredModel(model), bind_target(y, ks.ProbeSet(x))
    model(x[:1])
    before = peak_memory()
    if task == "chunk":
        large, classes = np.concatenate([x, x]), np.concatenate([y, y])
        _ = Question(scored, x, target).scores
        for _ in range(EVALUATIONS * len(x) // len(large)):
            Question(scored, large, bind_target(classes, ks.ProbeSet(large))).gradients()
    else:
        run_method(ks.SmoothGrad(samples=EVALUATIONS), Question(scored, x, target), 0)
    print(peak_memory() - before)


def peak_memory() -> float:
    """The peak memory of this process in MiB (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.search(r"VmHWM:\s*(\d+)", status)[1]) / 1024


def main() -> None:
    """Print the tables."""
    print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}, {os.cpu_count()} cores")
    for name in MODELS:
        compare(name)
    for package, error in peers.failures.items():
        print(f"\n{package}: {error}")
    chunk, smooth = memory("chunk"), memory("smoothgrad")
    print(f"\nPeak memory on MobileNetV2: one chunk of 32 {chunk:.0f} MiB, SmoothGrad-50 {smooth:.0f} MiB")
    print(f"ratio {smooth / chunk:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        peak_of(sys.argv[2])
    else:
        main()
