"""What the callback costs in a real training, and what that is made of. Run: `python -m benchmarks.training`.

EfficientNet-Lite0 with its weights for ImageNet gets a new head for six photographs of scikit-image, from 240 crops of
224 × 224, with 60 more to validate on; 20 epochs on the backend that KERAS_BACKEND names. The body is frozen, so the
training is as cheap as can be (and without XLA, which is slower on CPUs); `--all` trains all weights. Everything the
callback does is measured within one `fit`, by the clock and in time of the processor, and compared with the rest of it.
The floor is a bare gradient of 16 probes for every look, compiled where the backend compiles.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any
from unittest import mock

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import keras_saliency as ks
from benchmarks.accelerator import floor
from benchmarks.field.data import PHOTOGRAPHS
from benchmarks.field.networks import lite0
from benchmarks.timing import Cost, now
from keras_saliency.looks import observer
from keras_saliency.looks.writers import tensorboard
from keras_saliency.training.fit import Fit

SIDE, BATCH, PROBES = 224, 32, 16
FIRST, LATER, REST = "before the first update", "after it", "the callback's own"
PARTS = (
    (ks.SaliencyCallback, "on_train_begin", REST),
    (ks.SaliencyCallback, "on_epoch_begin", REST),
    (ks.SaliencyCallback, "on_epoch_end", REST),
    (ks.SaliencyCallback, "on_train_end", REST),
    (Fit, "_checked", "checks"),
    (observer.Observer, "look", "numbers"),
    (observer, "explain_question", "maps"),
    (tensorboard.TensorBoardWriter, "write", "stored maps and curves"),
    (tensorboard, "_sheet", "contact sheets"),
)


class Parts:
    """What was spent in each part, without the parts within it; before the first update and after it."""

    def __init__(self) -> None:
        self.spent: dict[tuple[str, str], Cost] = defaultdict(Cost)
        self.when = FIRST
        self._open: list[str] = []
        self._since = now()

    @contextmanager
    def within(self, name: str) -> Iterator[None]:
        """What is spent in the block counts for this part."""
        self._turn()
        self._open.append(name)
        try:
            yield
        finally:
            self._turn()
            self._open.pop()

    def _turn(self) -> None:
        passed, self._since = now() - self._since, now()
        if self._open:
            self.spent[self.when, self._open[-1]] += passed

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While the parts of the callback are measured."""
        with ExitStack() as patches:
            for owner, name, part in PARTS:
                patches.enter_context(mock.patch.object(owner, name, self._timed(getattr(owner, name), part)))
            yield

    def _timed(self, function: Callable[..., Any], part: str) -> Callable[..., Any]:
        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.within(part):
                return function(*args, **kwargs)

        return timed


class Begun(keras.callbacks.Callback):
    """Tells that the opening look is over."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self._parts = parts

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """The first update comes."""
        self._parts.when = LATER


def crops(each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows of photographs, from 0 to 1, and which photograph each is of."""
    from skimage import data

    rng, images = np.random.default_rng(seed), []
    for name in PHOTOGRAPHS:
        found = getattr(data, name)()
        picture = (found[0] if isinstance(found, tuple) else found)[..., :3] / np.float32(255)
        for _ in range(each):
            top, left = (int(rng.integers(length - SIDE + 1)) for length in picture.shape[:2])
            images.append(picture[top : top + SIDE, left : left + SIDE])
    return np.stack(images), np.repeat(np.arange(len(PHOTOGRAPHS)), each)


def bare_gradients(model: keras.Model, x: np.ndarray, y: np.ndarray, looks: int) -> Cost:
    """What as many bare gradients take as there were looks; the first one is the first of its kind."""
    bare = floor(model, x, y)
    started = now()
    for _ in range(looks):
        bare()
    return now() - started


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--each", type=int, default=40, help="crops of each photograph")
    parser.add_argument("--all", action="store_true", help="train all weights")
    parser.add_argument("--methods", nargs="+", default=["gradient"])
    asked = parser.parse_args()
    keras.utils.set_random_seed(0)
    (x, y), held = crops(asked.each, 0), crops(asked.each // 4, 1)
    model = lite0((SIDE, SIDE, 3), len(PHOTOGRAPHS))
    model.layers[1].trainable = asked.all
    rate = 1e-4 if asked.all else 1e-3
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", jit_compile=False)
    parts = Parts()
    with tempfile.TemporaryDirectory() as folder, parts.watching():
        saliency = ks.SaliencyCallback(held, folder, asked.methods)
        started = now()
        model.fit(
            x,
            y,
            batch_size=BATCH,
            epochs=asked.epochs,
            validation_data=held,
            callbacks=[saliency, Begun(parts)],
            verbose=0,
        )
        whole = now() - started
        print(saliency.summary)
    training = whole - sum(parts.spent.values(), Cost())
    looks = saliency.summary.looks
    bare = bare_gradients(model, held[0][:PROBES], held[1][:PROBES], looks)
    print(f"\n{asked.epochs} epochs on {keras.backend.backend()}, {os.cpu_count()} cores, of {len(x)} crops")
    print("\n| | s | % of the training | s of the processor | % |\n|---|---|---|---|---|")

    def row(name: str, spent: Cost) -> None:
        shares = [100 * spent.clock / training.clock, 100 * spent.processor / training.processor]
        print(
            f"| {name} | {spent.clock:.2f} | {shares[0]:.1f} | {spent.processor:.2f} | {shares[1]:.1f} |",
            flush=True,
        )

    row("the training", training)
    row(f"{looks} bare gradients of {PROBES} probes", bare)
    for when in (FIRST, LATER):
        here = {part: spent for (at, part), spent in parts.spent.items() if at == when}
        row(f"the callback {when}", sum(here.values(), Cost()))
        for part in dict.fromkeys(part for *_, part in PARTS):
            if part in here:
                row(f"– {part}", here[part])


if __name__ == "__main__":
    main()
