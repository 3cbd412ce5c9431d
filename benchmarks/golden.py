"""What the limits of the check `golden` rest on: how alike trainings are, and the same maps on other backends.

Run: `.venv/bin/python -m benchmarks.golden` (some minutes; TensorFlow). Six trainings of each arm of the demo.
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import keras
import numpy as np

import keras_saliency as ks
from keras_saliency import metrics
from keras_saliency.checks.golden import Golden, GoldenFile, save_golden
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.demo import digits, network
from keras_saliency.methods import make_method

SEEDS = range(6)
EPOCHS = 10
METHODS = ("gradient", ks.SmoothGrad(samples=10), "integrated_gradients", "grad_cam")
STORED = (1, 2, 3)
MADE_AGAIN = (
    "gradient",
    "input_x_gradient",
    "guided_backprop",
    "integrated_gradients",
    "grad_cam",
    "occlusion",
)

Files = Mapping[tuple[str, int], GoldenFile]


def main(folder: Path) -> None:
    """Print what docs/checks.md says of the check."""
    models = {arm: [_trained(arm, seed) for seed in SEEDS] for arm in digits.ARMS}
    probes = digits.load("clean").probes  # the same in all arms
    print_backends(models["clean"][0], probes, folder)
    found = []
    for method in map(make_method, METHODS):
        files, subjects = {}, {}
        for arm, trained in models.items():
            for seed, model in enumerate(trained):
                save_golden(folder / "golden.npz", model, probes, method)
                files[arm, seed] = GoldenFile.read(folder / "golden.npz")
                subjects[arm, seed] = Subject.of(model, probes, method)
        found.append(files)
        if method.name == "gradient":
            print_alike(files)
        print_outside(method.name, files, subjects, folder / "golden.npz")
    print_spreads(found)


def print_backends(model: keras.Model, probes: ks.ProbeSet, folder: Path) -> None:
    """The same maps on other backends."""
    model.save(folder / "model.keras")
    probes.save(folder / "probes.npz")
    for method in MADE_AGAIN:
        save_golden(folder / f"{method}.npz", model, probes, method)
    for backend in ("jax", "torch"):
        command = [sys.executable, "-m", "benchmarks.golden", str(folder)]
        subprocess.run(command, check=True, env={**os.environ, "KERAS_BACKEND": backend})


def make_again(folder: Path) -> None:
    """Print how alike the maps of this backend are to those stored in a folder."""
    model = keras.saving.load_model(folder / "model.keras")
    probes = ks.ProbeSet.load(folder / "probes.npz")
    checks = {method: Golden(folder / f"{method}.npz") for method in MADE_AGAIN}
    told = [ks.check(model, probes, check, method=method).results[0] for method, check in checks.items()]
    least = {name: min(one.per_probe[name].min() for one in told) for name in ("correlation", "top overlap")}
    print(
        f"made again on {keras.backend.backend()} by {len(told)} methods: rank correlation at least "
        f"{least['correlation']:.6f}, top overlap at least {least['top overlap']:.2f}",
        flush=True,
    )


def print_alike(files: Files) -> None:
    """How alike the maps of equal trainings are: the median over the probes, of each pair within an arm."""
    pairs = [
        np.nanmedian(metrics.rank_correlation(*(files[arm, seed].trainings[0].maps for seed in pair)))
        for arm in digits.ARMS
        for pair in combinations(SEEDS, 2)
    ]
    print(f"rank correlation of {len(pairs)} pairs of trainings: {min(pairs):.2f} … {max(pairs):.2f}\n")


def print_outside(name: str, files: Files, subjects: Mapping[tuple[str, int], Subject], path: Path) -> None:
    """How many trainings leave the tolerance, by arms of the stored and of the new ones."""
    print("| method | stored | new | trainings stored | judged | outside the tolerance |")
    print("|---|---|---|---|---|---|")
    for stored in digits.ARMS:
        for new in digits.ARMS:
            for count in STORED:
                found: Counter[bool] = Counter()
                for chosen in combinations(SEEDS, count):
                    one = files[stored, chosen[0]]
                    trainings = tuple(files[stored, seed].trainings[0] for seed in chosen)
                    GoldenFile(one.fingerprint, one.method, trainings).write(path)
                    found.update(
                        not Golden(path).run(subjects[new, seed]).value <= 1
                        for seed in SEEDS
                        if stored != new or seed not in chosen
                    )
                print(
                    f"| {name} | {stored} | {new} | {count} | {found.total()} | {found[True]} |", flush=True
                )
    print()


def print_spreads(methods: list[Files]) -> None:
    """The root of the mean variance between the trainings of an arm, over arms and methods."""
    variances = defaultdict(list)
    for files in methods:
        for arm in digits.ARMS:
            numbers = [files[arm, seed].trainings[0].numbers for seed in SEEDS]
            for name in numbers[0]:
                values = np.array([one[name] for one in numbers])
                is_share = name in ("accuracy", "entropy")
                kind = name if is_share else "the logarithm of an enrichment"
                variances[kind].append(np.var(values if is_share else np.log(values), ddof=1))
    for kind, found in variances.items():
        print(f"spread between trainings of {kind}: {np.sqrt(np.mean(found)):.3f}")


def _trained(arm: digits.Arm, seed: int) -> keras.Model:
    data = digits.load(arm)
    model = network.build(seed)
    model.fit(data.x, data.y, epochs=EPOCHS, verbose=0)
    return model


if __name__ == "__main__":
    if sys.argv[1:]:
        make_again(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made))
