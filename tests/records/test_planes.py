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
