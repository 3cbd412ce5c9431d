import subprocess
import sys

import pytest

from keras_saliency.errors import UnwritableFolderError
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
    with pytest.raises(UnwritableFolderError, match="Something else writes its looks to .* too"):
        FolderLock(tmp_path).acquire()


def test_a_process_that_died_keeps_nobody_out(tmp_path, other_process):
    other_process.kill()
    other_process.wait()
    FolderLock(tmp_path).acquire()


def test_within_a_process_an_abandoned_lock_keeps_nobody_out(tmp_path):
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.acquire()
    second.acquire()
    second.release()
    second.release()
    first.release()


def test_a_folder_without_locks_is_written_all_the_same(tmp_path):
    (tmp_path / "file").touch()
    FolderLock(tmp_path / "file").acquire()
