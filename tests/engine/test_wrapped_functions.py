"""Functions of JAX and modules of Flax inside Keras models, against JAX alone."""

from functools import cache

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.errors import LogitsNotFoundError, MethodDoesNotApplyError
from keras_saliency.probes.targets import as_target, bind
from tests.engine.reference import assert_close
from tests.states import bits

BACKEND = keras.backend.backend()
if BACKEND == "torch":
    pytest.skip("neither works on PyTorch", allow_module_level=True)

jax = pytest.importorskip("jax")

CLASS = 1
IMAGES = np.random.default_rng(0).normal(size=(4, 8, 8, 2)).astype("float32")


@cache
def flax_module():
    """The class of a convolution, BatchNorm, Dropout; importing Flax takes seconds."""
    linen = pytest.importorskip("flax.linen")

    class Module(linen.Module):
        softmax: bool = False

        @linen.compact
        def __call__(self, x, training=False):
            x = linen.BatchNorm(use_running_average=not training)(linen.Conv(4, (3, 3))(x))
            x = linen.Dropout(0.5, deterministic=not training)(linen.relu(x))
            x = linen.Dense(3)(x.mean((1, 2)))
            return linen.softmax(x) if self.softmax else x

    return Module


def function(params, inputs):
    return jax.nn.relu(inputs.reshape(inputs.shape[0], -1) @ params["in"]) @ params["out"]


def flax_layer(**settings):
    return keras.layers.FlaxLayer(flax_module()(**settings))


def jax_layer():
    rng = np.random.default_rng(1)
    params = {"in": rng.normal(size=(128, 5)), "out": rng.normal(size=(5, 3))}
    return keras.layers.JaxLayer(function, params={k: v.astype("float32") for k, v in params.items()})


def alone(layer):
    """The gradient by JAX alone."""

    def values(tree):
        return jax.tree.map(lambda variable: keras.ops.convert_to_numpy(variable.value), tree)

    def score(images):
        if isinstance(layer, keras.layers.FlaxLayer):
            logits = layer.module.apply({**values(layer.params), **values(layer.state)}, images)
        else:
            logits = function(values(layer.params), images)
        return logits[:, CLASS].sum()

    return jax.grad(score)(IMAGES)


def model_of(layer, *before):
    return keras.Sequential([keras.Input(IMAGES.shape[1:]), *before, layer])


def question(model):
    return Question(ScoredModel(model), IMAGES, bind(as_target(CLASS), len(IMAGES), None))


def others(model):
    rng = np.random.default_rng(3)
    return [rng.uniform(0.5, 1, size=weight.shape).astype("float32") for weight in model.weights]


ON_JAX = [pytest.mark.repeats] if BACKEND == "tensorflow" else []
"""On TensorFlow Flax is one more function of JAX."""

LAYERS = pytest.mark.parametrize("make", [pytest.param(flax_layer, marks=ON_JAX), jax_layer])


@LAYERS
def test_maps_are_the_gradients_of_the_function_alone_and_nothing_changes(make):
    layer = make()
    model = model_of(layer)
    before = bits(model.variables)
    assert_close(question(model).gradients().maps, alone(layer))
    np.testing.assert_equal(bits(model.variables), before)


@LAYERS
def test_other_weights_reach_the_inside(make):
    layer = make()
    model = model_of(layer)
    values = others(model)
    found = question(model).with_weights(values).gradients().maps
    model.set_weights(values)
    assert_close(found, alone(layer))


@pytest.mark.skipif(BACKEND != "jax", reason="the same on TensorFlow")
def test_a_module_of_flax_is_built_at_first_sight():
    model = keras.Sequential([flax_layer()])
    assert_close(question(model).gradients().maps, alone(model.layers[0]))


@pytest.mark.skipif(BACKEND != "jax", reason="the same on TensorFlow")
def test_a_softmax_inside_hides_the_logits():
    with pytest.raises(LogitsNotFoundError, match="Ways out"):
        _ = question(model_of(flax_layer(softmax=True))).scores


@LAYERS
@pytest.mark.parametrize("method", ["guided_backprop", "deconvnet"])
def test_relus_inside_are_refused_alone_and_said_beside_others(make, method):
    inside = "1 ReLU past Keras" if BACKEND == "jax" else f"layer '.*' .{type(make()).__name__}."
    with pytest.raises(MethodDoesNotApplyError, match=f"Rectifiers found: {inside}"):
        ks.explain(model_of(make()), IMAGES, method)
    both = model_of(make(), keras.layers.Conv2D(2, 3, activation="relu", padding="same"))
    with pytest.warns(ks.SaliencyWarning, match=f"keeps the plain gradient of {inside}"):
        ks.explain(both, IMAGES, method)


class Native(keras.layers.Layer):
    """Rectifies with the framework's own ReLU."""

    def __init__(self, six):
        super().__init__()
        self.six = six

    def call(self, inputs):
        if BACKEND == "jax":
            return (jax.nn.relu6 if self.six else jax.nn.relu)(inputs)
        import tensorflow as tf

        return (tf.nn.relu6 if self.six else tf.nn.relu)(inputs)


@pytest.mark.parametrize("six", [False, True])
def test_relus_of_the_framework_itself_are_counted(six):
    """Keras' own are among those of the framework: of four, two follow the rule."""
    keras_own = [keras.layers.ReLU(), keras.layers.ReLU(6)]
    model = model_of(keras.layers.Dense(3), Native(six), *keras_own, keras.layers.Flatten())
    model = keras.Sequential([model, Native(six)])
    with pytest.warns(ks.SaliencyWarning, match="changes 2 ReLUs .* 2 ReLUs past Keras"):
        found = ks.explain(model, IMAGES, "guided_backprop", logits="output")
    assert found.diagnostics["unreached"] == ("2 ReLUs past Keras",)


@LAYERS
def test_a_feature_map_inside_is_refused(make):
    model = model_of(make(), keras.layers.Conv2D(2, 3, padding="same", name="in_front"))
    with pytest.raises(MethodDoesNotApplyError, match="may lie inside .*a layer of its own"):
        ks.explain(model, IMAGES, "grad_cam")
    ks.explain(model, IMAGES, ks.GradCAM(layer="in_front"))
