"""Outputs by name, by path and by position; only those that can be explained are offered."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import keras_saliency as ks

from .networks import images

INPUTS = images(3, 3, 1)
FACTORS = {"a": 1.0, "b": 2.0, "c": 3.0}


def model_with(arrange):
    """Three linear outputs, whose scores are the sums of the pixels times 1, 2 and 3, arranged by a function."""
    inputs = keras.Input((3, 3, 1))
    flat = layers.Flatten()(inputs)
    made = [
        layers.Dense(2, kernel_initializer=keras.initializers.Constant(factor), name=name)(flat)
        for name, factor in FACTORS.items()
    ]
    return keras.Model(inputs, arrange(*made))


class Subclassed(keras.Model):
    """The same by code of one's own: Keras knows nothing of its outputs."""

    def __init__(self, arrange):
        super().__init__()
        self.arrange = arrange

    def call(self, inputs):
        total = ops.sum(inputs, (1, 2))
        return self.arrange(*(ops.concatenate([factor * total] * 2, -1) for factor in FACTORS.values()))


def in_a_dict(a, b, c):
    return {"x": a, "y": b, "z": c}


def in_nested_dicts(a, b, c):
    return {"heads": {"x": a, "y": b}, "aux": c}


def mixed(a, b, c):
    return [a, {"y": b, "z": c}]


def in_nested_lists(a, b, c):
    return [a, [b, c]]


ARRANGED = {
    "dict": (in_a_dict, {"x": 1, "y": 2, "z": 3}),
    "nested dicts": (in_nested_dicts, {"heads/x": 1, "heads/y": 2, "aux": 3}),
    "a dict in a list": (mixed, {"0": 1, "1/y": 2, "1/z": 3, 0: 1, 2: 3}),
    "tuple": (lambda a, b, c: (a, b, c), {0: 1, 1: 2, 2: 3}),
    "nested lists": (in_nested_lists, {0: 1, 1: 2, 2: 3}),
}


@pytest.mark.parametrize("build", [model_with, Subclassed])
@pytest.mark.parametrize(("arrange", "expected"), ARRANGED.values(), ids=ARRANGED)
def test_every_output_can_be_selected(build, arrange, expected):
    model = build(arrange)
    for output, factor in expected.items():
        maps = ks.explain(model, INPUTS, target=0, output=output).maps
        np.testing.assert_allclose(maps, np.full(INPUTS.shape, factor), rtol=1e-6)


@pytest.mark.parametrize(
    ("build", "arrange", "offered"),
    [
        (model_with, in_a_dict, "'x', 'y', 'z'"),
        (model_with, in_nested_dicts, "'aux', 'heads/x', 'heads/y'"),
        (Subclassed, in_nested_dicts, "'aux', 'heads/x', 'heads/y'"),
        (model_with, in_nested_lists, "'a', 'b', 'c'"),
        (Subclassed, in_nested_lists, "'0', '1/0', '1/1'"),
        (Subclassed, mixed, "'0', '1/y', '1/z'"),
    ],
)
@pytest.mark.parametrize("output", [None, "heads", "nowhere", 7, True])
def test_an_output_that_is_not_clear_is_refused_and_those_there_are_are_named(
    build, arrange, offered, output
):
    with pytest.raises(
        ValueError, match=f"The model has 3 outputs; name one of them. Outputs: {offered}. Received"
    ):
        ks.explain(build(arrange), INPUTS, target=0, output=output)


@pytest.mark.parametrize("build", [model_with, Subclassed])
def test_a_function_sees_all_outputs(build):
    """The product 2 Σx · 3 Σx has the gradient 12 Σx."""
    found = ks.explain(
        build(in_nested_dicts),
        INPUTS,
        target=lambda outputs: outputs["heads"]["y"][:, 0] * outputs["aux"][:, 1],
    )
    expected = np.broadcast_to(12 * INPUTS.sum((1, 2, 3), keepdims=True), INPUTS.shape)
    np.testing.assert_allclose(found.maps, expected, rtol=1e-4)


def test_a_function_sees_the_selected_output_alone():
    found = ks.explain(model_with(in_a_dict), INPUTS, target=lambda output: output[:, 0], output="z")
    np.testing.assert_allclose(found.maps, np.full(INPUTS.shape, 3), rtol=1e-5)


def test_a_function_sees_an_only_output_as_it_is():
    found = ks.explain(Subclassed(lambda a, b, c: {"only": c}), INPUTS, target=lambda output: output[:, 0])
    np.testing.assert_allclose(found.maps, np.full(INPUTS.shape, 3), rtol=1e-5)


def test_a_function_sees_what_is_no_tensor_as_it_is():
    model = Subclassed(lambda a, b, c: {"scores": b, "factor": 2.0})
    found = ks.explain(model, INPUTS, target=lambda outputs: outputs["factor"] * outputs["scores"][:, 0] ** 2)
    expected = np.broadcast_to(16 * INPUTS.sum((1, 2, 3), keepdims=True), INPUTS.shape)
    np.testing.assert_allclose(found.maps, expected, rtol=1e-4)
