"""The lock of a log folder among links, forks, kills, and things in its place: at filelock's floor too."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress

import pytest

from keras_saliency.errors import UnwritableFolderError
from keras_saliency.training.folder_lock import FolderLock

HOLD = """
import os, sys, time
from pathlib import Path
from keras_saliency.training.folder_lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
lock.acquire()
worker = os.fork()
if worker == 0:
    {worker}
else:
    {training}
"""


def hold(folder, worker, training):
    """A training that holds the lock and has forked a worker; and what it prints first."""
    code = HOLD.format(worker=worker, training=training)
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline().strip()


def test_a_link_in_the_place_of_the_lock_leaves_its_target_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("three years")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / ".lock").symlink_to(tmp_path / "thesis.txt")
    with suppress(UnwritableFolderError):
        FolderLock(tmp_path / "logs").acquire()
    assert (tmp_path / "thesis.txt").read_text() == "three years"


def test_a_worker_that_ends_does_not_give_the_lock_away(tmp_path):
    process, said = hold(tmp_path, "sys.exit()", "os.waitpid(worker, 0); print('ended', flush=True); input()")
    with process:
        assert said == "ended"
        assert not FolderLock(tmp_path).acquire()
        process.kill()


def test_a_killed_training_with_a_worker_that_lives_on_can_be_started_again(tmp_path):
    process, worker = hold(tmp_path, "print(os.getpid(), flush=True); time.sleep(60)", "input()")
    with process:
        process.kill()
        process.wait()
        try:
            lock = FolderLock(tmp_path)
            lock.acquire()
            lock.release()
        finally:
            os.kill(int(worker), signal.SIGKILL)


def bind(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.mark.parametrize(
    "put",
    [
        os.mkdir,
        os.mkfifo,
        bind,
        lambda path: path.symlink_to("nowhere"),
        lambda path: path.symlink_to(path.name),
        lambda path: path.symlink_to(path.parent),
    ],
    ids=["folder", "pipe", "socket", "dangling link", "circle", "link to a folder"],
)
def test_what_is_no_lock_is_refused_and_stays(tmp_path, put, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the paths of sockets are short
    put(type(tmp_path)(".lock"))
    before = os.lstat(".lock")
    with pytest.raises(
        UnwritableFolderError, match=r"Expected .*\.lock to be a file, .* choose another log_dir"
    ):
        FolderLock(tmp_path).acquire()
    assert os.lstat(".lock") == before
    assert os.listdir() == [".lock"]
