"""What large photographs cost, on the backend that KERAS_BACKEND names. Run: `python -m benchmarks.large_images`.

16 crops of photographs of 512 × 512 and of 1024 × 1024 go through the trained EfficientNet-Lite0 by `ks.explain`. A
size as an argument takes only that one. Each row is a process of its own: by how much the peak of its memory exceeds
what it has before, the first call, the second by the clock and in time of the processor, and that ÷ as many bare
gradients, compiled where the backend compiles, of one image after the other. In the last rows the limit is taken away:
all images go through at once. A row that the system ends, as memory is out, says so.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
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

IMAGES, SIDES, SAMPLES, PATCHES = 16, (512, 1024), 4, 4
EVALUATIONS = {
    "bare gradients": 1,
    "gradient": 1,
    "Grad-CAM": 1,
    f"SmoothGrad, {SAMPLES} samples": SAMPLES,
    f"occlusion, {PATCHES}² patches": 1 + PATCHES**2,
    "gradient, all at once": 1,
    "Grad-CAM, all at once": 1,
}


def call(model: keras.Model, name: str, images: np.ndarray) -> Callable[[], object]:
    """What a row measures."""
    if name == "bare gradients":
        bare = floor(model, images[:1], np.zeros(1, int))
        return lambda: [bare() for _ in images]
    patch = images.shape[1] // PATCHES
    methods = {
        "gradient": ks.Gradient(),
        "Grad-CAM": ks.GradCAM(),
        "SmoothGrad": ks.SmoothGrad(samples=SAMPLES),
        "occlusion": ks.Occlusion(patch=patch, stride=patch),
    }
    size = len(images) if name.endswith("all at once") else None
    return lambda: ks.explain(model, images, methods[name.split(",", maxsplit=1)[0]], 0, chunk_size=size)


def measure(side: int, name: str) -> None:
    """Print MiB, the seconds of two calls, and the processor's of the second one and of its floor."""
    from examples.photographs.lite0 import efficientnet_lite0

    Path("/proc/self/oom_score_adj").write_text("1000")  # if memory is out, no other process has to go
    model, images = efficientnet_lite0(activation=None, size=side), photographs(side).images[:IMAGES]
    run, bare = call(model, name, images), call(model, "bare gradients", images)
    before, numbers = memory("VmRSS"), []
    for _ in range(2):
        started, busy = time.perf_counter(), time.process_time()
        run()
        numbers.append(time.perf_counter() - started)
    numbers.append(time.process_time() - busy)
    peak = memory("VmHWM")
    bare()
    busy = time.process_time()
    bare()
    print(peak - before, *numbers, EVALUATIONS[name] * (time.process_time() - busy))


def memory(what: str) -> float:
    """MiB of this process (Linux): resident, or the peak of that."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.search(rf"{what}:\s*(\d+)", status)[1]) / 1024


def main(sides: list[int]) -> None:
    """Print a table for each size."""
    print(f"Keras {keras.__version__} on {keras.backend.backend()}, {os.cpu_count()} cores")
    for side in sides:
        print(f"\n| {IMAGES} images of {side} × {side} | memory, MiB | first call, s | second | ÷ bare |")
        print("|---|---|---|---|---|")
        for name in EVALUATIONS:
            command = [sys.executable, "-m", "benchmarks.large_images", str(side), name]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                print(f"| {name} | ended with {done.returncode} | | | |", flush=True)
                continue
            peak, first, second, busy, least = map(float, done.stdout.split()[-5:])
            print(f"| {name} | {peak:.0f} | {first:.1f} | {second:.1f} | {busy / least:.2f} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(int(sys.argv[1]), sys.argv[2])
    else:
        main([int(side) for side in sys.argv[1:]] or list(SIDES))
