"""The demo's arms, trained once per session at a small size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.demo import digits, network

EPOCHS = 8
MARKED = digits.MARKED_CLASS


@dataclass(frozen=True)
class Arm:
    """A trained network, probes that all have the stamp, and probes as the arm has them."""

    model: Any
    stamped: ks.ProbeSet
    natural: ks.ProbeSet


def place(top, left):
    mask = np.zeros((digits.SIDE, digits.SIDE), bool)
    mask[top : top + 3, left : left + 3] = True
    return mask


STAMPS = {
    "shortcut": (place(0, 0), 1.0),
    "moved": (place(17, 9), 1.0),
    "faint": (place(0, 0), 0.3),
    "clean": (place(0, 0), 1.0),
    "irrelevant": (place(0, 0), 1.0),
}


def stamped(images, mask, value):
    images = images.copy()
    images[:, mask] = value
    return images


def images_of(arm):
    """Images and labels, marked as in training, and unmarked."""
    x, y = digits._images()
    mask, value = STAMPS[arm]
    marked = {
        "clean": np.zeros(len(y), bool),
        "irrelevant": np.random.default_rng(1).random(len(y)) < 0.1,
    }.get(arm, y == MARKED)
    return np.where(marked[:, None, None, None], stamped(x, mask, value), x), y, x


@cache
def trained(arm):
    shown, y, plain = images_of(arm)
    model = network.build(seed=0)
    model.fit(shown[:1200], y[:1200], epochs=EPOCHS, verbose=0)
    held, labels, bare = shown[1200:], y[1200:], plain[1200:]
    mask, value = STAMPS[arm]
    threes, others = np.flatnonzero(labels == MARKED)[:8], np.flatnonzero(labels != MARKED)[:8]
    rows = np.concatenate([threes, others])
    each = np.concatenate([np.flatnonzero(labels == index)[:4] for index in range(10)])
    return Arm(
        model,
        ks.ProbeSet(stamped(bare[rows], mask, value), labels[rows], regions={"corner": mask}),
        ks.ProbeSet(held[each], labels[each], regions={"corner": mask}),
    )


@pytest.fixture(scope="session")
def arms():
    """`arms("shortcut")`: an arm, trained at first use."""
    return trained


@dataclass(frozen=True)
class FakeMethod:
    """A method that makes what a function of images and generator makes; it claims to be as good as a gradient."""

    make: Any
    name: str = "fake"

    registered: ClassVar[str] = "fake"
    cost: ClassVar[str] = "nothing"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    def explain(self, question, rng):
        from keras_saliency.methods import MethodResult

        return MethodResult(self.make(np.asarray(question.inputs, "float32"), rng).astype("float32"))


@pytest.fixture
def fake_method():
    """`fake_method(make)`, see `FakeMethod`."""
    return FakeMethod
