"""How often an equal training leaves the tolerance of the check `golden`, and whether another arm of the demo does.

Run: `.venv/bin/python -m benchmarks.golden` (some minutes); `KERAS_BACKEND` chooses the backend.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tempfile
from collections import Counter
from itertools import combinations
from pathlib import Path

import keras_saliency as ks
from keras_saliency.checks.golden import Golden, GoldenFile, save_golden
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.demo import digits, network
from keras_saliency.methods import make_method

SEEDS = range(6)
EPOCHS = 10
METHODS = ("gradient", ks.SmoothGrad(samples=10), "integrated_gradients", "grad_cam")
STORED = (1, 2, 3)


def main() -> None:
    """Print a row per method, arm of the stored trainings, arm of the new one, and number of stored trainings."""
    models = {arm: [_trained(arm, seed) for seed in SEEDS] for arm in digits.ARMS}
    probes = digits.load("clean").probes  # the same in all arms
    print("| method | stored | new | trainings stored | judged | outside the tolerance |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "golden.npz"
        for method in map(make_method, METHODS):
            files, subjects = {}, {}
            for arm, trained in models.items():
                for seed, model in enumerate(trained):
                    save_golden(path, model, probes, method)
                    files[arm, seed] = GoldenFile.read(path)
                    subjects[arm, seed] = Subject.of(model, probes, method)
            for stored in digits.ARMS:
                for new in digits.ARMS:
                    for count in STORED:
                        found: Counter[bool] = Counter()
                        for chosen in combinations(SEEDS, count):
                            trainings = tuple(files[stored, seed].trainings[0] for seed in chosen)
                            GoldenFile(probes.fingerprint, method.name, trainings).write(path)
                            found.update(
                                not Golden(path).run(subjects[new, seed]).value <= 1
                                for seed in SEEDS
                                if stored != new or seed not in chosen
                            )
                        row = [method.name, stored, new, count, found.total(), found[True]]
                        print(f"| {' | '.join(map(str, row))} |", flush=True)


def _trained(arm: digits.Arm, seed: int):
    data = digits.load(arm)
    model = network.build(seed)
    model.fit(data.x, data.y, epochs=EPOCHS, verbose=0)
    return model


if __name__ == "__main__":
    main()
