import numpy as np
import pytest

from keras_saliency import records
from keras_saliency.errors import UnreadableFileError

NAMES = ('猫 "quoted"', "a/b\\c", "naïve|π", "")


def test_everything_comes_back():
    rng = np.random.default_rng(0)
    written = records.ProbesRecord(
        fingerprint="ab12",
        count=4,
        names=NAMES,
        labels=(3, 1, 0, 2),
        class_names=("Katze", "狗", "a,b", "d"),
        size=(300, 200),
        regions={"corner": rng.random((6, 5)) > 0.5, "object": rng.random((4, 6, 5)) > 0.5},
        pictures=rng.integers(0, 256, (4, 6, 5, 3), np.uint8),
        settings={"methods": ["gradient"], "every": 1},
        descriptions={"drift": "0 is the same ÷ none."},
        goes_on=True,
    )
    read = records.decode_probes(records.encode_probes(written))
    for name in (
        "fingerprint",
        "count",
        "names",
        "labels",
        "class_names",
        "size",
        "settings",
        "descriptions",
        "goes_on",
    ):
        assert getattr(read, name) == getattr(written, name), name
    np.testing.assert_array_equal(read.pictures, written.pictures)
    assert set(read.regions) == {"corner", "object"}
    for name, mask in read.regions.items():
        np.testing.assert_array_equal(mask, written.regions[name], strict=True)


def test_what_is_not_there_stays_away():
    written = records.ProbesRecord(fingerprint="ab12", count=4)
    record = records.encode_probes(written)
    assert records.decode(record)[1] == {}
    assert records.decode_probes(record) == written


def test_what_older_programs_did_not_write_stays_away():
    header, _ = records.decode(records.encode_probes(records.ProbesRecord("ab12", 4)))
    older = {name: value for name, value in header.items() if name not in ("descriptions", "goes_on")}
    assert records.decode_probes(records.encode(older, {})) == records.ProbesRecord("ab12", 4)


def test_one_kind_is_not_the_other():
    probes = records.encode_probes(records.ProbesRecord(fingerprint="ab12", count=4))
    with pytest.raises(UnreadableFileError, match=r"Expected a record of maps. Received: kind='probes'"):
        records.decode_maps(probes)
    with pytest.raises(UnreadableFileError, match=r"Expected a record of maps. Received: kind='probes'"):
        records.decode_maps_header(probes)
    with pytest.raises(UnreadableFileError, match=r"Expected a record of probes. Received: kind=None"):
        records.decode_probes(records.encode({}, {}))


def test_missing_fields():
    with pytest.raises(UnreadableFileError, match=r"Expected a record of probes. Received a damaged one"):
        records.decode_probes(records.encode({"kind": "probes"}, {}))
    with pytest.raises(UnreadableFileError, match=r"Expected a record of maps. Received a damaged one"):
        records.decode_maps(records.encode({"kind": "maps"}, {}))


@pytest.mark.parametrize(
    ("changes", "arrays"),
    [
        ({"count": "2"}, {}),
        ({"names": ["a"]}, {}),
        ({"names": "ab"}, {}),
        ({"labels": [0, 0.5]}, {}),
        ({"labels": [0]}, {}),
        ({"class_names": [1]}, {}),
        ({"size": [1, 2, 3]}, {}),
        ({"settings": 3}, {}),
        ({"descriptions": 3}, {}),
        ({"descriptions": {"drift": 3}}, {}),
        ({}, {"pictures": np.zeros((3, 4, 4, 3), np.uint8)}),
        ({}, {"pictures": np.zeros((2, 4, 4, 1), np.uint8)}),
        ({}, {"region/corner": np.zeros((3, 4, 4), np.uint8)}),
        ({}, {"region/corner": np.zeros(4, np.uint8)}),
    ],
)
def test_a_field_of_probes_that_is_something_else(changes, arrays):
    header, _ = records.decode(records.encode_probes(records.ProbesRecord("ab12", 2)))
    with pytest.raises(UnreadableFileError, match=r"Expected a record of probes. Received a damaged one"):
        records.decode_probes(records.encode(header | changes, arrays))


def test_half_characters_are_replaced():
    written = records.ProbesRecord("ab12", 1, settings={"layer": "conv\ud800"})
    assert records.decode_probes(records.encode_probes(written)).settings == {"layer": "conv?"}
