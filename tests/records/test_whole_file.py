"""Files that are there as a whole or not at all."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from keras_saliency.records.whole_file import replace_file, replacing

WRITE_OFTEN = """
import sys
from keras_saliency.records.whole_file import replace_file
print("ready", flush=True)
sys.stdin.read()
for _ in range(50):
    replace_file(sys.argv[1], sys.argv[2].encode() * 100_000)
"""


def write_half(path, error):
    with replacing(path) as file:
        file.write(b"half")
        raise error


def permissions(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_replaced_as_a_whole_and_its_folders_are_made(tmp_path):
    path = tmp_path / "new" / "folder" / "file"
    assert replace_file(path, b"long content") == 12
    assert replace_file(str(path), b"short") == 5
    assert path.read_bytes() == b"short"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("before", [None, b"old"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, before, error):
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(type(error)):
        write_half(path, error)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == ([] if before is None else [before])


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "file"
    replace_file(path, b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_threads_write_one_file_at_once(tmp_path):
    path = tmp_path / "file"
    contents = [bytes([letter]) * 100_000 for letter in b"abcdefgh"]
    with ThreadPoolExecutor(len(contents)) as pool:
        sizes = list(pool.map(lambda content: replace_file(path, content), contents * 10))
    assert set(sizes) == {100_000}
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


def test_processes_write_one_file_at_once(tmp_path):
    path = tmp_path / "file"
    command = [sys.executable, "-c", WRITE_OFTEN, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        subprocess.Popen([*command, "a"], **pipes) as first,
        subprocess.Popen([*command, "b"], **pipes) as second,
    ):
        assert first.stdout.readline() == second.stdout.readline() == "ready\n"
        first.stdin.close()
        second.stdin.close()
    assert (first.returncode, second.returncode) == (0, 0)
    assert path.read_bytes() in (b"a" * 100_000, b"b" * 100_000)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="links need rights")
def test_what_lies_beside_is_not_touched(tmp_path):
    path, other = tmp_path / "file", tmp_path / "other"
    other.write_text("mine")
    beside = tmp_path / "file.unfinished"
    beside.symlink_to(other)
    replace_file(path, b"new")
    assert (beside.readlink(), other.read_text()) == (other, "mine")
    assert set(tmp_path.iterdir()) == {path, other, beside}


@pytest.mark.skipif(os.name == "nt", reason="links need rights")
def test_a_link_stays_one(tmp_path):
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_text("old")
    link.symlink_to(path)
    replace_file(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    with replacing(link) as file:
        file.write(b"newer")
    assert link.is_symlink()
    assert path.read_bytes() == b"newer"
    replace_file(link, b"newest", follow=False)
    assert (link.is_symlink(), link.read_bytes(), path.read_bytes()) == (False, b"newest", b"newer")


def test_an_address_is_no_file():
    with pytest.raises(ValueError, match=r"Expected path to be a path on this machine.* path='gs://b/f'"):
        replace_file("gs://b/f", b"content")


@pytest.mark.skipif(os.name == "nt", reason="no such permissions")
def test_permissions_are_those_that_open_gives(tmp_path):
    new, plain, old = (tmp_path / name for name in ("new", "plain", "old"))
    before = os.umask(0o027)
    try:
        replace_file(new, b"")
        plain.write_bytes(b"")
        old.write_bytes(b"")
        old.chmod(0o604)
        replace_file(old, b"")
    finally:
        os.umask(before)
    assert permissions(new) == permissions(plain) == 0o640
    assert permissions(old) == 0o604


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_is_written_into(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_bytes)
        assert replace_file(pipe, b"content") == 7
    assert read.result() == b"content"
    assert list(tmp_path.iterdir()) == [pipe]


def test_an_error_names_the_file_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder") as caught:
        replace_file("folder", b"content")
    assert caught.value.filename == "folder"
    assert caught.value.filename2 is None
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]
