"""From rows to strategies: planted groups, and what is told of them."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from keras_saliency.surveys.strategies.strategies import find_strategies
from keras_saliency.surveys.strategy import Strategy
from tests.surveys.strategies.rows import SIDE, table

CROSS = np.eye(8)[..., None]


def by_name(strategies):
    return {one.name: one for one in strategies}


def parts(strategies, index):
    return [one for one in strategies if one.class_index == index and one.number]


def test_a_place_that_a_part_of_a_class_is_looked_at():
    rows = table([(0, 190, None, None), (0, 10, (0, 17), None), (1, 100, None, None)])
    strategies, numbers = find_strategies(rows)
    group = rows.data["group"]
    (usual, corner) = parts(strategies, 0)
    assert [one.name for one in strategies] == ["survey_0_0", "survey_0_1", "survey_0_2", "survey_1_0"]
    assert (usual.size, corner.size, corner.kind) == (190, 10, "place")
    np.testing.assert_array_equal(numbers == 2, group == 1)
    assert (numbers[group == 2] == 0).all()
    assert corner.share == pytest.approx(0.05)
    assert corner.peak == (1.5 / SIDE, 18.5 / SIDE)
    own = rows.data["map"][group == 1].astype("float64").mean(0)
    np.testing.assert_allclose(corner.mean_map, own, atol=1e-6)
    assert corner.concentration == pytest.approx(own[:3, 17:].sum() / (9 / SIDE**2), rel=1e-4)
    rest = rows.data["map"][group == 0].astype("float64").mean(0)
    assert corner.distance == pytest.approx(abs(own - rest).sum() / 2, rel=1e-4)
    assert corner.is_suspect and not usual.is_suspect
    assert set(corner.typical) <= set(rows.data["id"][group == 1])


def test_a_content_that_moves_about():
    rows = table([(0, 190, None, None), (0, 10, None, CROSS), (1, 100, None, None)])
    strategies, numbers = find_strategies(rows)
    (cross,) = parts(strategies, 0)
    assert (cross.kind, cross.size) == ("content", 10)
    np.testing.assert_array_equal(numbers > 0, rows.data["group"] == 1)


def test_a_part_that_both_views_see_is_one():
    rows = table([(0, 190, None, None), (0, 10, (0, 17), CROSS)])
    strategies, _ = find_strategies(rows)
    assert [(one.kind, one.size) for one in parts(strategies, 0)] == [("place", 190), ("place", 10)]


def test_a_class_without_parts_is_one_strategy():
    strategies, numbers = find_strategies(table([(4, 150, None, None), (7, 60, (3, 3), CROSS)]))
    assert [(one.name, one.kind, one.size, one.share) for one in strategies] == [
        ("survey_4_0", "all", 150, 1.0),
        ("survey_7_0", "all", 60, 1.0),
    ]
    assert not numbers.any()


def test_accuracy_is_of_those_with_a_label():
    rows = table([(0, 100, None, None), (1, 50, None, None)])
    rows.data["prediction"][:25] = 1
    rows.data["label"][100:] = -1
    first, second = find_strategies(rows)[0]
    assert first.accuracy == 0.75
    assert np.isnan(second.accuracy)


def test_the_order_of_the_rows_does_not_matter():
    rows = table([(0, 190, None, None), (0, 30, (0, 17), None), (0, 20, None, CROSS), (1, 100, None, None)])
    order = np.random.default_rng(3).permutation(len(rows.data["id"]))
    first, numbers = find_strategies(rows)
    second, others = find_strategies(rows.reordered(order))
    np.testing.assert_array_equal(numbers[order], others)
    for one, other in zip(first, second, strict=True):
        assert one.typical == other.typical and one.extreme == other.extreme
        np.testing.assert_allclose(one.mean_map, other.mean_map, rtol=1e-6)


def test_many_examples_go_where_their_nearest_centre_does():
    rows = table([(0, 2700, None, None), (0, 300, (0, 17), None)])
    strategies, numbers = find_strategies(rows)
    assert [one.size for one in parts(strategies, 0)] == pytest.approx([2700, 300], abs=3)
    assert adjusted_rand_score(rows.data["group"], numbers) > 0.98


def test_extreme_examples_are_the_farthest():
    rows = table([(0, 100, None, None)])
    rows.data["map"][42] = 0
    rows.data["map"][42, 5, 5] = 1
    (whole,) = find_strategies(rows)[0]
    assert whole.extreme[0] == "42"
    assert len(whole.extreme) == 8 and len(whole.typical) == 24


def test_a_strategy_comes_back_from_its_json():
    rows = table([(0, 190, None, None), (0, 10, (0, 17), None)])
    for strategy in find_strategies(rows)[0]:
        again = Strategy.from_json(strategy.as_json())
        np.testing.assert_allclose(again.mean_map, strategy.mean_map)
        assert {**again.__dict__, "mean_map": 0} == {**strategy.__dict__, "mean_map": 0}
