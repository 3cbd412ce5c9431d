"""What a call of `ks.explain` costs, the first one and later ones, on the backend that KERAS_BACKEND names.

Run: `make benchmark`, or `KERAS_BACKEND=jax python -m benchmarks.methods`; the name of a network takes only that one.
16 images, numpy in and numpy out. The floor is a bare backward pass for the same classes, compiled where the backend
compiles: for the first call the first one of a fresh process, for later calls as many passes as the method makes, in
batches of 16, 32 or 64 images, whichever is fastest. Later calls take turns in random order; medians.

On TensorFlow other packages are measured in the same run where they are installed, as their documentation says:

    python -m venv peers && . peers/bin/activate
    pip install -e ".[regions]" tensorflow saliency scikit-learn matplotlib && pip install --no-deps tf-explain \
        tf-keras-vis xplique deprecated opencv-python-headless einops tensorflow-probability tf-keras cloudpickle \
        decorator dm-tree
    python -m benchmarks.methods

Some of them import `cv2` or old names of Keras: what does not run is listed with its error. Averages by other packages
are measured on the small network alone, as some take minutes on the others.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import keras_saliency as ks
from benchmarks.accelerator import floor
from benchmarks.timing import milliseconds

IMAGES, EVALUATIONS = 16, 50
SINGLE = {
    "gradient": ks.Gradient(),
    "guided backpropagation": ks.GuidedBackprop(),
    "Grad-CAM": ks.GradCAM(),
}
AVERAGES = {
    "SmoothGrad, 50 samples": ks.SmoothGrad(samples=EVALUATIONS),
    "integrated gradients, 50 steps": ks.IntegratedGradients(steps=EVALUATIONS),
}
Task = Callable[[], object]


def small_cnn() -> keras.Model:
    """Two convolutions on 32 × 32 grey images."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10),
        ]
    )


def mobilenet(side: int = 96) -> keras.Model:
    """MobileNetV2 on colour images, untrained; its output is the logits."""
    return keras.applications.MobileNetV2(
        (side, side, 3), weights=None, classes=10, classifier_activation=None
    )


def lite0() -> keras.Model:
    """EfficientNet-Lite0 at 224 × 224, trained on ImageNet."""
    from examples.photographs.lite0 import efficientnet_lite0

    return efficientnet_lite0(activation=None)


def vit() -> keras.Model:
    """A vision transformer of 12 blocks, 192 wide, on 196 tokens of 16 × 16 pixels; untrained."""
    from benchmarks.field.networks import vit

    model = vit((224, 224, 3), 10, width=192, depth=12, patch=16)
    model.layers[-1].activation = keras.activations.linear
    return model


@dataclass(frozen=True)
class Network:
    """A network, how many rounds are measured of single passes, and of averages: none where they take minutes."""

    build: Callable[[], keras.Model]
    rounds: int
    of_averages: int


IS_TENSORFLOW = keras.backend.backend() == "tensorflow"
NETWORKS = {
    "small CNN, 32×32": Network(small_cnn, 40, 6),
    "MobileNetV2, 96×96": Network(mobilenet, 10, 3 if IS_TENSORFLOW else 1),
    "EfficientNet-Lite0, 224×224": Network(lite0, 7, IS_TENSORFLOW),
    "vision transformer, 224×224": Network(vit, 7, 0),
}


def batch(model: keras.Model) -> tuple[np.ndarray, np.ndarray]:
    """Images and classes."""
    rng = np.random.default_rng(0)
    highest = 255 if model.output_shape[-1] == 1000 else 1
    images = highest * rng.random((IMAGES, *model.input_shape[1:]), "float32")
    return images, rng.integers(0, 10, IMAGES)


def explains(model: keras.Model, x: np.ndarray, y: np.ndarray, method: object) -> Task:
    """A method through `ks.explain`."""
    return lambda: ks.explain(model, x, method, y)


def others(model: keras.Model, x: np.ndarray, y: np.ndarray, *, averages: bool) -> dict[str, Task]:
    """The other packages' runs, `method|package`; each was called once."""
    if not IS_TENSORFLOW:
        return {}
    from benchmarks import peers

    found = peers.tasks(model, x, y, [*SINGLE, *(AVERAGES if averages else [])])
    return {f"{method}|{name}": run for method, runs in found.items() for name, run in runs.items()}


