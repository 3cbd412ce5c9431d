import dataclasses
import gc

import numpy as np
import pytest

from keras_saliency.errors import SaliencyWarning, UnwritableFolderError
from keras_saliency.looks.look import Look, MethodLook
from keras_saliency.looks.reading import load_looks
from keras_saliency.looks.writers import ArchiveWriter, FolderWriter, Run, TensorBoardWriter
from keras_saliency.probes import ProbeSet
from keras_saliency.records.scores import Scores
from keras_saliency.training.folder_lock import FolderLock
from keras_saliency.training.logbook import Logbook, make_writers

MAPS = np.random.default_rng(0).random((2, 3, 3)).astype("float32")
SEEN = MethodLook(
    heatmaps={"magnitude": MAPS, "positive": MAPS, "negative": 0 * MAPS, "signed": MAPS},
    model_scores=Scores(
        values=np.zeros(2),
        target_classes=np.zeros(2, int),
        predicted_classes=np.zeros(2, int),
        probabilities=np.ones(2),
        kind="logit",
    ),
    per_probe={"gini": np.array([0.5, 0.7])},
)


class Recording:
    """A writer that keeps what it is told, and can be told to fail."""

    def __init__(self, fails=()):
        self.fails, self.told = fails, []

    def tell(self, *what):
        self.told.append(what)
        if what[0] in self.fails:
            raise OSError(13, "Permission denied") if what[0] == "open" else RuntimeError("out of luck")

    def open(self, run):
        self.tell("open")

    def write(self, look, previous):
        self.tell("write", look.step, previous and previous.step)
        return 10

    def close(self):
        self.tell("close")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "logs" / "saliency"


@pytest.fixture
def run(folder):
    return Run(folder, ProbeSet(np.zeros((2, 3, 3))), None, {}, sheets=False)


def look(step, epoch=None, **changes):
    return dataclasses.replace(Look(step, step if epoch is None else epoch, 0.0, {"one": SEEN}), **changes)


def open_in(logbook, run):
    run.folder.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(run.folder)
    assert lock.acquire()
    logbook.open(run, lock)


def write_fits(logbook, run, *fits):
    """Fits from an initial epoch to an end, with a look before and after each epoch."""
    for initial_epoch, epochs in fits:
        open_in(logbook, run)
        logbook.begin(initial_epoch - 1)
        for epoch in range(initial_epoch - 1, epochs):
            logbook.write(look(logbook.step(epoch), epoch), None, strict=False)
        logbook.close()


@pytest.mark.parametrize(
    ("fits", "steps"),
    [
        ([(0, 2)], [-1, 0, 1]),
        ([(3, 5)], [2, 3, 4]),
        ([(0, 2), (0, 2)], [-1, 0, 1, 2, 3]),
        ([(0, 2), (2, 4)], [-1, 0, 1, 2, 3]),
        ([(0, 2), (10, 11)], [-1, 0, 1, 9, 10]),
        ([(10, 12), (0, 2)], [9, 10, 11, 12, 13]),
    ],
)
@pytest.mark.parametrize("same", [True, False], ids=["the same logbook", "a new one each time"])
def test_steps_only_grow(folder, run, fits, steps, same):
    logbook = Logbook(make_writers("tensorboard", archive=False))
    for fit in fits:
        if not same:
            logbook = Logbook(make_writers("tensorboard", archive=False))
        write_fits(logbook, run, fit)
    assert [found.step for found in load_looks(folder)] == steps
    assert not same or logbook.steps == steps


def test_steps_grow_without_an_event_file_too(folder, run):
    writer = Recording()
    logbook = Logbook({"mine": writer})
    write_fits(logbook, run, (0, 1), (0, 1))
    assert [told[1] for told in writer.told if told[0] == "write"] == [-1, 0, 1]


def test_a_step_that_is_written_is_held(folder, run):
    logbook = Logbook({})
    open_in(logbook, run)
    assert not logbook.holds(-1)
    logbook.write(look(0), None, strict=False)
    assert [logbook.holds(step) for step in (-1, 0, 1)] == [True, True, False]


def test_every_writer_gets_the_look_and_the_one_before(folder, run):
    one, other = Recording(), Recording()
    logbook = Logbook({"one": one, "other": other})
    open_in(logbook, run)
    logbook.write(look(0), look(-1), strict=False)
    logbook.close()
    assert one.told == other.told == [("close",), ("open",), ("write", 0, -1), ("close",)]
    assert logbook.written == 20


def test_a_failure_is_warned_of_once_and_counted(folder, run):
    fine = Recording()
    logbook = Logbook({"failing": Recording(fails=("write",)), "fine": fine})
    expected = r"failing failed after epoch 3 \(step 2\): RuntimeError: out of luck. Training goes on"
    with pytest.warns(SaliencyWarning, match=expected) as caught:
        write_fits(logbook, run, (3, 5))
    assert len(caught) == 1
    assert logbook.lost == {"failing": 3}
    assert [told[0] for told in fine.told] == ["close", "open", "write", "write", "write", "close"]


