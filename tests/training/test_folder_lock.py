import errno
import subprocess
import sys
import time

import pytest

from keras_saliency.training.folder_lock import FolderLock

HOLD = """
import sys
from pathlib import Path
from keras_saliency.training.folder_lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other_process(tmp_path):
    """Another process that writes in the folder."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_another_process_is_kept_out(tmp_path, other_process):
    assert not FolderLock(tmp_path).acquire()


def test_a_process_that_died_keeps_nobody_out(tmp_path, other_process):
    other_process.kill()
    other_process.wait()
    assert FolderLock(tmp_path).acquire()


def test_within_a_process_an_abandoned_lock_keeps_nobody_out(tmp_path):
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.acquire()
    second.acquire()
    second.release()
    second.release()
    first.release()


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL])
def test_a_folder_without_locks_is_written_all_the_same(tmp_path, monkeypatch, code):
    def no_locks(*_):
        raise OSError(code, "no locks here")

    monkeypatch.setattr("fcntl.flock", no_locks)
    lock = FolderLock(tmp_path)
    lock.acquire()
    assert lock.is_held


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ENOSPC])
def test_a_lock_that_cannot_be_made_is_an_error(tmp_path, monkeypatch, code):
    lock = FolderLock(tmp_path)

    def refuse():
        raise OSError(code, "no luck")

    monkeypatch.setattr(lock._lock, "acquire", refuse)
    with pytest.raises(OSError, match="no luck"):
        lock.acquire()
    assert not lock.is_held


def test_the_later_one_in_a_process_takes_the_folder_over(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    first, second = FolderLock(tmp_path), FolderLock(tmp_path / "link")
    first.acquire()
    second.acquire()
    assert (first.is_held, second.is_held) == (False, True)
    first.release()
    assert second.is_held


def test_a_folder_that_is_kept_is_not_taken_over_until_it_is_given_back(tmp_path):
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.acquire()
    first.keep()
    assert not second.acquire()
    assert first.is_held
    first.acquire()
    first.release()
    second.acquire()


def test_a_folder_that_was_taken_since_is_not_taken_over(tmp_path):
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    began = time.monotonic()
    first.acquire()
    assert not second.acquire(since=began)
    assert second.acquire(since=time.monotonic() + 1)
    assert not first.is_held
