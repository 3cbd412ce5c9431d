"""Half precision: gradients that would underflow or overflow come out as in float32."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency.engine import ScoredModel
from keras_saliency.engine.float16 import scaled_gradients
from keras_saliency.probes.targets import OutputGradient, as_target, bind
from tests import answers

from . import networks, reference
from .networks import images


class InHalfPrecision:
    """Gradients as a float16 network gives them; counts its evaluations."""

    def __init__(self, true):
        self.true, self.evaluations = np.asarray(true, "float64"), 0

    def __call__(self, scale):
        self.evaluations += 1
        with np.errstate(over="ignore"):
            return [(self.true * scale[:, None]).astype("float16").astype("float32")]


@pytest.mark.parametrize(
    ("size", "evaluations"),
    [(1e-10, 2), (1e-7, 2), (1e-4, 2), (1.0, 1), (100.0, 1), (1e3, 3), (6e4, 3)],
)
def test_gradients_of_every_size(size, evaluations):
    true = np.random.default_rng(0).uniform(0.2, 1, (4, 10)) * size
    network = InHalfPrecision(true)
    (found,) = scaled_gradients(network, 4)
    np.testing.assert_allclose(found, true, rtol=2e-3 if size > 1e-9 else 0.1)
    assert found.dtype == "float32"
    assert network.evaluations <= evaluations


def test_every_example_has_its_own_scale():
    """The same image gives the same map, beside whichever others."""
    true = np.random.default_rng(0).uniform(0.2, 1, (5, 10)) * np.array([[1e-8], [1e4], [1.0], [0.0], [6e4]])
    (found,) = scaled_gradients(InHalfPrecision(true), 5)
    np.testing.assert_allclose(found, true, rtol=1e-2)
    for row in range(5):
        (alone,) = scaled_gradients(InHalfPrecision(true[row : row + 1]), 1)
        np.testing.assert_array_equal(alone[0], found[row])


def test_several_inputs_share_a_scale():
    rng = np.random.default_rng(0)
    small, large = rng.uniform(0.2, 1, (3, 4)) * 1e-3, rng.uniform(0.2, 1, (3, 4)) * 1e3
    halves = [InHalfPrecision(small), InHalfPrecision(large)]
    found = scaled_gradients(lambda scale: [half for network in halves for half in network(scale)], 3)
    np.testing.assert_allclose(found[0], small, rtol=1e-2)
    np.testing.assert_allclose(found[1], large, rtol=2e-3)


@pytest.mark.parametrize("value", [1e7, np.inf, np.nan])
def test_what_no_scale_can_hold_is_not_painted_over(value):
    """A forward pass that overflowed, or weights that are NaN: the others are right, and the call ends."""
    true = np.ones((2, 3)) * [[0.5], [1.0]]
    true[1, 1] = value
    network = InHalfPrecision(true)
    (found,) = scaled_gradients(network, 2)
    np.testing.assert_array_equal(found[0], true[0])
    np.testing.assert_allclose(found[1, 1], value, rtol=2e-3)  # 1e7 × 2^-16 fits
    assert network.evaluations <= 7


def smooth(activation, dtype=None, weight=1.0):
    """`weight` multiplies the gradients, about twice."""
    spread = keras.initializers.RandomNormal(stddev=0.2 * weight, seed=1)
    return keras.Sequential(
        [
            layers.Input((12, 12, 1)),
            layers.Conv2D(4, 3, kernel_initializer=spread, dtype=dtype),
            layers.GlobalAveragePooling2D(dtype=dtype),
            layers.Dense(6, activation="softplus", kernel_initializer=spread, dtype=dtype),
            layers.Dense(3, activation=activation, dtype=dtype),
        ]
    )


def maps_of(model, inputs, target=1):
    return answers.gradients(ScoredModel(model), inputs, bind(as_target(target), len(inputs), None)).maps


def twins(weight):
    half, whole = smooth("softmax", "mixed_float16", weight), smooth("softmax", None, weight)
    half.set_weights(whole.get_weights())
    return half, whole


@pytest.mark.parametrize(("weight", "typical"), [(1.0, 3e-4), (0.02, 1e-7), (80.0, 10.0)])
def test_mixed_float16_agrees_with_its_float32_twin(weight, typical):
    """For ordinary gradients, for tiny ones, and for large ones."""
    half, whole = twins(weight)
    inputs = images(12, 12, 1, count=5)
    found, expected = maps_of(half, inputs), maps_of(whole, inputs)
    assert typical / 10 < np.median(np.abs(expected)) < typical * 10
    reference.assert_close(found, expected, tolerance=5e-2)
    assert ((found == 0) <= (np.abs(expected) < 1e-2 * np.abs(expected).max())).all()
    assert found.dtype == "float32"


@pytest.mark.parametrize(
    "target", ["predicted", OutputGradient(np.array([1.0, -2.0, 0.5])), lambda outputs: outputs[:, 0] ** 2]
)
def test_every_target_works_in_half_precision(target):
    half, whole = twins(weight=1.0)
    inputs = images(12, 12, 1, count=5)
    reference.assert_close(maps_of(half, inputs, target), maps_of(whole, inputs, target), tolerance=5e-2)


def test_gradients_that_overflow_at_the_first_scale():
    """Weights of some ten in two layers: gradients of some thousand, where a factor of 256 is too much."""

    def build(dtype):
        wide = keras.initializers.RandomNormal(stddev=40.0, seed=1)
        return keras.Sequential(
            [
                layers.Input((4, 4, 1)),
                layers.Flatten(dtype=dtype),
                layers.Dense(8, kernel_initializer=wide, dtype=dtype),
                layers.Dense(3, activation="softmax", kernel_initializer=wide, dtype=dtype),
            ]
        )

    half, whole = build("mixed_float16"), build("float32")
    half.set_weights(whole.get_weights())
    inputs = images(4, 4, 1)
    expected = maps_of(whole, inputs)
    assert np.abs(expected).max() > 65504 / 256
    reference.assert_close(maps_of(half, inputs), expected, tolerance=5e-2)


def test_a_batch_does_not_change_the_maps_of_its_images():
    inputs = images(12, 12, 1, count=5) * np.array([1e-3, 1, 10, 1, 100], "float32")[:, None, None, None]
    model = smooth("softmax", "mixed_float16")
    together = maps_of(model, inputs)
    for row in range(5):
        reference.assert_close(maps_of(model, inputs[row : row + 1])[0], together[row], tolerance=5e-3)


def test_half_precision_bytes():
    """An integer input: the tensor behind it is computed in float16."""
    model = keras.Sequential(
        [
            layers.Input((8, 8, 1), dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Flatten(dtype="mixed_float16"),
            layers.Dense(3, activation="softmax", dtype="mixed_float16"),
        ]
    )
    found = maps_of(model, networks.pixels(8, 8, 1))
    kernel = ops.convert_to_numpy(model.layers[-1].kernel)[:, 1].reshape(8, 8, 1)
    reference.assert_close(found, np.stack([kernel] * 3), tolerance=1e-3)


@pytest.mark.parametrize("logits", ["auto", "output", "centred_log_probability"])
def test_mixed_bfloat16_runs(logits):
    brain, whole = smooth("softmax", "mixed_bfloat16"), smooth("softmax")
    brain.set_weights(whole.get_weights())
    inputs, target = images(12, 12, 1), bind(as_target(1), 3, None)
    found = answers.gradients(ScoredModel(brain, logits=logits), inputs, target)
    expected = answers.gradients(ScoredModel(whole, logits=logits), inputs, target)
    reference.assert_close(found.maps, expected.maps, tolerance=0.1)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_deferred_models_under_a_global_policy(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = keras.Sequential([layers.Flatten(), layers.Dense(3, activation="softmax")])
        found = maps_of(model, images(4, 4, 1))
    finally:
        keras.config.set_dtype_policy("float32")
    kernel = ops.convert_to_numpy(model.layers[-1].kernel)[:, 1].reshape(4, 4, 1)
    reference.assert_close(found, np.stack([kernel] * 3), tolerance=1e-2)
