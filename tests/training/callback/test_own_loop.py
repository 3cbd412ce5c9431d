"""Looks in a training loop of one's own."""

import keras
import numpy as np
import pytest

import keras_saliency as ks


def steps(looks):
    return [look.step for look in looks]


@pytest.fixture
def train(x, y):
    """A function: a model → a few updates without `fit`."""
    return lambda model, updates=1: [model.train_on_batch(x, y) for _ in range(updates)]


def test_a_loop_of_ones_own(network, saliency, train, probes):
    callback, model = saliency(), network()
    looks = []
    for step in (0, 10, 20):
        looks.append(callback.look(model, step))
        np.testing.assert_array_equal(
            looks[-1].methods["gradient"].explanation.maps, ks.explain(model, probes).maps
        )
        assert steps(callback.looks) == steps(looks)  # safe on disk already
        train(model, 2)
    assert [look.epoch for look in looks] == [None] * 3
    assert ["gradient/drift" in look.numbers for look in looks] == [False, True, True]
    assert callback.summary.looks == 3


def test_a_look_changes_nothing(network, saliency, train, weights):
    watched, alone = network(), network()
    callback = saliency(methods=["gradient", ks.SmoothGrad(samples=4), "vargrad"])
    for step in range(3):
        callback.look(watched, step)
        train(watched)
        train(alone)
    np.testing.assert_equal(weights(watched), weights(alone))


def test_a_model_that_did_not_move_is_warned_of_once(network, saliency, train, recwarn):
    """As where the state of a step was not put back into it."""
    callback, model = saliency(), network()
    callback.look(model, 0)
    with pytest.warns(ks.SaliencyWarning, match=r"^at step 1: every score and map is, to the last bit"):
        callback.look(model, 1)
    recwarn.clear()
    callback.look(model, 2)
    train(model)
    callback.look(model, 3)
    assert not [one for one in recwarn.list if issubclass(one.category, ks.SaliencyWarning)]


def test_scores_that_move_alone_and_a_step_seen_twice_are_no_model_that_did_not_move(
    network, saliency, recwarn
):
    """A bias of the scores before the softmax changes no gradient."""
    callback, model = saliency(), network()
    callback.look(model, 0)
    callback.look(model, 0)
    bias = next(layer.bias for layer in reversed(model.layers) if layer.weights)
    bias.assign(bias + 1.0)
    callback.look(model, 1)
    assert not [one for one in recwarn.list if issubclass(one.category, ks.SaliencyWarning)]


def test_what_cannot_work_is_refused_at_the_first_look(network, saliency):
    callback = saliency(methods=ks.GradCAM(layer="nowhere"))
    with pytest.raises(ValueError, match="nowhere"):
        callback.look(network(), 0)


def test_what_fails_later_is_warned_of(network, saliency, train):
    callback, model = saliency(), network()
    callback.look(model, 0)
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    with pytest.warns(
        ks.SaliencyWarning, match=r"gradient failed at step 1: SaliencyError: None of the maps"
    ):
        look = callback.look(model, 1)
    assert look.lost.keys() == {"gradient"}
    assert callback.summary.lost == {"gradient": 1}


def test_a_check_that_fails_costs_no_look_and_asks_the_model_to_stop(network, saliency, train):
    callback, model = saliency(checks=ks.Accuracy(1.0), stop_on_failure=True), network()
    callback.look(model, 0)
    train(model)
    with pytest.warns(ks.SaliencyWarning, match="The check accuracy failed at step 1"):
        assert callback.look(model, 1).step == 1
    assert model.stop_training
    assert callback.summary.lost == {}


def test_on_error_raise(network, saliency):
    callback, model = saliency(on_error="raise"), network()
    callback.look(model, 0)
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    with pytest.raises(ks.SaliencyError, match="None of the maps"):
        callback.look(model, 1)


def test_another_process_goes_on(network, saliency, train):
    model = network()
    first = saliency()
    before = [first.look(model, step) for step in (0, 1) if train(model)]
    del first
    second = saliency()
    after = second.look(model, 5)
    assert after.numbers["gradient/drift"] == pytest.approx(0, abs=0.01)
    assert after.numbers["gradient/drift_from_start"] == pytest.approx(
        before[-1].numbers["gradient/drift"], abs=0.02
    )
    assert steps(ks.load_looks(second.summary.folder)) == [0, 1, 5]


def test_a_loop_that_begins_before_the_last_step_has_a_run_of_its_own(network, saliency, train):
    model = network()
    first = saliency()
    for step in (0, 10):
        first.look(model, step)
        train(model)
    del first
    second = saliency()
    assert "gradient/drift" not in second.look(model, 5).numbers
    train(model)
    assert "gradient/drift" in second.look(model, 11).numbers
    assert steps(second.looks) == [5, 11]
    assert steps(ks.load_looks(second.summary.folder.parent, run="saliency")) == [0, 10]


def test_then_fit(network, saliency, fit):
    callback, model = saliency(), network()
    callback.look(model, 7)
    fit(model, callback, epochs=1)
    assert steps(callback.looks) == [7, 8]
    assert callback.last_look.epoch == 0


def test_after_a_fit_that_broke_off(network, saliency, fit, after_epoch):
    def interrupt(_):
        raise KeyboardInterrupt

    callback, model = saliency(), network()
    with pytest.raises(KeyboardInterrupt):
        fit(model, callback, after_epoch(1, interrupt), epochs=5)
    callback.look(model, 100)
    assert steps(callback.looks) == [-1, 0, 1, 100]


def test_another_model(network, saliency):
    callback = saliency()
    callback.look(network(), 0)
    assert "gradient/drift" not in callback.look(keras.models.clone_model(network()), 1).numbers
    assert steps(callback.looks) == [1]
    assert steps(ks.load_looks(callback.summary.folder.parent, run="saliency")) == [0]
