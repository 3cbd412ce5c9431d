"""One training of the field, stored in a folder: the model, its probes, and what planting the mark does to it.

A training is a function of its case. All trainings of a network share one compiled model, as compiling takes longer
than training: it starts from new weights and a new optimizer each time.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_saliency as ks
from benchmarks.field.cases import SHORTCUTS, Case
from benchmarks.field.data import DATA, Images
from benchmarks.field.marks import planted
from benchmarks.field.networks import NETWORKS

SHARE = {"strong": 0.95, "faint": 0.95, "irrelevant": 0.5, "clean": 0.0}
"""How many of the images get the mark: of one class where it is a shortcut, else of all."""
EPOCHS = {"cnn": 15, "residual": 8, "vit": 14, "lite0": 20}
RATE = {"cnn": 2e-3, "residual": 3e-3, "vit": 3e-3, "lite0": 2e-3}
BATCH = 64
EACH = {"digits": 4, "photographs": 6}
"""So many probes of each class."""
LARGEST = 0.2
"""A region with more of the area than this holds what a sound model should look at."""
LEARNED = 0.5
"""A shortcut is learned if planting its mark moves more of the other images to its class."""


@dataclass(frozen=True)
class World:
    """The images of a case, with the mark where the case has it.

    Attributes:
        data: without marks.
        x: to train on.
        held: held out, marked as `x` is.
        all_marked: held out, each with the mark.
        masks: where it is, `(n, height, width)`.
        meant: the class that the mark stands for, where it is a shortcut.
    """

    data: Images
    x: np.ndarray
    held: np.ndarray
    all_marked: np.ndarray
    masks: np.ndarray
    meant: int

    @classmethod
    def of(cls, case: Case) -> World:
        """The images of a case."""
        data, rng = DATA[case.data](case.network), case.rng("layout")
        meant, layout = int(rng.integers(data.classes)), int(rng.integers(4))
        marked, _ = planted(case, data.x, case.rng("training"), layout)
        held, masks = planted(case, data.x_held, case.rng("held out"), layout)
        chosen = _chosen(case, data.y, meant, case.rng("chosen"))
        chosen_held = _chosen(case, data.y_held, meant, case.rng("chosen, held out"))
        return cls(
            data,
            np.where(chosen, marked, data.x),
            np.where(chosen_held, held, data.x_held),
            held,
            masks,
            meant,
        )


def train(case: Case, folder: Path) -> dict[str, Any]:
    """Train, measure and store; returns the record."""
    started, world = time.perf_counter(), World.of(case)
    shape = world.x.shape[1:]
    model = trainer(case.network, shape, world.data.classes, len(world.x)).train(case, world)
    record = {
        **asdict(case),
        "meant": world.meant,
        **measured(model, world),
        "seconds": round(time.perf_counter() - started, 2),
        "versions": {"keras": keras.__version__, "backend": keras.backend.backend()},
    }
    record["learned"] = case.role in SHORTCUTS and record["planted"] > LEARNED
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.keras")
    for name, probes in probe_sets(case, world).items():
        probes.save(folder / f"{name}.npz")
    (folder / "record.json").write_text(json.dumps(record, indent=1))  # last: what has a record is whole
    return record


def measured(model: keras.Model, world: World) -> dict[str, float]:
    """What the model does with held-out images, asked without any of our checks.

    Returns:
        `accuracy` on images as those of the training, `bare` on images without marks; `planted`: the share of
        images of other classes that the mark turns into the class that it stands for; `removed`: the share of that
        class that leave it without the mark.
    """
    y, meant = world.data.y_held, world.meant
    held, bare, marked = (
        _predicted(model, images) for images in (world.held, world.data.x_held, world.all_marked)
    )
    others, own = (y != meant) & (bare != meant), (y == meant) & (marked == meant)
    return {
        "accuracy": _share(held == y),
        "bare": _share(bare == y),
        "planted": _share(marked[others] == meant),
        "removed": _share(bare[own] != meant),
    }


def probe_sets(case: Case, world: World) -> dict[str, ks.ProbeSet]:
    """Held-out images, some of each class: `marked`, with the region, and `bare`, where nobody marked anything.

    They are as those of the training. Of a clean training there is a third set, `unseen`: every second image has the
    mark, which the network never met. No region is marked where it holds what a sound model should look at, or all of
    the image.
    """
    y = world.data.y_held
    rows = np.concatenate(
        [np.flatnonzero(y == index)[: EACH[case.data]] for index in range(world.data.classes)]
    )
    area = float(world.masks[rows].mean())
    regions = {} if area > (LARGEST if case.is_sound else 0.99) else {"mark": world.masks[rows]}
    images = {"marked": world.held[rows], "bare": world.held[rows]}
    if case.role == "clean":
        every_second = (np.arange(len(rows)) % 2 == 0)[:, None, None, None]
        images["unseen"] = np.where(every_second, world.all_marked[rows], images["bare"])
    return {
        kind: ks.ProbeSet(shown, y[rows], regions={} if kind == "bare" else regions)
        for kind, shown in images.items()
    }


class Trainer:
    """One network, trained again and again. Of `lite0` the last layer is trained, on what the others make of images."""

    def __init__(
        self, network: str, shape: tuple[int, int, int], classes: int, images: int, epochs: int | None = None
    ) -> None:
        self._epochs = epochs or EPOCHS[network]
        self.model = model = NETWORKS[network](shape, classes)
        if network == "lite0":
            self._body = keras.Sequential([keras.Input(shape), *model.layers[:-1]])
            self._part = keras.Sequential([keras.Input(self._body.output_shape[1:]), model.layers[-1]])
        else:
            self._body, self._part = None, keras.Model(model.inputs, model.outputs)
        rate = keras.optimizers.schedules.CosineDecay(RATE[network], self._epochs * -(-images // BATCH))
        adam = keras.optimizers.Adam(rate)
        self._part.compile(adam, "sparse_categorical_crossentropy", jit_compile=False)
        self._part.optimizer.build(self._part.trainable_variables)
        self._fresh = [np.array(variable) for variable in self._part.optimizer.variables]

    def train(self, case: Case, world: World) -> keras.Model:
        """The model, trained from new weights; the next training changes it."""
        keras.utils.set_random_seed(case.number)
        self._part.set_weights(keras.models.clone_model(self._part).get_weights())
        for variable, value in zip(self._part.optimizer.variables, self._fresh, strict=True):
            variable.assign(value)
        x = self._body.predict(world.x, BATCH, verbose=0) if self._body else world.x
        self._part.fit(x, world.data.y, batch_size=BATCH, epochs=self._epochs, verbose=0)
        return self.model


trainer = cache(Trainer)


def _chosen(case: Case, y: np.ndarray, meant: int, rng: np.random.Generator) -> np.ndarray:
    may = y == meant if case.role in SHORTCUTS else np.ones(len(y), bool)
    return (may & (rng.random(len(y)) < SHARE[case.role]))[:, None, None, None]


def _predicted(model: keras.Model, images: np.ndarray) -> np.ndarray:
    return np.asarray(model.predict(images, BATCH, verbose=0)).argmax(1)


def _share(hits: np.ndarray) -> float:
    return round(float(hits.mean()), 4) if len(hits) else float("nan")
