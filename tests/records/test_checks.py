import pytest

from keras_saliency import records
from keras_saliency.errors import UnreadableFileError

RESULTS = (
    {"name": "finite", "status": "passed", "sentence": "„Gut“ <b>"},
    {
        "name": "a",
        "status": "failed",
        "sentence": "low",
        "value": 0.5,
        "limit": 1,
        "direction": "at_least",
    },
    {"name": "b", "status": "errored", "sentence": "no", "value": float("nan"), "limit": float("inf")},
)


def test_come_back():
    found = records.decode_checks(records.encode_checks(records.ChecksRecord(7, 3, RESULTS)))
    nothing = {"value": None, "limit": None, "direction": None}
    assert (found.step, found.epoch) == (7, 3)
    assert found.results == (
        {**RESULTS[0], **nothing},
        RESULTS[1],
        {**RESULTS[2], **nothing},
    )


def test_without_results():
    record = records.encode_checks(records.ChecksRecord(-1, -1, ()))
    assert records.decode(record) == ({"kind": "checks", "step": -1, "epoch": -1, "results": []}, {})
    assert records.decode_checks(record) == records.ChecksRecord(-1, -1, ())


def test_a_result_without_a_name_is_refused():
    with pytest.raises(KeyError, match="name"):
        records.encode_checks(records.ChecksRecord(0, 0, ({"status": "passed", "sentence": "x"},)))


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"step": 1, "epoch": 1},
        {"step": 1, "epoch": 1, "results": [{}]},
        {"step": 1, "epoch": 1, "results": 3},
    ],
)
def test_damaged(header):
    with pytest.raises(UnreadableFileError, match=r"Expected a record of checks. Received a damaged one"):
        records.decode_checks(records.encode({"kind": "checks", **header}, {}))


def test_another_kind():
    record = records.encode_probes(records.ProbesRecord(fingerprint="ab12", count=4))
    with pytest.raises(UnreadableFileError, match=r"Expected a record of checks. Received: kind='probes'"):
        records.decode_checks(record)
