"""The story of the demo: train, watch, and draw what was seen."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from keras_saliency.demo import digits, network
from keras_saliency.looks.look import Look
from keras_saliency.probes.captions import captions
from keras_saliency.records.whole_file import replace_file
from keras_saliency.render import film_strip, pictures, to_png
from keras_saliency.training.callback import SaliencyCallback

SHOWN = np.array([0, 1, 2, 8, 9, 10])
_ENRICHMENT = "gradient/corner_enrichment"


@dataclass(frozen=True)
class Row:
    """The numbers after one epoch; `validation` is None before training, `drift` at the first look."""

    epoch: int
    validation: float | None
    probes: float | None
    enrichment: float
    drift: float | None


@dataclass(frozen=True)
class Story:
    """What the demo made.

    Attributes:
        folder: where it was written.
        film_strip: a picture of the maps over the epochs.
        rows: the numbers, from before training to the last epoch.
        summary: what the looks cost, as one line.
    """

    folder: Path
    film_strip: Path
    rows: list[Row]
    summary: str


class Watched:
    """A training on one arm that a callback watches, also over several fits.

    Everything is written to a new folder `<out>/<arm>`, or `<out>/<arm>-2` and so on.

    Args:
        arm: of the digits.
        seed: of the network and its training.
        out: the folder of the folder.
        progress: is told of every look.

    Attributes:
        data: the digits.
        model: the demo's network.
    """

    def __init__(self, arm: digits.Arm, seed: int, out: Path, progress: Callable[[Row], None]) -> None:
        self.data = digits.load(arm)
        self.model = network.build(seed)
        self._arm, self._folder = arm, new_folder(out, arm)
        self._saliency = SaliencyCallback(self.data.probes, self._folder, target=digits.MARKED_CLASS)
        self._narrator = _Narrator(self._saliency, progress)

    def fit(self, model: keras.Model, since: int, epochs: int) -> None:
        """Train from one epoch to another: the network, or a model around it."""
        model.fit(
            self.data.x,
            self.data.y,
            validation_data=(self.data.x_validation, self.data.y_validation),
            initial_epoch=since,
            epochs=epochs,
            verbose=0,
            callbacks=[self._saliency, self._narrator],
        )

    def told(self) -> Story:
        """What was seen, with the film strip drawn."""
        picture = self._folder / "film_strip.png"
        replace_file(picture, to_png(_draw(self._saliency.looks, self.data, self._arm)))
        return Story(self._folder, picture, self._narrator.rows, str(self._saliency.summary))


def tell(arm: digits.Arm, epochs: int, seed: int, out: Path, progress: Callable[[Row], None]) -> Story:
    """Train the demo's network on one arm and watch it; the arguments are those of `Watched`."""
    watched = Watched(arm, seed, out, progress)
    watched.fit(watched.model, 0, epochs)
    return watched.told()


class _Narrator(keras.callbacks.Callback):  # type: ignore[misc]
    """Reports every look of a saliency callback that stands before it, and keeps the rows."""

    def __init__(self, saliency: SaliencyCallback, progress: Callable[[Row], None]) -> None:
        super().__init__()
        self._saliency, self._progress = saliency, progress
        self.rows: list[Row] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Report the opening look."""
        if epoch == 0:
            self._report(None)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Report the look after an epoch."""
        self._report((logs or {})["val_accuracy"])

    def _report(self, validation: float | None) -> None:
        look = self._saliency.last_look
        if look is None:
            return
        numbers = look.numbers
        drift = numbers.get("gradient/drift")
        self.rows.append(Row(look.step, validation, look.probe_accuracy, numbers[_ENRICHMENT], drift))
        self._progress(self.rows[-1])


def _draw(looks: list[Look], data: digits.Digits, arm: str) -> np.ndarray:
    last = looks[-1].methods["gradient"]
    written = captions(data.probes, last.model_scores)
    return film_strip(
        pictures(data.probes.images)[SHOWN],
        [look.heatmaps("gradient")[SHOWN] for look in looks],
        ["before" if look.step < 0 else f"epoch {look.step + 1}" for look in looks],
        [written[probe] for probe in SHOWN],
        f"What the network looks at to say 3, over the epochs ({arm})",
        subtitle=(
            "Gradient of the score of class 3, over the image. Corner enrichment: the corner's share of the "
            "map divided by its share of the area; 1.0 is chance."
        ),
        footer=[f"{look.numbers[_ENRICHMENT]:.1f}" for look in looks],
        footer_label="corner enrichment",
        region=digits.CORNER,
        region_label="the corner",
    )


def new_folder(out: Path, name: str) -> Path:
    """A folder that was not there: `<out>/<name>`, or `<out>/<name>-2` and so on."""
    folder, number = out / name, 1
    while os.path.lexists(folder):  # also a link to nothing
        number += 1
        folder = out / f"{name}-{number}"
    folder.mkdir(parents=True)
    return folder
