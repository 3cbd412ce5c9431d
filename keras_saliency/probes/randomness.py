"""Leaving the global random states as they were found."""

from __future__ import annotations

import gc
import random
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

_one_thread_at_a_time = threading.RLock()
"""Of two threads that restore, the one that ends last would restore what the other had drawn."""


@contextmanager
def undisturbed_random_state(*, only_on_failure: bool = False) -> Iterator[None]:
    """Restore the global random states of Python, numpy and (if it is loaded) PyTorch on leaving.

    TensorFlow and JAX need nothing here: Keras draws from its own seed generators there, and these are read
    under a `keras.StatelessScope`. With `only_on_failure` the states are restored if an exception leaves the
    block, and else left as they have become.

    These states belong to the process: other threads wait to enter such a block, and numbers that they draw
    elsewhere in the meantime are drawn again.
    """
    with _one_thread_at_a_time:
        yield from _restored(only_on_failure)


@contextmanager
def undisturbed_generators(*holders: Any) -> Iterator[None]:
    """Restore the global random states on leaving, and those of every random generator that somebody holds.

    For calling code of the user that draws by generators of its own: those of numpy, of Python's `random`, of Keras
    (`SeedGenerator`), and those of PyTorch that are attributes of the holders. Finding them takes some 0.1 s.
    """
    with undisturbed_random_state():
        restores = [_restore(thing) for thing in _generators(holders)]
        try:
            yield
        finally:
            for restore in restores:
                restore()


def worker_seed() -> int | None:
    """The seed of this process where it is a worker of a PyTorch `DataLoader`, a new one at every start; else None."""
    data = sys.modules.get("torch.utils.data")
    worker = None if data is None else data.get_worker_info()
    return None if worker is None else int(worker.seed)


def _generators(holders: Iterable[Any]) -> Iterator[Any]:
    """All generators of this process; Python's garbage collector knows all but PyTorch's."""
    kinds = {
        np.random.Generator,
        np.random.RandomState,
        random.Random,
        *_classes("keras.random", "SeedGenerator"),
    }
    yield from [thing for thing in gc.get_objects() if type(thing) in kinds]
    of_torch = tuple(_classes("torch", "Generator"))
    held = (thing for holder in holders for thing in getattr(holder, "__dict__", {}).values())
    yield from (thing for thing in held if isinstance(thing, of_torch))


def _classes(module: str, name: str) -> list[type]:
    """The class of that name, where the module is loaded."""
    found = getattr(sys.modules.get(module), name, None)
    return [found] if isinstance(found, type) else []


def _restore(generator: Any) -> Callable[[], Any]:
    """What gives a generator its present state back."""
    if isinstance(generator, np.random.Generator):
        return partial(setattr, generator.bit_generator, "state", generator.bit_generator.state)
    if isinstance(generator, np.random.RandomState):
        return partial(generator.set_state, generator.get_state())
    if isinstance(generator, random.Random):
        return partial(generator.setstate, generator.getstate())
    if hasattr(generator, "get_state"):
        return partial(generator.set_state, generator.get_state())
    return partial(generator.state.assign, generator.state.numpy())


def _restored(only_on_failure: bool) -> Iterator[None]:
    restores: list[Callable[[], Any]] = [
        partial(random.setstate, random.getstate()),
        partial(np.random.set_state, np.random.get_state()),
        *_torch_restores(),
    ]
    failed = True
    try:
        yield
        failed = False
    finally:
        if failed or not only_on_failure:
            for restore in restores:
                restore()


def _torch_restores() -> list[Callable[[], Any]]:
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "random"):
        return []
    restores: list[Callable[[], Any]] = [partial(torch.set_rng_state, torch.get_rng_state())]
    if torch.cuda.is_initialized():
        restores.append(partial(torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all()))
    return restores
