"""Which weights are random at each stage of parameter randomisation, and which stage is judged."""

from itertools import pairwise

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.engine import Question

PROBES = ks.ProbeSet(np.random.default_rng(0).random((5, 6, 6, 1)).astype("float32"), [0, 1, 2, 0, 1])
NAMES = ["head", "middle", "conv"]  # from the output down
WEIGHTS = {"conv": slice(0, 2), "middle": slice(2, 4), "head": slice(4, 6)}


@pytest.fixture(scope="module")
def model():
    """A network none of whose weights, biases included, is as an initializer makes it."""
    keras.utils.set_random_seed(0)
    made = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(3, 3, activation="tanh", name="conv"),
            layers.Flatten(),
            layers.Dense(4, activation="tanh", name="middle"),
            layers.Dense(3, name="head"),
        ]
    )
    made.set_weights([weight + 0.1 for weight in made.get_weights()])
    return made


@pytest.fixture
def stages(model, monkeypatch):
    """A function: a check → what its stages are called, their correlations, and the weights that each had."""
    given = []
    original = Question.with_weights
    monkeypatch.setattr(
        Question, "with_weights", lambda self, values: given.append(values) or original(self, values)
    )

    def run(check, probes=PROBES):
        given.clear()
        found = list(check.stages(Subject.of(model, probes)))
        return [stage.layer for stage in found], [stage.signed for stage in found], list(given)

    return run


def randomized(model, values):
    """The layers all of whose weights differ from the model's; each has all or none."""
    own = model.get_weights()
    changed = {}
    for name, part in WEIGHTS.items():
        [changed[name]] = {not np.array_equal(a, b) for a, b in zip(values[part], own[part], strict=True)}
    return {name for name, is_changed in changed.items() if is_changed}


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.backend
def test_cascading_adds_one_layer_at_a_time_and_keeps_what_was_drawn(model, stages):
    names, signed, given = stages(ks.ParameterRandomization(mode="cascading"))
    assert names == NAMES
    for count, values in enumerate(given, 1):
        assert randomized(model, values) == set(NAMES[:count])
    for before, after in pairwise(given):
        for name in randomized(model, before):
            assert same(before[WEIGHTS[name]], after[WEIGHTS[name]])
    found = ks.check(model, PROBES, ks.ParameterRandomization(mode="cascading")).results[0]
    np.testing.assert_array_equal(found.per_probe["correlation"], signed[-1])
    assert found.value == np.median(signed[-1])


@pytest.mark.backend
def test_independent_changes_one_layer_at_a_time_and_judges_where_least_is_left(model, stages):
    names, signed, given = stages(ks.ParameterRandomization(mode="independent"))
    assert names == NAMES
    assert [randomized(model, values) for values in given] == [{name} for name in NAMES]
    found = ks.check(model, PROBES, ks.ParameterRandomization(mode="independent")).results[0]
    medians = [np.median(one) for one in signed]
    assert len(set(medians)) == 3
    assert found.value == min(medians)
    np.testing.assert_array_equal(found.per_probe["correlation"], signed[int(np.argmin(medians))])
    assert [stage["signed"] for stage in found.details["stages"]] == medians


@pytest.mark.backend
def test_each_draw_is_another_one_and_the_median_of_all_is_judged(model, stages):
    names, signed, given = stages(ks.ParameterRandomization(draws=3))
    assert names == ["all"] * 3
    assert [randomized(model, values) for values in given] == [set(NAMES)] * 3
    assert not same(given[0], given[1])
    assert not same(given[1], given[2])
    found = ks.check(model, PROBES, ks.ParameterRandomization(draws=3)).results[0]
    np.testing.assert_array_equal(found.per_probe["correlation"], np.median(signed, axis=0))
    one = stages(ks.ParameterRandomization())
    assert len(one[0]) == 1
    np.testing.assert_array_equal(one[1][0], signed[0])


def test_each_stage_is_held_against_the_maps_with_these_weights_of_the_class_predicted_without(model, stages):
    unlabelled = ks.ProbeSet(PROBES.images)
    names, signed, given = stages(ks.ParameterRandomization(mode="independent"), unlabelled)
    own = ks.explain(model, unlabelled).maps.reshape(5, -1)
    classes = model.predict(PROBES.images, verbose=0).argmax(1)
    twin = keras.models.clone_model(model)
    for found, values in zip(signed, given, strict=True):
        twin.set_weights(values)
        maps = ks.explain(twin, unlabelled, target=classes).maps.reshape(5, -1)
        by_numpy = [
            np.corrcoef(a.argsort().argsort(), b.argsort().argsort())[0, 1]
            for a, b in zip(maps, own, strict=True)
        ]
        np.testing.assert_allclose(found, by_numpy, atol=1e-3)
    assert len(names) == 3


@pytest.mark.parametrize(("limit", "status"), [(1.0, "passed"), (-1.0, "failed")])
def test_the_limit_is_the_highest_that_passes(model, limit, status):
    found = ks.check(model, PROBES, ks.ParameterRandomization(limit=limit)).results[0]
    assert (found.status, found.limit, found.direction) == (status, limit, "at_most")
    exact = ks.ParameterRandomization(limit=found.value)
    assert ks.check(model, PROBES, exact).results[0].status == "passed"


def test_maps_that_become_constant_warn():
    made = keras.Sequential(
        [keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(3, kernel_initializer="zeros")]
    )
    made.set_weights([np.random.default_rng(0).normal(size=(36, 3)), np.zeros(3)])
    found = ks.check(made, PROBES, "parameter_randomization").results[0]
    assert found.status == "warned"
    assert found.sentence.startswith("With random weights all maps are constant")
    assert found.details["stages"] == [{"layer": "all", "signed": None, "absolute": None}]