def first(name: str, who: str) -> None:
    """Print the seconds of the first gradient in this process, the framework itself being awake."""
    model = NETWORKS[name].build()
    x, y = batch(model)
    keras.ops.convert_to_numpy(model(x[:1], training=False))
    if who == "bare":
        run = floor(model, x, y)
    elif who == "ours":
        run = explains(model, x, y, "gradient")
    else:
        from benchmarks import peers

        run = peers.PACKAGES[who](model, x, y)["gradient"]
    started = time.perf_counter()
    run()
    print(time.perf_counter() - started)


def seconds_of_first(name: str, who: str, processes: int = 2) -> float:
    """The least of some fresh processes; not a number where it does not run."""
    command = [sys.executable, "-m", "benchmarks.methods", name, who]
    done = [subprocess.run(command, check=False, capture_output=True, text=True) for _ in range(processes)]
    return min(float("nan") if one.returncode else float(one.stdout.split()[-1]) for one in done)


def later(name: str) -> tuple[dict[str, float], dict[str, float]]:
    """Median milliseconds of each method by `method` or `method|package`, and of its floor by `method`."""
    network = NETWORKS[name]
    model = network.build()
    x, y = batch(model)
    single: dict[str, Task] = {"floor": floor(model, x, y)}
    for method, made in SINGLE.items():
        if method != "guided backpropagation" or "transformer" not in name:  # which has no ReLU
            single[method] = explains(model, x, y, made)
    single |= others(model, x, y, averages=False)
    times = medians(single, network.rounds)
    floors = dict.fromkeys(SINGLE, times.pop("floor"))
    if not network.of_averages:
        return times, floors
    averages = {method: explains(model, x, y, made) for method, made in AVERAGES.items()}
    if name.startswith("small"):
        packages = others(model, x, y, averages=True)
        averages |= {key: run for key, run in packages.items() if key.split("|")[0] in AVERAGES}
    for size in (1, 2, 4):
        averages[f"floor {size}"] = fifty(floor(model, np.tile(x, (size, 1, 1, 1)), np.tile(y, size)), size)
    times |= medians(averages, network.of_averages)
    scale = {size: EVALUATIONS / (EVALUATIONS // size) / size for size in (1, 2, 4)}
    fastest = min(times.pop(f"floor {size}") * factor for size, factor in scale.items())
    return times, floors | dict.fromkeys(AVERAGES, fastest)


def fifty(large: Task, size: int) -> Task:
    """So many passes of a batch that many times as large as the images are fifty for each of these."""
    return lambda: [large() for _ in range(EVALUATIONS // size)]


def medians(tasks: dict[str, Task], rounds: int) -> dict[str, float]:
    """Median milliseconds of each task."""
    return {name: float(np.median(times)) for name, times in milliseconds(tasks, rounds, warm_up=1).items()}


def main(names: list[str]) -> None:
    """Print the tables."""
    print(f"Keras {keras.__version__} on {keras.backend.backend()}, {os.cpu_count()} cores", flush=True)
    packages: list[str] = []
    if IS_TENSORFLOW:
        from benchmarks import peers

        packages = list(peers.PACKAGES)
    for name in names:
        times, floors = later(name)
        bare, ours = (seconds_of_first(name, who) for who in ("bare", "ours"))
        theirs = [
            seconds_of_first(name, package, 1) / bare if f"gradient|{package}" in times else np.nan
            for package in packages
        ]
        print(f"\n| {name} | ours | floor | {' | '.join(['ours ÷ floor', *packages])} |")
        print("|---|---|---|---|" + "---|" * len(packages))
        print(f"| first gradient | {ours:.2f} s | {bare:.2f} s | {cells([ours / bare, *theirs])} |")
        for method, least in floors.items():
            if method in times:
                ratios = [times.get(f"{method}|{package}", np.nan) / least for package in packages]
                ratio = cells([times[method] / least, *ratios])
                print(f"| {method} | {times[method]:.1f} ms | {least:.1f} ms | {ratio} |", flush=True)
    if IS_TENSORFLOW:
        for package, error in peers.failures.items():
            print(f"\n{package}: {error}")


def cells(ratios: list[float]) -> str:
    """The ratios of a row; what is not a number is left empty."""
    return " | ".join("" if np.isnan(ratio) else f"{ratio:.2f}" for ratio in ratios)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        first(*sys.argv[1:])
    else:
        main(sys.argv[1:] or list(NETWORKS))
