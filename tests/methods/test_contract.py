"""What holds for every built-in method with its default options. A new method is tested here before it has a test."""

import copy
import dataclasses
import pickle
import random

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency.engine import ScoredModel
from keras_saliency.errors import ModelRejectedInputsError
from keras_saliency.methods import BUILT_IN, RISE, ExpectedGradients, Method, known_methods, make_method
from keras_saliency.methods.base import METHOD_NAME
from keras_saliency.targets import as_target, bind

torch = pytest.importorskip("torch")

ALL = pytest.mark.parametrize("kind", BUILT_IN, ids=[kind.registered for kind in BUILT_IN])


def made(kind):
    """The method with its default options, but for one that takes a thousand samples."""
    return RISE(samples=64) if kind is RISE else kind()


def explain(method, model, images, target="predicted", seed=0, **options):
    bound = bind(as_target(target), len(images), None)
    return method.explain(ScoredModel(model, **options), images, bound, np.random.default_rng(seed))


@ALL
def test_it_says_what_it_is(kind):
    method = kind()
    assert isinstance(method, Method)
    assert METHOD_NAME.fullmatch(method.registered)
    assert METHOD_NAME.fullmatch(method.name)
    assert method.name.startswith(method.registered)
    assert known_methods()[method.registered] is kind
    assert make_method(method.registered) == method
    assert method.cost
    assert all(type(flag) is bool for flag in (method.uses_target, method.has_sign, method.is_gradient))
    assert kind.__doc__


@ALL
def test_it_is_a_frozen_value(kind):
    method = kind()
    assert dataclasses.is_dataclass(method)
    with pytest.raises(dataclasses.FrozenInstanceError):
        method.name = "another"
    assert method == kind() == copy.deepcopy(method) == pickle.loads(pickle.dumps(method))
    assert hash(method) == hash(kind())


@ALL
def test_its_repr_shows_its_options(kind):
    method = kind()
    for option in dataclasses.fields(method):
        assert f"{option.name}={getattr(method, option.name)!r}" in repr(method)
    assert repr(method).startswith(f"{kind.__name__}(")


@ALL
def test_it_can_be_renamed(kind):
    assert kind(name="mine").name == "mine"


@ALL
def test_its_maps_are_finite_float32_of_the_right_shape(kind, model, images):
    method = made(kind)
    maps = explain(method, model, images).maps
    shapes = [images.shape] if method.is_gradient else [images.shape, images.shape[:3]]
    assert maps.shape in shapes
    assert maps.dtype == "float32"
    assert np.isfinite(maps).all()
    assert (np.ptp(maps.reshape(len(maps), -1), axis=1) > 0).all()
    assert method.has_sign == bool((maps < 0).any())


@ALL
def test_it_gives_the_same_again(kind, model, images):
    first, second = (explain(made(kind), model, images).maps for _ in range(2))
    np.testing.assert_array_equal(first, second)


def assert_same_maps(found, expected):
    """To four digits of the largest value: a map of differences of scores carries the rounding of the scores."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


@ALL
def test_chunks_change_nothing(kind, model, images):
    whole, *cut = (explain(made(kind), model, images, chunk_size=size).maps for size in (5, 3, 1))
    for maps in cut:
        assert_same_maps(maps, whole)


@ALL
def test_each_image_stands_alone(kind, model, images):
    # Without references of its own this method compares the images with each other.
    method = kind(references=images[:2]) if kind is ExpectedGradients else made(kind)
    whole = explain(method, model, images).maps
    for row in (0, 3):
        alone = explain(method, model, images[row : row + 1]).maps
        assert_same_maps(alone[0], whole[row])


@ALL
def test_its_scores_are_the_explained_ones(kind, model, images):
    bound = bind(as_target("predicted"), len(images), None)
    found, expected = explain(made(kind), model, images).scores, ScoredModel(model).scores(images, bound)
    np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-5)
    np.testing.assert_array_equal(found.target_classes, expected.target_classes)
    np.testing.assert_array_equal(found.predicted_classes, expected.predicted_classes)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, rtol=1e-5)
    assert found.kind == "logit"


@ALL
def test_the_target_matters_as_declared(kind, model, images):
    one, other = (explain(made(kind), model, images, target=target).maps for target in (0, 1))
    assert kind().uses_target != np.array_equal(one, other)


def states(model, images):
    weights = [ops.convert_to_numpy(variable.value).copy() for variable in model.variables]
    generators = random.getstate(), np.random.get_state(), torch.random.get_rng_state().numpy().copy()
    return weights, images.copy(), generators, layers.Layer.__call__


@ALL
def test_model_images_and_random_states_stay_as_they_are(kind, model, images):
    before = states(model, images)
    explain(made(kind), model, images)
    np.testing.assert_equal(states(model, images), before)


class Fails(keras.Model):
    """Raises in its call, having drawn from every global generator."""

    def __init__(self, body, good_calls):
        super().__init__()
        self.body, self.good_calls = body, good_calls

    def call(self, inputs):
        random.random(), np.random.random(), torch.rand(1)
        outputs = self.body(inputs)
        if not self.good_calls:
            raise RuntimeError("on purpose")
        self.good_calls -= 1
        return outputs


@ALL
@pytest.mark.parametrize("good_calls", [0, 1])
def test_an_exception_in_the_model_leaves_no_trace(kind, good_calls, model, images):
    failing = Fails(model, good_calls + 1)
    failing(images)  # builds it; what building draws is the model's own business
    before = states(failing, images)
    with pytest.raises((RuntimeError, ModelRejectedInputsError), match="on purpose"):
        explain(made(kind), failing, images)
    np.testing.assert_equal(states(failing, images), before)
