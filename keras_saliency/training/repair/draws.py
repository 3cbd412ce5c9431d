"""Random numbers of a pipeline: private, and not the same in two workers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import numpy as np

from keras_saliency.probes.randomness import worker_seed


class Draws:
    """A generator for the threads of one process, one after the other.

    A worker has a copy of what its parent has, and would draw the same as all others, in every epoch. So it gets a
    generator of its own, by the seed that PyTorch gives it; in other processes that were forked, by their number.

    Args:
        seed: in the process that made this.
    """

    def __init__(self, seed: int) -> None:
        self._seed, self._process = seed, os.getpid()
        self._one_at_a_time = Lock()
        self._worker = 0
        self._rng = self._made()

    @contextmanager
    def generator(self) -> Iterator[np.random.Generator]:
        """The generator of this process, for this thread alone."""
        with self._one_at_a_time:
            forked = 0 if os.getpid() == self._process else os.getpid()
            worker = worker_seed() or forked
            if worker != self._worker:
                self._worker = worker
                self._rng = self._made()
            yield self._rng

    def _made(self) -> np.random.Generator:
        return np.random.default_rng([self._seed, self._worker, *b"swap_regions"])
