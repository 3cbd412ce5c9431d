"""Maps in 255 steps."""

import numpy as np
import pytest

from keras_saliency.records import planes


@pytest.mark.parametrize("block", [1, 12, 50])
def test_planes_in_blocks_are_those_of_all_at_once(monkeypatch, block):
    rng = np.random.default_rng(0)
    positive, negative = np.maximum(rng.normal(size=(2, 9, 4, 3)), 0).astype(np.float32)
    views = {"positive": positive, "negative": negative, "magnitude": np.maximum(positive, negative)}
    views["signed"] = positive - negative
    views["signed"][7] *= 3  # no difference of the others, in one block alone
    views["signed"][2, 0, 0] = np.nan
    expected = planes.quantised(views)
    monkeypatch.setattr(planes, "_BLOCK", block)
    found = planes.quantised(views)
    for before, after in zip(expected, found, strict=True):
        np.testing.assert_equal(after, before)
    assert list(found[0]) == ["positive", "negative", "signed"]


@pytest.mark.parametrize(
    ("shape", "block", "sizes"),
    [
        ((9, 4, 3), 1, [1] * 9),
        ((9, 4, 3), 24, [2, 2, 2, 2, 1]),
        ((9, 4, 3), 47, [3, 3, 3]),
        ((9, 1, 1), 4, [4, 4, 1]),
        ((1, 4, 3), 1, [1]),
        ((9, 0, 3), 5, [5, 4]),
        ((0, 4, 3), 1, [0]),
    ],
)
def test_a_block_has_no_more_values_than_it_may(monkeypatch, shape, block, sizes):
    monkeypatch.setattr(planes, "_BLOCK", block)
    blocks = planes._in_blocks(dict.fromkeys(planes.VIEWS, np.zeros(shape)), np.ones(shape[0], bool))
    assert [len(finite) for _, finite in blocks] == sizes
