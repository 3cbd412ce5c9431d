"""The fields of a header: what each kind takes, and what is said of the rest."""

import sys

import numpy as np
import pytest

from keras_saliency.records import fields

LARGEST = int(sys.float_info.max)
TAKEN = [
    (fields.text, ["", "猫"]),
    (fields.whole, [0, -7, 2**63 - 1, -(2**63)]),
    (fields.whole_or_none, [None, 3]),
    (fields.number, [None, 0, -2, 1.5, LARGEST, -LARGEST]),
    (fields.flag, [True, False]),
    (fields.flag_or_none, [None, True, False]),
]
REFUSED = [
    (fields.text, [None, 3, b"a", ["a"]], "not a text"),
    (fields.whole, [None, True, 1.0, "1", 2**63, -(2**63) - 1], "not a whole number"),
    (fields.whole_or_none, [False, 2**63], "not a whole number"),
    (fields.number, [True, "1", [1], 2 * LARGEST, -2 * LARGEST, float("inf")], "not a number"),
    (fields.flag, [None, 0, 1, "true"], "neither true nor false"),
    (fields.flag_or_none, [0, "null"], "neither true nor false"),
]


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in TAKEN for value in values])
def test_what_is_taken_stays_the_same(kind, value):
    found = kind(value)
    assert found == value
    assert type(found) is (float if kind is fields.number and value is not None else type(value))


@pytest.mark.parametrize(
    ("kind", "value", "words"), [(kind, value, words) for kind, values, words in REFUSED for value in values]
)
def test_what_is_something_else_is_shown(kind, value, words):
    with pytest.raises(TypeError) as caught:
        kind(value)
    assert str(caught.value) == f"{value!r:.50} is {words}"


def test_lists():
    assert fields.list_of(fields.number, [1, None], 2) == [1.0, None]
    assert fields.list_of(fields.text, []) == fields.list_of(fields.text, [], 0) == []
    assert (
        fields.optional(["a", "b"], fields.text) == fields.optional(["a", "b"], fields.text, 2) == ("a", "b")
    )
    assert fields.optional(None, fields.text, 2) is None
    for values, count in ((["a"], 2), (["a"], 0), ("ab", 2), (("a", "b"), 2), ({"a": 1}, None)):
        with pytest.raises(ValueError, match="probes") as caught:
            fields.list_of(fields.text, values, count)
        assert str(caught.value) == f"{values!r} for {count} probes"


def test_numbers_have_nine_digits_and_none_is_not_finite():
    assert fields.numbers(np.array([1 / 3, 2e8 / 3, -0.5, np.nan, np.inf, -np.inf])) == [
        *(0.333333333, 66666666.7, -0.5),
        *(None, None, None),
    ]
    exact = np.random.default_rng(0).normal(size=1000).astype("float32")
    found = fields.floats(fields.numbers(exact), np.float32)
    np.testing.assert_array_equal(found, exact, strict=True)
    np.testing.assert_array_equal(fields.floats([None, 0.1], np.float64), [np.nan, 0.1], strict=True)


@pytest.mark.parametrize(("given", "written"), [(None, None), (-1, -1), (np.int64(7), 7)])
def test_an_epoch(given, written):
    assert fields.epoch_or_none(given) == written
    assert type(fields.epoch_or_none(given)) is type(written)
