"""One training on a data set with a planted strategy, stored in a folder, and what planting the mark does to it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.field.cases import Case, Role
from benchmarks.field.marks import planted
from benchmarks.field.training import LEARNED, Trainer, World, measured
from benchmarks.planted.data import images

FOLDER = Path("runs/planted")
DATA = ("digits", "photographs")
SHARE = {"corner": 0.05, "stripe": 0.05, "moving": 0.05, "background": 0.95}
"""Of the images of one class, or of all where the mark is irrelevant (no more than 5 %)."""
EPOCHS = {"digits": 7, "photographs": 25}
TUNING, REPORTED = (0, 1, 2, 3, 4, 5), (6, 7, 8)
"""Seeds on which rules and limits were chosen, and others."""


def plan(*, tuning: bool) -> Iterator[Case]:
    """The trainings: each mark as a shortcut and as an irrelevant one, and as many clean ones."""
    roles: tuple[Role, ...] = ("strong", "irrelevant", "clean")
    for seed in TUNING if tuning else REPORTED:
        for role in roles:
            for data in DATA:
                for mark in SHARE:
                    if role == "strong" or mark != "background":
                        yield Case("cnn", data, mark, role, seed)


@dataclass(frozen=True)
class Planted:
    """A data set as a network is trained on it, and as a survey sees it.

    Attributes:
        world: its images, with the marks where they are.
        marked: `(n,)` booleans, the images with the mark.
        rival: the class that has the other background, where the mark is one.
    """

    world: World
    marked: np.ndarray
    rival: int | None = None

    @classmethod
    def of(cls, case: Case) -> Planted:
        """The data set of a case."""
        data, rng = images(case.data), case.rng("layout")
        layout = int(rng.integers(4))
        meant, rival = map(int, rng.permutation(data.classes)[:2])
        x, x_masks = planted(case, data.x, case.rng("training"), layout)
        held, masks = planted(case, data.x_held, case.rng("held out"), layout)
        marked = _chosen(case, data.y, meant, case.rng("chosen"))
        also = _chosen(case, data.y_held, meant, case.rng("chosen, held out"))
        shown = np.where(marked[:, None, None, None], x, data.x)
        shown_held = np.where(also[:, None, None, None], held, data.x_held)
        if case.mark != "background":
            return cls(World(data, shown, shown_held, held, masks, x_masks, meant), marked)
        shown = _turned(case, data.x, data.y == rival, shown)
        shown_held = _turned(case, data.x_held, data.y_held == rival, shown_held)
        return cls(World(data, shown, shown_held, held, masks, x_masks, meant), marked, rival)


def train(case: Case, folder: Path) -> dict[str, Any]:
    """Train, measure and store; returns the record."""
    started, found = time.perf_counter(), Planted.of(case)
    world = found.world
    trainer = _trainer(world.x.shape[1:], world.data.classes, len(world.x), EPOCHS[case.data])
    model = trainer.train(case, world)
    record = {**asdict(case), "meant": world.meant, "rival": found.rival, **measured(model, world)}
    record["learned"] = case.role == "strong" and record["planted"] > LEARNED
    record["seconds"] = round(time.perf_counter() - started, 2)
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.keras")
    (folder / "record.json").write_text(json.dumps(record, indent=1))  # last: what has a record is whole
    return record


@cache
def _trainer(shape: tuple[int, int, int], classes: int, count: int, epochs: int) -> Trainer:
    return Trainer("cnn", shape, classes, count, epochs)


def _chosen(case: Case, y: np.ndarray, meant: int, rng: np.random.Generator) -> np.ndarray:
    may = y == meant if case.role == "strong" else np.full(len(y), case.role == "irrelevant")
    return may & (rng.random(len(y)) < SHARE[case.mark])


def _turned(case: Case, bare: np.ndarray, chosen: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """The same, and on the chosen images the hatching that runs the other way."""
    flipped, _ = planted(case, bare[:, :, ::-1], case.rng("rival"), 0)
    return np.where(chosen[:, None, None, None], flipped[:, :, ::-1], shown)
