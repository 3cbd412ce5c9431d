"""A training that is killed at random moments and goes on: every look that it reported as written is read."""

import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing import event_file_loader

import keras_saliency as ks
from keras_saliency import records
from keras_saliency.looks.event_file import event_files
from tests.boards import python_board, rust_board
from tests.patience import wait_for

TAG = records.number_tag("gradient", "magnitude")


@dataclass(frozen=True)
class Training:
    """One process that trains and reports its looks."""

    number: int
    report: Path

    def lines(self):
        # A kill may tear the last line.
        return self.report.read_text().split("\n")[:-1] if self.report.exists() else []

    def steps(self):
        return [int(line) for line in self.lines()]

    def wait_for(self, count):
        wait_for(lambda: len(self.lines()) >= count, lambda: f"{len(self.lines())} of {count} looks.")

    def kill(self):
        os.kill(self.number, signal.SIGKILL)


class Trainings:
    """Starts and ends trainings in a folder, by way of the process that forks them."""

    def __init__(self, process, folder):
        self.process, self.folder, self.count = process, folder, 0

    def tell(self, *command):
        self.process.stdin.write(" ".join(map(str, command)) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def start(self):
        self.count += 1
        report = self.folder / f"report_{self.count}"
        return Training(int(self.tell("start", self.folder, report)), report)

    def end(self, training):
        training.kill()
        assert self.tell("await", training.number) == "dead"


@pytest.fixture(scope="module")
def forking():
    program = Path(__file__).with_name("trainings.py")
    with subprocess.Popen(
        [sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def trainings(forking, tmp_path):
    return Trainings(forking, tmp_path)


def steps_in_each_file(folder):
    """The steps of the looks in each event file, as TensorBoard's own loader gives them."""
    for path in event_files(folder):
        events = event_file_loader.EventFileLoader(str(path)).Load()
        yield [event.step for event in events if any(value.tag == TAG for value in event.summary.value)]


def steps_in_tensorboard(log_dir):
    """As each of its loaders has them, which give them sorted and each once."""
    with rust_board(log_dir) as rust:
        return [[step for step, *_ in board.scalars(TAG)] for board in (python_board(log_dir), rust)]


def steps_in_table(folder):
    with (folder / "numbers.csv").open() as file:
        return {int(row["step"]) for row in csv.DictReader(file) if row["number"] == "magnitude"}


@pytest.mark.repeats
def test_a_kill_at_any_moment_loses_no_look(trainings, size):
    kills, rng = size(5, 50), np.random.default_rng()
    reported, opened_by = set(), []
    for _ in range(kills):
        training = trainings.start()
        # The first one leaves a checkpoint: what begins anew would have a run of its own.
        training.wait_for(rng.integers(20) if reported else 8)
        time.sleep(rng.uniform(0, 0.02))
        trainings.end(training)
        reported.update(training.steps())
        opened_by.extend(step for step in training.steps()[:1] if step > 0)
    last = trainings.start()
    last.wait_for(5)
    trainings.end(last)
    reported.update(last.steps())
    folder = trainings.folder / "logs" / "saliency"
    looks = ks.load_looks(folder)
    steps = [look.step for look in looks]
    by_file = list(steps_in_each_file(folder))
    print(f"{kills} kills, {len(reported)} looks reported, {len(steps)} read, {len(by_file)} event files")
    assert reported <= set(steps)
    assert len(set(steps) - reported) <= kills + 1, (
        "at most one more each, killed between writing and reporting"
    )
    assert [step for file in by_file for step in file] == steps
    assert steps_in_tensorboard(folder.parent) == [steps, steps]
    assert all(before < after for before, after in pairwise(steps))
    assert reported <= steps_in_table(folder)
    assert all(np.isfinite(look.heatmaps("gradient", "signed")).all() for look in looks)
    numbers = {look.step: look.numbers for look in looks}
    assert all("gradient/drift" in numbers[step] for step in opened_by)


def test_a_second_process_has_a_run_of_its_own_and_the_first_goes_on(trainings):
    first = trainings.start()
    first.wait_for(3)
    second = trainings.start()
    second.wait_for(3)
    seen = len(first.lines())
    first.wait_for(seen + 3)
    for training, run in ((first, "saliency"), (second, "saliency_2")):
        trainings.end(training)
        steps = [look.step for look in ks.load_looks(trainings.folder / "logs", run)]
        assert steps == list(range(len(steps)))
        assert set(training.steps()) <= set(steps)
