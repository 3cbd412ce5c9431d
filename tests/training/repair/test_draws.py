"""Workers, which have a copy of what their parent has, draw for themselves."""

import os
from types import SimpleNamespace

import pytest
import torch.utils.data

from keras_saliency.training.repair.draws import Draws


def drawn(draws):
    with draws.generator() as rng:
        return rng.random(3).tolist()


@pytest.fixture
def in_worker(monkeypatch):
    """Puts this process into the place of a worker of a `DataLoader`, as PyTorch's own function tells it."""

    def enter(seed):
        worker = None if seed is None else SimpleNamespace(seed=seed)
        monkeypatch.setattr(torch.utils.data, "get_worker_info", lambda: worker)

    return enter


def test_a_process_goes_on_with_its_draws():
    one, same = Draws(1), Draws(1)
    first = drawn(one)
    assert first == drawn(same)
    assert drawn(one) != first
    assert drawn(Draws(2)) != first


def test_workers_draw_by_the_seed_that_pytorch_gives_them(in_worker):
    parent = drawn(Draws(1))
    found = []
    for seed in (7, 8, 7):
        in_worker(seed)
        draws = Draws(1)
        found.append([drawn(draws), drawn(draws)])
    assert found[0] == found[2] != found[1]
    assert parent not in [first for first, _ in found]
    assert found[0][0] != found[0][1]


def test_a_copy_that_was_used_before_the_worker_began_draws_anew(in_worker):
    draws = Draws(1)
    drawn(draws)
    in_worker(7)
    once = drawn(draws)
    in_worker(None)
    drawn(draws)
    in_worker(7)
    assert drawn(draws) == once


def test_other_processes_that_were_forked_do_not_draw_the_same(monkeypatch):
    draws, parent = Draws(1), drawn(Draws(1))
    monkeypatch.setattr(os, "getpid", lambda: 1)
    one = drawn(draws)
    monkeypatch.setattr(os, "getpid", lambda: 2)
    other = drawn(draws)
    assert parent != one != other
