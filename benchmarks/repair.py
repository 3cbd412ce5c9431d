"""What repairs do to the demo's networks, over several seeds: the gate and the accuracy, and a control.

Run: `python -m benchmarks.repair [seeds [way ...]]`; five seeds take some minutes on two idle cores.

Each network is trained for ten epochs on an arm. Then, from the same weights, with a new optimizer of the same kind and
on as many batches, for five more: as before (plain), with the corner's content exchanged, with that of a place in the
middle, which holds a part of every digit, with what the network reads in the corner in its loss, and with what its maps
say that it reads ("hot") or does not read ("cold") masked, where nobody tells of a corner; some for fifteen.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import keras_saliency as ks
from keras_saliency.demo import digits, network
from keras_saliency.demo.repair import accuracy_without_mark, held_out

EPOCHS, MORE = 10, 5
MIDDLE = np.zeros((digits.SIDE, digits.SIDE), bool)
MIDDLE[8:12, 8:12] = True
MASKED = {
    "hot, 0.1": ("hot", 0.1),
    "hot, 0.3": ("hot", 0.3),
    "cold, 0.1": ("cold", 0.1),
    "cold, 0.5": ("cold", 0.5),
    "hot, 0.1, 15 epochs": ("hot", 0.1),
    "cold, 0.5, 15 epochs": ("cold", 0.5),
}
"""What is masked by the maps of the labels, and which share of the pixels."""
WAYS = {
    "plain": (lambda model: keras.Sequential([model]), MORE),
    "the corner, 0.5": (lambda model: keras.Sequential([ks.SwapRegions(digits.CORNER), model]), MORE),
    "the corner, 1.0": (lambda model: keras.Sequential([ks.SwapRegions(digits.CORNER, 1.0), model]), MORE),
    "the middle, 0.5": (lambda model: keras.Sequential([ks.SwapRegions(MIDDLE), model]), MORE),
    "the middle, 1.0": (lambda model: keras.Sequential([ks.SwapRegions(MIDDLE, 1.0), model]), MORE),
    "right reasons, 0.03": (lambda model: ks.RightReasons(model, digits.CORNER, 0.03), MORE),
    "right reasons, 1": (lambda model: ks.RightReasons(model, digits.CORNER, 1), MORE),
    "plain, 15 epochs": (lambda model: keras.Sequential([model]), 3 * MORE),
    "right reasons, 0.03, 15 epochs": (lambda model: ks.RightReasons(model, digits.CORNER, 0.03), 3 * MORE),
    **{way: (lambda model: model, 3 * MORE if "15" in way else MORE) for way in MASKED},
}
"""What is trained instead of a model, which it holds, and for how many epochs."""


def main(seeds: int, ways: list[str]) -> None:
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
            for way in ("nothing", *ways):
                model.set_weights(weights)
                if way != "nothing":
                    make, epochs = WAYS[way]
                    train_on(make(model), data, seed, epochs, MASKED.get(way))
                verdicts, accuracy = judge(model, data)
                found.setdefault((arm, way), []).append(("failed" in verdicts, accuracy))
                print(f"| {arm} | {seed} | {way} | {' | '.join(verdicts)} | {accuracy:.3f} |", flush=True)
    print("\n| arm | then | gate fails | accuracy without the mark, mean (least) |\n|---|---|---|---|")
    for (arm, way), rows in found.items():
        fails, accuracies = zip(*rows, strict=True)
        mean = f"{np.mean(accuracies):.3f} ({min(accuracies):.3f})"
        print(f"| {arm} | {way} | {sum(fails)} of {len(rows)} | {mean} |")


def train_on(
    model: keras.Model, data: digits.Digits, seed: int, epochs: int, masked: tuple[str, float] | None
) -> None:
    """So many more epochs."""
    keras.utils.set_random_seed(seed)
    model.compile("adam", "sparse_categorical_crossentropy")
    if masked is None:
        model.fit(data.x, data.y, epochs=epochs, verbose=0)
        return
    masks = ks.MaskSalient(ks.SaliencyCallback(data.probes), *masked, seed=seed)
    model.fit(masks.batches(data.x, data.y), epochs=epochs, verbose=0, callbacks=[masks])


def judge(model: keras.Model, data: digits.Digits) -> tuple[list[str], float]:
    """What the gate says of forty held-out digits, marked as the arm marks them; and the accuracy without the mark."""
    probes = held_out(data, regions={"corner": digits.CORNER})
    results = ks.check(model, probes, ["region", "unexpected_region"]).results
    return [result.status for result in results], accuracy_without_mark(model, data)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, sys.argv[2:] or list(WAYS))
