"""What holds for every built-in method with its default options. A new method is tested here before it has a test."""

import copy
import dataclasses
import pickle
import random
from functools import cache

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency import RISE, ExpectedGradients
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.errors import ModelRejectedInputsError
from keras_saliency.methods import METHODS, Method, make_method
from keras_saliency.probes.targets import as_target, bind
from keras_saliency.registry import is_name
from tests import answers

torch = pytest.importorskip("torch")

ALL = pytest.mark.parametrize("kind", METHODS.built_in().values(), ids=list(METHODS.built_in()))


def made(kind):
    """The method with its default options, but for one that takes a thousand samples."""
    return RISE(samples=64) if kind is RISE else kind()


def explain(method, model, images, target="predicted"):
    """What a method finds about a model, or about a `ScoredModel` that is traced already."""
    scored = model if isinstance(model, ScoredModel) else ScoredModel(model)
    return answers.explained(
        method, scored, images, bind(as_target(target), len(images), None), np.random.default_rng(0)
    )


@pytest.fixture(scope="module")
def model():
    """A network with both signs by construction: no method finds them, or misses them, by chance.

    More of the first channel, or less of the second, raises all that the last convolution gives. This speaks for
    every class on the left of the picture and, half as much, against it on the right. Attention among the places adds
    a little.
    """
    inputs = layers.Input((8, 8, 2))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="softplus")(inputs))
    x = layers.Dropout(0.5)(layers.Conv2D(6, 3, activation="relu")(x))
    x = layers.Reshape((16, 6))(x)
    x = x + layers.MultiHeadAttention(2, 3)(x, x)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(x)))
    rng = np.random.default_rng(0)

    def about_one(*shape):
        return rng.uniform(0.5, 1.5, shape)

    channels, sides, classes = (
        np.array([[1], [-0.6]]),
        np.array([[[1]], [[1]], [[-0.5]], [[-0.5]]]),
        [1, 2, 3],
    )
    first = [0.3 * channels * about_one(3, 3, 2, 4), np.zeros(4)]
    normalization = [about_one(4), 0.1 * about_one(4), 0.1 * about_one(4), about_one(4)]
    last = [0.05 * about_one(3, 3, 4, 6), np.ones(6)]
    head = [(0.05 * sides * classes * about_one(4, 4, 6, 3)).reshape(-1, 3), np.array([0, -3, -9.4])]
    looking = [rng.normal(size=(6, 2, 3)), np.zeros((2, 3))]
    giving = [0.1 * about_one(6, 2, 3), np.zeros((2, 3)), 0.005 * about_one(2, 3, 6), np.zeros(6)]
    model.set_weights([*first, *normalization, *last, *looking, *looking, *giving, *head])
    return model


@pytest.fixture(scope="module")
def images():
    """Dark and bright ones, so that each class is predicted for one of them."""
    brightness = np.linspace(0.5, 2, 5).reshape(5, 1, 1, 1)
    return (brightness * np.random.default_rng(1).uniform(0, 1, (5, 8, 8, 2))).astype("float32")


@pytest.fixture(scope="module")
def scored(model):
    """The model as a function, by the size of its chunks: traced once for all methods."""
    return cache(lambda size: ScoredModel(model, chunk_size=size))


@pytest.fixture(scope="module")
def found(scored, images):
    """What each method finds about all images at once."""
    return cache(lambda kind: explain(made(kind), scored(5), images))


@ALL
def test_it_says_what_it_is(kind):
    method = kind()
    assert isinstance(method, Method)
    assert is_name(method.registered)
    assert is_name(method.name)
    assert method.name.startswith(method.registered)
    assert METHODS.find(method.registered) is kind
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
def test_its_maps_are_finite_float32_of_the_right_shape(kind, found, images):
    method, maps = made(kind), found(kind).maps
    shapes = [images.shape] if method.is_gradient else [images.shape, images.shape[:3]]
    assert maps.shape in shapes
    assert maps.dtype == "float32"
    assert np.isfinite(maps).all()
    assert (np.ptp(maps.reshape(len(maps), -1), axis=1) > 0).all()


@ALL
def test_its_maps_have_signs_as_declared(kind, found, images):
    maps = found(kind).maps.reshape(len(images), -1)
    assert (maps.max(axis=1) > 0).all()
    assert (maps.min(axis=1) < 0).tolist() == [made(kind).has_sign] * len(images)


def states(model, images):
    weights = [ops.convert_to_numpy(variable.value).copy() for variable in model.variables]
    generators = random.getstate(), np.random.get_state(), torch.random.get_rng_state().numpy().copy()
    return weights, images.copy(), generators, layers.Layer.__call__


@ALL
def test_it_gives_the_same_again_and_leaves_model_images_and_random_states_as_they_are(
    kind, found, model, images
):
    first, before = found(kind).maps, states(model, images)
    again = explain(made(kind), ScoredModel(model, chunk_size=5), images).maps
    np.testing.assert_equal(states(model, images), before)
    np.testing.assert_array_equal(again, first)


def assert_same_maps(found, expected):
    """To four digits of the largest value: a map of differences of scores carries the rounding of the scores."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


@ALL
@pytest.mark.parametrize("size", [3, pytest.param(1, marks=pytest.mark.repeats)])
def test_chunks_change_nothing(kind, size, found, scored, images):
    assert_same_maps(explain(made(kind), scored(size), images).maps, found(kind).maps)


@ALL
def test_each_image_stands_alone(kind, scored, images):
    # Without references of its own this method compares the images with each other.
    method = kind(references=images[:2]) if kind is ExpectedGradients else made(kind)
    whole = explain(method, scored(5), images).maps
    for row in (0, 3):
        alone = explain(method, scored(None), images[row : row + 1]).maps
        assert_same_maps(alone[0], whole[row])


@ALL
def test_its_scores_are_the_explained_ones(kind, found, scored, images):
    bound = bind(as_target("predicted"), len(images), None)
    ours, expected = found(kind).scores, Question(scored(None), images, bound).scores
    np.testing.assert_allclose(ours.values, expected.values, rtol=1e-5)
    np.testing.assert_array_equal(ours.target_classes, expected.target_classes)
    np.testing.assert_array_equal(ours.predicted_classes, expected.predicted_classes)
    assert set(ours.predicted_classes) == {0, 1, 2}
    np.testing.assert_allclose(ours.probabilities, expected.probabilities, rtol=1e-5)
    assert ours.kind == "logit"


@ALL
def test_the_target_matters_as_declared(kind, scored, images):
    one, other = (explain(made(kind), scored(5), images, target).maps for target in (0, 1))
    assert kind().uses_target != np.array_equal(one, other)


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
@pytest.mark.parametrize("good_calls", [pytest.param(0, marks=pytest.mark.repeats), 1])
def test_an_exception_in_the_model_leaves_no_trace(kind, good_calls, model, images):
    failing = Fails(model, good_calls + 1)
    failing(images)  # builds it; what building draws is the model's own business
    before = states(failing, images)
    with pytest.raises((RuntimeError, ModelRejectedInputsError), match="on purpose"):
        explain(made(kind), failing, images)
    np.testing.assert_equal(states(failing, images), before)
