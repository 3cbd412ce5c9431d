"""What `SwapRegions` does to the demo's networks, over several seeds: the gate and the accuracy, and a control.

Run: `python -m benchmarks.repair [seeds]`; five seeds take some minutes on two idle cores.

Each network is trained for ten epochs on an arm. Then, from the same weights, with a new optimizer of the same kind and
on the same order of batches, for five more: as before (plain), with the corner's content exchanged, and with that of
a place in the middle, which holds a part of every digit.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import keras_saliency as ks
from keras_saliency.demo import digits, network

EPOCHS, MORE = 10, 5
MIDDLE = np.zeros((digits.SIDE, digits.SIDE), bool)
MIDDLE[8:12, 8:12] = True
WAYS = {
    "plain": None,
    "the corner, 0.5": ks.SwapRegions(digits.CORNER),
    "the corner, 1.0": ks.SwapRegions(digits.CORNER, 1.0),
    "the middle, 0.5": ks.SwapRegions(MIDDLE),
    "the middle, 1.0": ks.SwapRegions(MIDDLE, 1.0),
}


def main(seeds: int) -> None:
    """Print a row per training, and the means."""
    found: dict[tuple[str, str], list[tuple[bool, float]]] = {}
    print(
        "| arm | seed | then | region | unexpected_region | accuracy without the mark |\n|---|---|---|---|---|---|"
    )
    for arm in ("shortcut", "clean"):
        data = digits.load(arm)  # type: ignore[arg-type]
        for seed in range(seeds):
            model = network.build(seed)
            model.fit(data.x, data.y, epochs=EPOCHS, verbose=0)
            weights = [np.array(values) for values in model.get_weights()]
            for way in ("nothing", *WAYS):
                model.set_weights(weights)
                if way != "nothing":
                    train_on(model, data, seed, WAYS[way])
                verdicts, accuracy = judge(model, data)
                found.setdefault((arm, way), []).append(("failed" in verdicts, accuracy))
                print(f"| {arm} | {seed} | {way} | {' | '.join(verdicts)} | {accuracy:.3f} |", flush=True)
    print("\n| arm | then | gate fails | accuracy without the mark, mean (least) |\n|---|---|---|---|")
    for (arm, way), rows in found.items():
        fails, accuracies = zip(*rows, strict=True)
        mean = f"{np.mean(accuracies):.3f} ({min(accuracies):.3f})"
        print(f"| {arm} | {way} | {sum(fails)} of {len(rows)} | {mean} |")


def train_on(model: keras.Model, data: digits.Digits, seed: int, swap: ks.SwapRegions | None) -> None:
    """Five more epochs, with this in front."""
    keras.utils.set_random_seed(seed)
    front = [] if swap is None else [ks.SwapRegions.from_config(swap.get_config())]
    tuned = keras.Sequential([keras.Input((digits.SIDE, digits.SIDE, 1)), *front, model])
    tuned.compile("adam", "sparse_categorical_crossentropy")
    tuned.fit(data.x, data.y, epochs=MORE, verbose=0)


def judge(model: keras.Model, data: digits.Digits) -> tuple[list[str], float]:
    """What the gate says of forty held-out digits, marked as the arm marks them; and the accuracy without the mark."""
    labels = data.y_validation
    rows = np.concatenate([np.flatnonzero(labels == index)[:4] for index in range(10)])
    probes = ks.ProbeSet(data.x_validation[rows], labels[rows], regions={"corner": digits.CORNER})
    results = ks.check(model, probes, ["region", "unexpected_region"]).results
    bare = digits.load("clean").x_validation
    accuracy = float((model.predict(bare, verbose=0).argmax(1) == labels).mean())
    return [result.status for result in results], accuracy


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
