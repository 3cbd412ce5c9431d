"""Links, pipes and devices under the names that a log folder's own files have."""

import os

import numpy as np
import pytest

from keras_saliency.looks.look import Look, MethodLook
from keras_saliency.looks.writers import ArchiveWriter, FolderWriter, Run
from keras_saliency.probes import ProbeSet
from keras_saliency.records.scores import Scores
from keras_saliency.records.whole_file import append, last_byte, replace_file

MAPS = np.zeros((1, 3, 3), np.float32)


@pytest.fixture
def run(tmp_path):
    (tmp_path / "saliency").mkdir()
    return Run(tmp_path / "saliency", ProbeSet(MAPS), None, {}, sheets=True)


@pytest.fixture
def victim(tmp_path):
    """A file that is none of ours."""
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    return victim


def look():
    scores = Scores(np.zeros(1), "logit", np.zeros(1, int), np.zeros(1, int), np.ones(1))
    seen = MethodLook(dict.fromkeys(("magnitude", "positive", "negative", "signed"), MAPS), scores, {})
    return Look(0, 0, 0.0, {"one": seen}, 0.5)


def test_a_table_that_is_a_link_is_refused(run, victim):
    (run.folder / "numbers.csv").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        FolderWriter().open(run)
    assert victim.read_text() == "mine\n"


def test_a_table_that_becomes_a_link_costs_that_look(run, victim):
    writer = FolderWriter()
    writer.open(run)
    (run.folder / "numbers.csv").unlink()
    (run.folder / "numbers.csv").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        writer.write(look(), None)
    assert victim.read_text() == "mine\n"


def test_a_table_that_is_a_pipe_does_not_stop_the_training(run):
    os.mkfifo(run.folder / "numbers.csv")
    with pytest.raises(OSError, match="Not a file|No such device"):
        FolderWriter().open(run)


def test_a_sheet_that_is_a_link_takes_its_place(run, victim):
    sheet = run.folder / "sheets" / "one" / "step_000000.png"
    sheet.parent.mkdir(parents=True)
    sheet.symlink_to(victim)
    writer = FolderWriter()
    writer.open(run)
    writer.write(look(), None)
    assert victim.read_text() == "mine\n"
    assert not sheet.is_symlink()
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in sheet.parent.iterdir()) == [sheet.name]


@pytest.mark.parametrize(
    "put", [lambda path, victim: path.symlink_to(victim), lambda path, _: os.mkfifo(path)]
)
def test_a_file_that_follows_no_link_takes_the_place_of_whatever_is_there(tmp_path, victim, put):
    path = tmp_path / "archive.npz"
    put(path, victim)
    assert replace_file(path, b"new", follow=False) == 3
    assert path.is_file()
    assert not path.is_symlink()
    assert (path.read_bytes(), victim.read_text()) == (b"new", "mine\n")
    assert sorted(os.listdir(tmp_path)) == ["archive.npz", "victim"]


def test_an_archive_follows_no_link(run, victim, monkeypatch):
    monkeypatch.setattr("keras_saliency.looks.writers.archive._arrays", lambda *_: {})
    writer = ArchiveWriter()
    writer.open(run)
    (run.folder / "archive" / "step_000000.npz").symlink_to(victim)
    writer.write(look(), None)
    assert victim.read_text() == "mine\n"
    assert np.load(run.folder / "archive" / "step_000000.npz")["step"] == 0


def test_what_is_appended_to_is_a_file(tmp_path, victim):
    (tmp_path / "link").symlink_to(victim)
    for name in ("link", "folder", "device"):
        path = {"folder": tmp_path, "device": type(tmp_path)("/dev/null")}.get(name, tmp_path / name)
        for act in (lambda path: append(path, b"x"), last_byte):
            with pytest.raises(OSError):  # noqa: PT011  (each system has its own words)
                act(path)
    assert victim.read_text() == "mine\n"
    assert (last_byte(victim), last_byte(tmp_path / "missing")) == (b"\n", b"")
