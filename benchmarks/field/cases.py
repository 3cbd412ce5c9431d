"""What is trained: a network, its data, a mark and what it tells, and a seed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

Role = Literal["strong", "faint", "irrelevant", "clean"]
"""What the mark is: a shortcut, a faint one, on images of all classes alike, or on none."""
SHORTCUTS: tuple[Role, ...] = ("strong", "faint")
SOUND: tuple[Role, ...] = ("irrelevant", "clean")
MARKS = ("corner", "stripe", "frame", "text", "moving", "cast", "background")
PAIRS = (
    ("cnn", "digits"),
    ("cnn", "photographs"),
    ("residual", "digits"),
    ("residual", "photographs"),
    ("vit", "photographs"),
    ("lite0", "photographs"),
)
ROUNDS: tuple[tuple[Role, int], ...] = (
    ("irrelevant", 0),
    ("clean", 0),
    ("strong", 0),
    ("strong", 1),
    ("faint", 0),
)
"""What is trained with which seed: those that must not be accused first."""
HELD_OUT: tuple[tuple[Role, int], ...] = (("irrelevant", 2), ("clean", 2), ("strong", 2))
"""Trainings on which no rule of a check was chosen."""
FOLDER = Path("runs/field")


@dataclass(frozen=True)
class Case:
    """One training. All of it follows from these five: what is drawn at random, is drawn from them."""

    network: str
    data: str
    mark: str
    role: Role
    seed: int

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.network}-{self.data}-{self.mark}-{self.role}-{self.seed}"

    @property
    def is_sound(self) -> bool:
        """Whether the mark tells nothing."""
        return self.role in SOUND

    @cached_property
    def number(self) -> int:
        """A seed for all that is drawn for this training."""
        return zlib.crc32(self.name.encode())

    def rng(self, purpose: str) -> np.random.Generator:
        """A generator for one purpose."""
        return np.random.default_rng([self.number, *purpose.encode()])


def plan(*, held_out: bool = False) -> Iterator[Case]:
    """All trainings of the field, or those that are held out: in each round every network with every mark."""
    for role, seed in HELD_OUT if held_out else ROUNDS:
        for network, data in PAIRS:
            for mark in MARKS:
                yield Case(network, data, mark, role, seed)
