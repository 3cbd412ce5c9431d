"""A survey that is killed at random moments, and called again, comes to what one that was left alone comes to."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import keras_saliency as ks
from tests.patience import wait_for

PROGRAM = Path(__file__).with_name("surveys.py")
READ = 239
"""Of 240 examples one is not finite."""


class Surveys:
    """A process that makes one survey after the other."""

    def __init__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen([sys.executable, PROGRAM], text=True, **pipes)

    def start(self, folder):
        self._write(folder)
        return int(self.process.stdout.readline())

    def _write(self, line):
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def status(self):
        self._write("wait")
        said, status = self.process.stdout.readline().split()
        assert said == "ended"
        return int(status)


@pytest.fixture
def surveys():
    made = Surveys()
    yield made
    made.process.communicate()


def has_come_to(folder, parts):
    """Whether so many parts are there, or the whole survey."""
    return len([*folder.glob("parts/*.parquet")]) >= parts or (folder / "survey.json").exists()


def parts_in(folder):
    return {path: path.stat().st_mtime_ns for path in (folder / "parts").glob("*.parquet")}


@pytest.mark.backend
@pytest.mark.repeats
def test_kills_lose_nothing_and_double_nothing(surveys, tmp_path, size):
    alone = tmp_path / "alone"
    surveys.start(alone)
    started = time.monotonic()
    assert surveys.status() == 0
    takes = time.monotonic() - started

    kills, rng, kept, seen, killed = size(3, 20), np.random.default_rng(), {}, [], tmp_path / "killed"
    for kill in range(kills):
        child, wanted = surveys.start(killed), len(kept) + rng.integers(1, 8)
        if kill % 2:
            time.sleep(rng.uniform(0, takes))
        else:
            wait_for(partial(has_come_to, killed, wanted))
            time.sleep(rng.uniform(0, 0.05))
        os.kill(child, signal.SIGKILL)  # its number is its own until it is waited for
        surveys.status()
        now = parts_in(killed)
        if (killed / "survey.json").exists():
            seen.append("all")
            finish(surveys, killed, alone)
            killed, kept = tmp_path / f"killed {kill}", {}
        else:
            assert kept.items() <= now.items(), "a part that was whole is gone, or was written again"
            kept, seen = now, [*seen, len(now)]
    finish(surveys, killed, alone)
    print(f"{kills} kills; whole parts after each: {seen}")


def finish(surveys, killed, alone):
    """Call it once more: it holds what the one does that was left alone, and nothing else."""
    surveys.start(killed)
    assert surveys.status() == 0
    reference, made = ks.Survey.load(alone), ks.Survey.load(killed)
    assert (
        (made.examples, made.unreadable_count)
        == (reference.examples, reference.unreadable_count)
        == (READ, 1)
    )
    assert len(set(made.table()["id"])) == READ
    for name, values in reference.table().items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(made.table()[name], values, rtol=1e-6, atol=1e-6)
        else:
            np.testing.assert_array_equal(made.table()[name], values)
    np.testing.assert_allclose(made.class_maps().mean, reference.class_maps().mean, atol=1e-6)
    assert not (killed / "parts").exists()
    assert [path for path in killed.rglob("*") if path.name.endswith(".unfinished")] == []
