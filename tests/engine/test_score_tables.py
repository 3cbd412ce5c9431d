"""From what is known of an output to tables of scores, and from these to predictions: in closed form."""

import numpy as np
import pytest
from keras import ops

from keras_saliency.engine.outputs import OutputPlace
from keras_saliency.engine.scores import (
    Output,
    class_count,
    class_table,
    read_predictions,
    read_scores,
    score_kind,
    with_link,
)
from keras_saliency.probes.targets import PREDICTED


def described(shape, axis, activation=None, link=None):
    place = OutputPlace("output", (), 0, 1)
    return Output(shape, axis, activation, None, None, False, False, place, link)


@pytest.mark.parametrize(
    ("shape", "axis", "units", "positions"),
    [
        ((3, 4, 5), -1, 5, (3, 4)),
        ((3, 4, 5), 3, 5, (3, 4)),
        ((3, 4, 5), 1, 3, (4, 5)),
        ((3, 4, 5), 2, 4, (3, 5)),
        ((3, 4, 5), -2, 4, (3, 5)),
        ((7,), -1, 7, ()),
        ((7,), 1, 7, ()),
        ((), -1, 1, ()),
    ],
)
def test_classes_and_positions(shape, axis, units, positions):
    assert (described(shape, axis).units, described(shape, axis).positions) == (units, positions)


def test_what_binary_logits_are_for():
    assert with_link(described((1,), -1), None, "binary").link == "sigmoid"
    for output in (described((2,), -1), described((1,), -1, "sigmoid")):
        with pytest.raises(
            ValueError, match=r'logits="binary" is for one linear unit .* Received: an output of'
        ):
            with_link(output, None, "binary")


TENSOR = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")
MASK = np.random.default_rng(1).random((2, 4, 5)).round().astype("float32")


@pytest.mark.parametrize("mask", [None, MASK])
def test_positions_are_summed_over(mask):
    given = None if mask is None else ops.convert_to_tensor(mask)
    found = class_table(ops.convert_to_tensor(TENSOR), described((3, 4, 5), 1), None, "output", given)
    weights = np.ones_like(MASK) if mask is None else mask
    np.testing.assert_allclose(
        ops.convert_to_numpy(found), np.einsum("nchw,nhw->nc", TENSOR, weights), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("axis", [1, -1])
def test_centred_at_each_position(axis):
    exponentials = np.exp(TENSOR)
    probabilities = exponentials / exponentials.sum(axis, keepdims=True)
    centred = (TENSOR - TENSOR.mean(axis, keepdims=True)).astype("float64")
    output = described((3, 4, 5), axis, "softmax")
    found = class_table(ops.convert_to_tensor(probabilities), output, None, "centred_log_probability")
    others = tuple({1, 2, 3} - {axis % 4})
    np.testing.assert_allclose(ops.convert_to_numpy(found), centred.sum(others), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("activation", "link", "kind", "expected"),
    [
        (None, None, "output", [[0.2], [0.9]]),
        ("sigmoid", None, "output", [[0.8, 0.2], [0.1, 0.9]]),
        ("sigmoid", None, "logit", [[-0.2, 0.2], [-0.9, 0.9]]),
        (None, "sigmoid", "logit", [[-0.2, 0.2], [-0.9, 0.9]]),
        (None, "sigmoid", "output", [[-0.2, 0.2], [-0.9, 0.9]]),
        (None, None, "centred_log_probability", [[np.log(4), -np.log(4)], [-np.log(9), np.log(9)]]),
    ],
)
@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_one_unit_for_two_classes(activation, link, kind, expected, shape):
    tensor = ops.convert_to_tensor(np.reshape([0.2, 0.9], shape).astype("float32"))
    output = described(shape[1:], -1, activation, link)
    found = class_table(tensor, output, None, kind)
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, rtol=1e-5, atol=1e-6)
    assert class_count(output, kind) == len(expected[0])


TABLE = np.array([[1.0, 3.0, 2.0], [0.0, -1.0, np.inf]], "float32")


@pytest.mark.parametrize(
    ("output", "kind", "expected"),
    [
        (described((3,), -1, "softmax"), "logit", [np.exp(3) / np.exp([1, 3, 2]).sum(), np.nan]),
        (described((3,), -1, link="softmax"), "output", [np.exp(3) / np.exp([1, 3, 2]).sum(), np.nan]),
        (described((3,), -1, "softmax"), "output", [3, np.inf]),
        (described((3,), -1, "log_softmax"), "output", [np.exp(3), np.inf]),
        (described((3,), -1, "sigmoid"), "logit", [1 / (1 + np.exp(-3)), 1]),
        (described((3,), -1, "sigmoid"), "output", [3, np.inf]),
        (described((3,), -1), "output", [np.nan, np.nan]),
        (described((4, 3), -1, "softmax"), "logit", [np.nan, np.nan]),
        (None, "custom", None),
    ],
)
def test_the_probability_of_what_is_predicted(output, kind, expected):
    predicted, probabilities = read_predictions(output, kind, TABLE)
    if expected is None:
        assert (predicted == PREDICTED).all()
        assert np.isnan(probabilities).all()
    else:
        assert predicted.tolist() == [1, 2]
        np.testing.assert_allclose(probabilities, expected, rtol=1e-6)
    assert (predicted.dtype, probabilities.dtype) == ("int64", "float32")


def test_the_scores_of_classes_and_of_what_is_predicted():
    found = read_scores(described((3,), -1), "output", TABLE, np.array([PREDICTED, 1]))
    assert (found.target_classes.tolist(), found.predicted_classes.tolist()) == ([1, 1], [1, 2])
    assert found.values.tolist() == [3, -1]
    np.testing.assert_array_equal(found.table, TABLE)
    one = read_scores(described((1,), -1), "output", TABLE[:, 1:2], np.array([PREDICTED, PREDICTED]))
    assert (one.values.tolist(), one.target_classes.tolist()) == ([3, -1], [PREDICTED, PREDICTED])


@pytest.mark.parametrize(
    ("activation", "link", "logits", "kind"),
    [
        ("softmax", None, "auto", "logit"),
        (None, "softmax", "auto", "logit"),
        (None, None, "auto", "output"),
        ("softmax", None, "output", "output"),
        (None, None, "binary", "logit"),
        ("softmax", None, "centred_log_probability", "centred_log_probability"),
    ],
)
def test_the_kind_of_score(activation, link, logits, kind):
    assert score_kind(described((3,), -1, activation, link), logits) == kind
