"""From rows to strategies: planted groups, and what is told of them."""

import numpy as np
import pytest

from keras_saliency.surveys.strategies.strategies import find_strategies
from tests.surveys.strategies.rows import SIDE, Table, table


def of_class(strategies, index):
    return [one for one in strategies if one.class_index == index]


def test_a_place_that_a_part_of_a_class_is_looked_at():
    rows = table([(0, 185, None, ()), (0, 15, (0, 17), ()), (1, 100, None, ())])
    strategies, numbers = find_strategies(rows, 0)
    group = rows.data["group"]
    usual, corner, other = strategies
    assert [one.number for one in strategies] == [0, 1, 2]
    assert [(one.class_index, one.kind, one.size) for one in strategies] == [
        (0, "all", 185), (0, "place", 15), (1, "all", 100)
    ]  # fmt: skip
    np.testing.assert_array_equal(numbers, group)
    assert (corner.share, other.share) == (0.075, 1)
    assert corner.peak == pytest.approx((1.5 / SIDE, 18.5 / SIDE))
    own = rows.data["map"][group == 1].mean(0)
    np.testing.assert_allclose(corner.mean_map, own, atol=1e-6)
    assert corner.concentration == pytest.approx(own[:3, 17:].sum() / own.sum() / (9 / SIDE**2), rel=1e-4)
    rest = rows.data["map"][group == 0].mean(0)
    assert corner.distance == usual.distance == pytest.approx(abs(own - rest).sum(), rel=1e-4)
    assert other.distance is None
    assert [one.is_suspect for one in strategies] == [False, True, False]
    assert set(corner.typical) <= set(rows.data["id"][group == 1])


def test_what_the_last_layer_reads():
    rows = table([(0, 185, None, ()), (0, 15, None, (2, 5)), (1, 100, None, ())])
    strategies, numbers = find_strategies(rows, 0)
    assert [(one.kind, one.size) for one in of_class(strategies, 0)] == [("all", 185), ("features", 15)]
    np.testing.assert_array_equal(numbers, rows.data["group"])


def test_a_part_that_several_views_see_is_one():
    rows = table([(0, 185, None, ()), (0, 15, (0, 17), (2, 5))])
    assert [(one.kind, one.size) for one in find_strategies(rows, 0)[0]] == [("all", 185), ("place", 15)]


def test_a_class_without_parts_is_one_strategy():
    strategies, numbers = find_strategies(table([(4, 300, None, ()), (7, 60, (3, 3), (2, 5))]), 0)
    assert [(one.class_index, one.kind, one.size, one.share) for one in strategies] == [
        (4, "all", 300, 1.0),
        (7, "all", 60, 1.0),
    ]
    np.testing.assert_array_equal(numbers, [0] * 300 + [1] * 60)


def test_without_labels_the_class_is_what_is_predicted():
    rows = table([(0, 300, None, ()), (1, 300, None, ())])
    rows.data["prediction"][:75] = 1
    first, _ = find_strategies(rows, 0)[0]
    assert (first.size, first.accuracy) == (300, 0.75)
    rows.data["label"][:] = -1
    strategies = find_strategies(rows, 0)[0]
    assert {one.accuracy for one in strategies} == {None}
    assert [sum(one.size for one in of_class(strategies, index)) for index in (0, 1)] == [225, 375]
    rows.data["prediction"][:] = -1
    strategies, numbers = find_strategies(rows, 0)
    assert strategies == ()
    assert (numbers == -1).all()


def test_maps_without_content_belong_nowhere():
    rows = table([(0, 100, None, ())])
    rows.data["map"][:3], rows.data["magnitude"][:3] = 0, 0
    rows.data["map"][3:5], rows.data["magnitude"][3:5] = np.nan, np.nan
    (strategy,), numbers = find_strategies(rows, 0)
    assert strategy.size == 95
    assert np.isfinite(strategy.mean_map).all()
    assert (numbers[:5] == -1).all()
    assert (numbers[5:] == 0).all()


def test_places_alone_tell():
    rows = table([(0, 185, None, ()), (0, 15, (0, 17), ())])
    alone = Table({name: values for name, values in rows.data.items() if name != "features"})
    np.testing.assert_array_equal(find_strategies(alone, 0)[1], rows.data["group"])


def test_the_order_of_the_rows_does_not_matter():
    rows = table([(0, 190, None, ()), (0, 30, (0, 17), ()), (0, 20, None, (2, 5)), (1, 100, None, ())])
    order = np.random.default_rng(3).permutation(len(rows.data["id"]))
    first, numbers = find_strategies(rows, 0)
    second, others = find_strategies(rows.reordered(order), 0)
    np.testing.assert_array_equal(numbers[order], others)
    for one, other in zip(first, second, strict=True):
        assert one.typical == other.typical
        assert one.extreme == other.extreme
        np.testing.assert_allclose(one.mean_map, other.mean_map, rtol=1e-5)


def test_many_examples_go_where_their_nearest_centre_does():
    rows = table([(0, 2700, None, ()), (0, 300, (0, 17), ())])
    strategies, numbers = find_strategies(rows, 0)
    assert [one.size for one in strategies] == pytest.approx([2700, 300], abs=10)
    assert (numbers == rows.data["group"]).mean() > 0.99


def test_extreme_examples_are_the_farthest():
    rows = table([(0, 100, None, ())])
    rows.data["map"][42] = 0
    rows.data["map"][42, 5, 5] = 1
    (whole,) = find_strategies(rows, 0)[0]
    assert whole.extreme[0] == "42"
    assert len(whole.extreme) == 8
    assert len(whole.typical) == 24


def test_a_class_may_be_parts_alone():
    """What every view calls usual may be nobody: then no strategy is empty, and numbers have no hole."""
    rows = table([(0, 60, (0, 17), (0, 1)), (0, 50, (17, 0), (2,)), (0, 40, (8, 8), (3,))])
    strategies, numbers = find_strategies(rows, 0)
    assert [one.number for one in strategies] == list(range(len(strategies)))
    assert np.bincount(numbers).tolist() == [one.size for one in strategies]
    assert sum(one.size for one in strategies) == 150
