"""The story of a repair: a gate proves the corner, its content is exchanged, and the gate passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_saliency.checks.gate.runner import check
from keras_saliency.demo import digits
from keras_saliency.demo.story import Row, Story, Watched
from keras_saliency.probes import ProbeSet
from keras_saliency.reports.report import Report
from keras_saliency.training.repair.swap_regions import SwapRegions

_OF_EACH_CLASS = 4


@dataclass(frozen=True)
class Judged:
    """What is known of a network at one moment.

    Attributes:
        report: of the check `unexpected_region`, on held-out digits; nobody tells it of the corner.
        without_mark: the accuracy on all held-out digits without the corner.
    """

    report: Report
    without_mark: float


@dataclass(frozen=True)
class Repaired:
    """What the demo made; `before` and `after` the repair, which is None where nothing was proven."""

    story: Story
    before: Judged
    after: Judged | None


def tell_repair(
    arm: digits.Arm,
    epochs: int,
    more: int,
    seed: int,
    out: Path,
    *,
    progress: Callable[[Row], None],
    judged: Callable[[Judged], None],
) -> Repaired:
    """Train, judge, train on with the content of the proven regions exchanged, and judge again.

    Args:
        arm: see `Watched`; `seed`, `out` and `progress` too.
        epochs: of the first training.
        more: epochs of the repair.
        seed: of the network and its training.
        out: the folder of the folder.
        progress: is told of every look.
        judged: is told of both judgements.
    """
    watched = Watched(arm, seed, out, progress)
    watched.fit(watched.model, 0, epochs)
    before = judge(watched.model, watched.data)
    judged(before)
    if not before.report.regions:
        return Repaired(watched.told(), before, None)
    watched.fit(around(watched.model, before.report), epochs, epochs + more)
    after = judge(watched.model, watched.data)
    judged(after)
    return Repaired(watched.told(), before, after)


def around(model: keras.Model, report: Report) -> keras.Model:
    """A compiled model that trains this one with the regions exchanged that the report proved."""
    tuned = keras.Sequential([SwapRegions(report.regions, probability=1.0), model])
    tuned.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return tuned


def judge(model: keras.Model, data: digits.Digits) -> Judged:
    """What is known of a network that was trained on these digits."""
    return Judged(check(model, held_out(data), ["unexpected_region"]), accuracy_without_mark(model, data))


def held_out(data: digits.Digits, **settings: Any) -> ProbeSet:
    """Four held-out digits of each class, marked as the arm marks them; settings as of `ProbeSet`."""
    labels = data.y_validation
    rows = np.concatenate([np.flatnonzero(labels == index)[:_OF_EACH_CLASS] for index in range(10)])
    return ProbeSet(data.x_validation[rows], labels[rows], **settings)


def accuracy_without_mark(model: keras.Model, data: digits.Digits) -> float:
    """On all held-out digits, without the corner."""
    bare = digits.load("clean").x_validation
    return float(np.mean(model.predict(bare, verbose=0).argmax(1) == data.y_validation))
