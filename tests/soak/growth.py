"""How much memory a process grows by: `python growth.py {fits,cleared,looks,explains,models} COUNT {alone,watched}`.

Prints the MiB that each of so many fits (of a new network, with a new callback), looks, or explanations of one network
or of a new one each, adds to what the process holds, by a straight line through what it held after each, without the
first fifth. `cleared`: fits, with `keras.utils.clear_session` after each. `alone`: the same without us.
"""

import gc
import resource
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import keras
import numpy as np

import keras_saliency as ks

IMAGES = np.random.default_rng(0).normal(size=(32, 8, 8, 1)).astype("float32")
LABELS = np.arange(32) % 3


def resident():
    """MiB that the process holds in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def network():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def callback(folder):
    probes = ks.ProbeSet(IMAGES[:8], LABELS[:8])
    return ks.SaliencyCallback(probes, folder, methods=["gradient", "grad_cam"], images=False)


def fits(folder, watched, *, clear=False):
    """A function: a number → one fit."""

    def fit(number):
        callbacks = [callback(folder / str(number))] if watched else []
        network().fit(IMAGES, LABELS, verbose=0, callbacks=callbacks)
        if clear:
            keras.utils.clear_session(free_memory=False)

    return fit


def looks(folder, watched):
    """A function: a number → one update, and a look."""
    model, saliency = network(), callback(folder)

    def look(number):
        model.train_on_batch(IMAGES, LABELS)
        if watched:
            saliency.look(model, number)

    return look


def explains(folder, watched):
    """A function: a number → one prediction, and one explanation, of the same network."""
    model = network()

    def explain(number):
        predict_and_explain(model, watched)

    return explain


def models(folder, watched):
    """A function: a number → a new network, one prediction, and one explanation."""

    def explain(number):
        predict_and_explain(network(), watched)

    return explain


def predict_and_explain(model, watched):
    model.predict_on_batch(IMAGES[:8])
    if watched:
        for method in "gradient", "grad_cam":
            ks.explain(model, IMAGES[:8], method)


def growth(action: Callable[[int], None], count: int) -> float:
    """MiB per action."""
    held = []
    for number in range(count):
        action(number)
        if count < 200 or number % 10 == 0:
            gc.collect()
        held.append(resident())
    warm = count // 5
    return float(np.polyfit(np.arange(warm, count), held[warm:], 1)[0])


ACTIONS = {
    "fits": fits,
    "cleared": partial(fits, clear=True),
    "looks": looks,
    "explains": explains,
    "models": models,
}


def main():
    what, count, how = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        print(growth(ACTIONS[what](Path(folder), how == "watched"), int(count)))


if __name__ == "__main__":
    main()