def test_a_writer_that_cannot_close_is_warned_of(folder):
    logbook = Logbook({"failing": Recording(fails=("close",))})
    with pytest.warns(SaliencyWarning, match="failing failed at the end: RuntimeError: out of luck"):
        logbook.close()


def test_what_a_look_lacks_is_counted_even_where_it_is_not_written(folder, run):
    logbook = Logbook({})
    open_in(logbook, run)
    lacking = look(-1, lost={"one": "no luck"})
    with pytest.warns(SaliencyWarning, match=r"one failed before training \(step -1\): no luck"):
        logbook.write(lacking, None, strict=False)
    logbook.write(lacking, None, strict=False)
    assert logbook.lost == {"one": 2}
    assert logbook.steps == [-1]


def test_strict_raises(folder, run):
    logbook = Logbook({"failing": Recording(fails=("write",))})
    open_in(logbook, run)
    with pytest.raises(RuntimeError, match="out of luck"):
        logbook.write(look(0), None, strict=True)
    logbook = Logbook({"failing": Recording(fails=("close",))})
    with pytest.raises(RuntimeError, match="out of luck"):
        logbook.close(strict=True)


def test_a_writer_that_cannot_close_leaves_neither_others_nor_the_lock_open(folder, run):
    failing, interrupted, fine = Recording(fails=("close",)), Recording(), Recording()
    logbook = Logbook({})
    open_in(logbook, run)
    (lock,) = logbook._locks
    logbook._writers = {"failing": failing, "interrupted": interrupted, "fine": fine}
    interrupted.close = lambda: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(RuntimeError, match="out of luck"):  # the first error
        logbook.close(strict=True)
    assert fine.told == [("close",)]
    assert logbook._locks == []
    with lock._lock:  # is free
        pass


def test_a_writer_that_cannot_open_closes_all(folder, run):
    fine = Recording()
    logbook = Logbook({"fine": fine, "failing": Recording(fails=("open",))})
    with pytest.raises(
        UnwritableFolderError, match=r"Cannot write the looks to .*saliency: Permission denied\."
    ):
        open_in(logbook, run)
    assert fine.told[-1] == ("close",)


def test_what_broke_off_is_closed_with_the_logbook(folder, run):
    writer = Recording()
    logbook = Logbook({"mine": writer})
    open_in(logbook, run)
    del logbook
    gc.collect()
    assert [told[0] for told in writer.told] == ["close", "open", "close"]


def test_a_second_fit_starts_its_own_account(folder, run):
    logbook = Logbook({"failing": Recording(fails=("write",))})
    with pytest.warns(SaliencyWarning) as caught:
        write_fits(logbook, run, (0, 1), (0, 1))
    assert len(caught) == 2
    assert (logbook.lost, logbook.written) == ({"failing": 1}, 0)


def test_warnings_that_are_errors_are_printed(folder, run, capsys):
    logbook = Logbook({"failing": Recording(fails=("write",))})
    open_in(logbook, run)
    logbook.write(look(0), None, strict=False)
    assert capsys.readouterr().out.startswith("keras_saliency: failing failed after epoch 1 (step 0)")


@pytest.mark.parametrize(
    ("writers", "archive", "expected"),
    [
        ("tensorboard", False, {"tensorboard": TensorBoardWriter}),
        (["tensorboard", "folder"], False, {"tensorboard": TensorBoardWriter, "folder": FolderWriter}),
        (("folder",), True, {"folder": FolderWriter, "archive": ArchiveWriter}),
        (["archive"], True, {"archive": ArchiveWriter}),
        ([], False, {}),
        (Recording(), False, {"Recording": Recording}),
        (["folder", "folder"], False, {"folder": FolderWriter}),
        (
            [Recording(), "tensorboard", Recording(), Recording()],
            False,
            {
                "Recording": Recording,
                "tensorboard": TensorBoardWriter,
                "Recording 2": Recording,
                "Recording 3": Recording,
            },
        ),
    ],
)
def test_writers_have_names(writers, archive, expected):
    made = make_writers(writers, archive=archive)
    assert {name: type(writer) for name, writer in made.items()} == expected


@pytest.mark.parametrize(
    ("writers", "archive", "name"),
    [
        ([FolderWriter(), FolderWriter()], False, "FolderWriter"),
        (["folder", FolderWriter()], False, "FolderWriter"),
        ([TensorBoardWriter(max_side=20), "tensorboard"], False, "TensorBoardWriter"),
        (ArchiveWriter(), True, "ArchiveWriter"),
    ],
)
def test_two_writers_of_the_same_files_are_refused(writers, archive, name):
    with pytest.raises(
        ValueError, match=f"Expected one {name}, as two would write the same files. Received: "
    ):
        make_writers(writers, archive=archive)


def test_beside_the_chief_looks_are_counted_and_nothing_is_written(folder, run):
    logbook = Logbook({"recording": (writer := Recording())})
    logbook.open(run, None)
    logbook.begin(0)
    logbook.write(look(0), None, strict=True)
    logbook.close()
    assert not folder.exists()
    assert {what for what, *_ in writer.told} == {"close"}
    assert (logbook.steps, logbook.written, logbook.holds(0)) == ([0], 0, True)
