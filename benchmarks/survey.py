"""What a survey costs beside the gradients. Run: `python -m benchmarks.survey`, or with `time` or `memory` alone.

Time: the pass of `ks.survey` over 192 crops of photographs by the trained EfficientNet-Lite0 at 224 × 224, and over
16,384 images of 32 × 32 by a small network, from arrays and from pictures in files; against bare compiled gradients of
the same images, in batches of the size that the engine takes. Rounds take turns, medians; by the clock, and in time of
the processors.

Memory: the peak of a process of its own that surveys 1,000, and one that surveys 100,000 examples from a file (a
memory map) or a `PyDataset`.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import keras_saliency as ks
from benchmarks.accelerator import floor
from benchmarks.field.imagenet import photographs
from benchmarks.large_images import memory
from benchmarks.methods import small_cnn
from benchmarks.timing import now

ROUNDS, SMALL, CROPS = 5, 16_384, 192


def gradients(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> Callable[[], object]:
    """Bare compiled gradients of as many images, the same batch again and again."""
    size = 32 if images[0].size > 2**15 else 128
    bare = floor(model, images[:size], labels[:size])
    return lambda: [bare() for _ in range(len(images) // size)]


def compare(name: str, model: keras.Model, dataset: object, images: np.ndarray, labels: np.ndarray) -> None:
    """Print one row."""
    bare, ratios, per_example = gradients(model, images, labels), [], []
    for turn in range(ROUNDS + 1):
        out = tempfile.mkdtemp()
        before = now()
        bare()
        between = now()
        survey = ks.survey(model, dataset, out, target=0, progress=False)
        after = now()
        shutil.rmtree(out)
        whole, least = after - between, between - before
        if turn:
            measuring = survey.seconds["measuring"]
            ratios.append(
                (measuring / least.clock, whole.clock / least.clock, whole.processor / least.processor)
            )
            per_example.append((1000 * least.clock / len(images), 1000 * measuring / len(images)))
    ms, found = np.median(per_example, axis=0), np.median(ratios, axis=0)
    cells = [name, *(f"{one:.3f}" for one in (*ms, *found))]
    print(f"| {' | '.join(cells)} |", flush=True)


def times() -> None:
    """Print the table of times."""
    from examples.photographs.lite0 import efficientnet_lite0

    print(
        "| | gradient, ms each | pass, ms each | pass ÷ gradient | whole ÷ gradient | in processors' time |"
    )
    print("|---|---|---|---|---|---|")
    model, crops = efficientnet_lite0(), photographs().images
    images = np.concatenate([crops + shift for shift in range(1 + CROPS // len(crops))])[:CROPS].astype(
        "float32"
    )
    labels = np.zeros(len(images), int)
    compare("EfficientNet-Lite0, 224 × 224, arrays", model, (images, labels), images, labels)
    # One class: what experiments on several take depends on how many images leave theirs.
    network, rng = small_cnn(), np.random.default_rng(0)
    small, labels = rng.random((SMALL, 32, 32, 1), "float32"), np.zeros(SMALL, int)
    compare("small network, 32 × 32, arrays", network, (small, labels), small, labels)
    batches = Batches(small, labels)
    compare("small network, 32 × 32, PyDataset", network, batches, small, labels)


class Batches(keras.utils.PyDataset):
    """Arrays in batches of 256."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        super().__init__()
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return math.ceil(len(self.images) / 256)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = slice(256 * index, 256 * (index + 1))
        return self.images[rows], self.labels[rows]


def peak(kind: str, count: int) -> None:
    """Print the MiB that a survey of so many examples takes at most."""
    with tempfile.TemporaryDirectory() as folder:
        images = np.lib.format.open_memmap(Path(folder, "x.npy"), "w+", "float32", (count, 32, 32, 1))
        rng = np.random.default_rng(0)
        for start in range(0, count, 1000):
            images[start : start + 1000] = rng.random((1000, 32, 32, 1), "float32")
        images.flush()
        images = np.load(Path(folder, "x.npy"), mmap_mode="r")
        labels = np.arange(count) % 10
        dataset = Batches(images, labels) if kind == "PyDataset" else (images, labels)
        own: list[float] = []
        threading.Thread(target=watch, args=(own,), daemon=True).start()
        ks.survey(small_cnn(), dataset, Path(folder, "survey"), progress=False)
    print(memory("VmHWM"), max(own))


def watch(own: list[float]) -> None:
    """Note, again and again, how much memory this process has but for what is mapped from files."""
    while True:
        own.append(memory("RssAnon"))
        time.sleep(0.02)


def memories() -> None:
    """Print the table of memory."""
    print("| data set | examples | peak, MiB | of it not mapped from files, MiB |")
    print("|---|---|---|---|")
    for kind in ("memory map", "PyDataset"):
        for count in (1_000, 100_000):
            command = [sys.executable, "-m", "benchmarks.survey", "peak", kind, str(count)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            print(
                f"| {kind} | {count:,} | {' | '.join(f'{float(n):.0f}' for n in done.stdout.split())} |",
                flush=True,
            )


def main() -> None:
    """Print what was asked for."""
    match sys.argv[1:]:
        case ["peak", kind, count]:
            peak(kind, int(count))
        case asked:
            for what in asked or ["time", "memory"]:
                {"time": times, "memory": memories}[what]()


if __name__ == "__main__":
    main()
