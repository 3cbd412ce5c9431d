"""What is added to the end of a file, and its last byte."""

import errno
import io
import os
import stat

import pytest

from keras_saliency.records.whole_file import append, append_all, last_byte


def test_all_is_added_at_the_end(tmp_path):
    path = tmp_path / "file"
    assert last_byte(path) == b""
    before = os.umask(0)
    try:
        assert append(path, b"") == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666
    assert last_byte(path) == b""
    for content in (b"a", b"bc", b"\n", b"longer\xff"):
        assert append(path, content) == len(content)
        assert last_byte(path) == content[-1:]
    assert path.read_bytes() == b"abc\nlonger\xff"


def test_where_a_system_has_no_such_flags(tmp_path, monkeypatch):
    for name in ("O_NOFOLLOW", "O_NONBLOCK"):
        monkeypatch.delattr(os, name, raising=False)
    assert append(tmp_path / "file", b"ab") == 2
    assert last_byte(tmp_path / "file") == b"b"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
@pytest.mark.parametrize(
    ("name", "append_error", "read_error"),
    [
        ("link", errno.ELOOP, errno.ELOOP),
        ("pipe", errno.ENXIO, errno.EEXIST),
        ("null", errno.EEXIST, errno.EEXIST),
    ],
)
def test_what_is_no_file_is_refused_and_left_alone(tmp_path, name, append_error, read_error):
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    path = tmp_path / name if name != "null" else type(tmp_path)(os.devnull)
    descriptors = len(os.listdir("/dev/fd"))
    for act, number in ((lambda path: append(path, b"x"), append_error), (last_byte, read_error)):
        with pytest.raises(OSError, match=str(path)) as caught:
            act(path)
        assert (caught.value.errno, caught.value.filename) == (number, str(path))
        if number == errno.EEXIST:
            assert str(caught.value) == f"[Errno {errno.EEXIST}] Not a file: '{path}'"
    assert len(os.listdir("/dev/fd")) == descriptors
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_a_disk_that_is_full_adds_nothing(tmp_path):
    """A limit to the size of files says the same as a full disk: some bytes are taken, and then none."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "file"
    path.write_bytes(b"before")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            append(path, b"-after")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"before"


class Slow(io.FileIO):
    """Takes two bytes at once, and fails at a place."""

    def __init__(self, path, full, error):
        super().__init__(path, "r+")
        self.full, self.error = full, error

    def write(self, content):
        if self.tell() >= self.full:
            raise self.error
        return super().write(bytes(content[:2]))


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_write_in_pieces_is_all_or_nothing(tmp_path, error):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with Slow(path, 13, error) as file:
        file.seek(6)
        append_all(file, b"-after")
        assert path.read_bytes() == b"before-after"
        with pytest.raises(type(error)):
            append_all(file, b"-too much")
        assert file.tell() == 12
        assert path.read_bytes() == b"before-after"
