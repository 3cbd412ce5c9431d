import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact

from keras_saliency.checks.shared.statistics import Proportion, median, more_often, pooled


@pytest.mark.parametrize(("hits", "count"), [(0, 8), (1, 8), (7, 8), (8, 8), (30, 240)])
def test_bounds_are_those_of_clopper_and_pearson(hits, count):
    share = Proportion(hits, count)
    interval = binomtest(hits, count).proportion_ci(confidence_level=0.9, method="exact")
    assert share.lower(0.05) == pytest.approx(interval.low, abs=1e-12)
    assert share.upper(0.05) == pytest.approx(interval.high, abs=1e-12)
    assert (share.lower(), share.upper()) == (share.lower(0.05), share.upper(0.05))
    assert share.share == pytest.approx(hits / count)
    assert (str(share), share.as_json()) == (f"{hits} of {count}", {"hits": hits, "count": count})


@pytest.mark.parametrize("error", [0.05, 0.0001])
def test_bounds_by_hand(error):
    # All 8 hits: the true share p has p⁸ = error. None: (1 − p)⁸ = error.
    assert Proportion(8, 8).lower(error) == pytest.approx(error ** (1 / 8), abs=1e-12)
    assert Proportion(0, 8).upper(error) == pytest.approx(1 - error ** (1 / 8), abs=1e-12)


def test_nothing_is_known_of_none():
    nothing = Proportion(0, 0)
    assert np.isnan(nothing.share)
    assert (nothing.lower(), nothing.upper()) == (0.0, 1.0)


def test_fishers_test_by_hand():
    # 3 of 3 against 0 of 3: one table of C(6, 3) = 20 is as extreme.
    assert more_often(Proportion(3, 3), Proportion(0, 3), 0.051)
    assert not more_often(Proportion(3, 3), Proportion(0, 3), 0.049)
    assert not more_often(Proportion(0, 3), Proportion(3, 3), 0.5)
    assert more_often(Proportion(1, 3), Proportion(0, 0), 0.01)
    # 3 of 3 against 1 of 3: of the C(6, 4) = 15 ways to have four hits, three have all of the first.
    second = Proportion(1, 3)
    assert [more_often(Proportion(3, 3), second, error) for error in (0.199, 0.201)] == [False, True]
    exact = fisher_exact([[3, 0], [1, 2]], alternative="greater").pvalue
    assert more_often(Proportion(3, 3), second, exact)


def test_pooled_and_median():
    assert pooled([Proportion(1, 3), Proportion(2, 4)]) == Proportion(3, 7)
    assert median(np.array([np.nan, 1.0, 3.0])) == 2
    assert np.isnan(median(np.array([np.nan])))
