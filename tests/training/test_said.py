"""What is kept of Keras' `logs` beside a look."""

import numpy as np
import pytest

from keras_saliency.training.said import Said


def heard(*logs):
    said = Said()
    for one in logs:
        said.hear(one)
    return said.take()


def test_the_newest_of_each_counts():
    assert heard({"loss": 3.0, "val_loss": 2.0}, {"loss": 1.0}) == {"loss": 1.0, "val_loss": 2.0}


def test_what_was_taken_is_said_once():
    said = Said()
    said.hear({"loss": 1.0})
    assert (said.take(), said.take()) == ({"loss": 1.0}, {})


def test_ours_are_not_the_training_s_own():
    assert heard({"saliency_gradient_drift": 0.5, "loss": 1}) == {"loss": 1.0}


@pytest.mark.parametrize("value", [np.nan, np.inf, 10**400, "0.5", None, [1.0], np.ones(2), 1j])
def test_what_cannot_be_drawn_is_absent(value):
    assert heard({"loss": 1.0, "odd": 2.0}, {"odd": value}) == {"loss": 1.0}


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.float16(2), np.int64(2)])
def test_every_number_is_a_float(value):
    (kept,) = heard({"loss": value}).values()
    assert (kept, type(kept)) == (2.0, float)


@pytest.mark.parametrize("logs", [None, {}, [], "loss", 3, {7: 1.0}])
def test_whatever_comes_nothing_is_raised(logs):
    assert heard(logs) == {}


def test_many_and_long_names_are_left_out():
    many = {f"metric_{i}": float(i) for i in range(50)}
    assert list(heard({"m" * 101: 1.0, "m" * 100: 2.0} | many)) == ["m" * 100, *list(many)[:31]]
    assert heard(many, {"metric_3": 7.0, "metric_40": 8.0})["metric_3"] == 7.0
