import os

import pytest

from keras_saliency.records.holes import is_hollow

WRITTEN = 2**16


@pytest.mark.parametrize(
    ("start", "length", "hollow"),
    [
        (0, WRITTEN, False),
        (0, WRITTEN + 1, True),
        (WRITTEN - 1, 1, False),
        (WRITTEN - 1, 2, True),
        (2 * WRITTEN, 1, True),
        (5 * WRITTEN, 1, False),  # beyond the end, which a file system refuses to look at
    ],
)
def test_what_was_never_written(tmp_path, start, length, hollow):
    with (tmp_path / "file").open("wb+") as file:
        file.write(b"x" * WRITTEN)
        file.truncate(4 * WRITTEN)
        if not hasattr(os, "SEEK_HOLE") or file.seek(0, os.SEEK_HOLE) > WRITTEN:
            pytest.skip("this file system knows no holes")
        file.seek(start)
        assert is_hollow(file, length) is hollow
        assert file.tell() == start
