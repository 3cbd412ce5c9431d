import gzip
import struct

import numpy as np
import pytest

from keras_saliency import records
from keras_saliency.errors import UnreadableFileError

from .samples import a_maps_record, random_maps, views_of


def test_is_that_of_the_whole_record():
    record = records.encode_maps(a_maps_record(views_of(random_maps(3))))
    assert records.decode_header(record) == records.decode(record)[0]


def test_what_follows_may_be_damaged():
    arrays = {"noise": np.random.default_rng(0).integers(0, 256, 100_000).astype(np.uint8)}
    record = records.encode({"kind": "maps"}, arrays)
    assert records.decode_header(record[:-20_000]) == {"kind": "maps"}
    with pytest.raises(UnreadableFileError):
        records.decode(record[:-20_000])


@pytest.mark.parametrize("length", [0, 5, 15, 40])
def test_cut_before_its_end(length):
    record = records.encode({"kind": "maps", "noise": list(range(100))}, {})
    with pytest.raises(UnreadableFileError, match=f"Received {length} bytes .* it ends too early"):
        records.decode_header(record[:length])


def test_what_json_has_no_word_for_is_none():
    head = b'{"header":{"kind":"maps","numbers":[1.5,NaN,-Infinity]},"arrays":{}} '
    record = gzip.compress(struct.pack("<8sII", b"SALIENCY", 1, len(head)) + head)
    assert records.decode_header(record) == {"kind": "maps", "numbers": [1.5, None, None]}


def test_foreign_and_newer():
    with pytest.raises(UnreadableFileError, match="which is a gzip stream"):
        records.decode_header(b"no such stream, but long enough to be one")
    with pytest.raises(UnreadableFileError, match="another program wrote them"):
        records.decode_header(gzip.compress(b"something else, but long enough"))
    newer = struct.pack("<8sII", b"SALIENCY", 2, 2) + b"{}"
    with pytest.raises(UnreadableFileError, match="upgrade keras_saliency"):
        records.decode_header(gzip.compress(newer))
    empty = struct.pack("<8sII", b"SALIENCY", 1, 2) + b"{}"
    with pytest.raises(UnreadableFileError, match="Received a damaged one"):
        records.decode_header(gzip.compress(empty))
