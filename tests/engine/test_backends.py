"""A path that is cut is an error; a gradient that happens to vanish is zeros. The same on every backend."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency.engine import Question, ScoredModel
from keras_saliency.engine.backends import current_backend
from keras_saliency.errors import NoGradientError
from keras_saliency.probes.targets import OutputGradient, as_target, bind
from tests import answers

from . import networks, reference
from .networks import images, pixels

TORCH = keras.backend.backend() == "torch"


class Applies(layers.Layer):
    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def call(self, inputs):
        return self.function(inputs)


def network(*start, head="softmax"):
    return keras.Sequential(
        [layers.Input((4, 4, 1)), *start, layers.Flatten(), layers.Dense(3, activation=head)]
    )


def through_integers(x):
    return ops.cast(ops.cast(10 * x, "int32"), "float32")


def maps_of(model, inputs, target=0):
    return answers.gradients(ScoredModel(model), inputs, bind(as_target(target), 3, None)).maps


CUT = {
    "stop_gradient": lambda: network(Applies(ops.stop_gradient)),
    "stop_gradient behind weights": lambda: network(layers.Conv2D(2, 2), Applies(ops.stop_gradient)),
    "integers": lambda: network(Applies(through_integers)),
    "integers behind weights": lambda: network(
        layers.Conv2D(2, 2, activation="relu"), Applies(through_integers)
    ),
    "comparison": lambda: network(Applies(lambda x: ops.cast(x > 0, "float32"))),
    "constant": lambda: network(Applies(ops.ones_like)),
}


@pytest.mark.parametrize(
    "target", [0, "predicted", OutputGradient(np.ones(3)), lambda outputs: outputs[:, 0]]
)
@pytest.mark.parametrize("build", CUT.values(), ids=CUT)
def test_a_path_that_is_cut_is_an_error(build, target):
    with pytest.raises(NoGradientError, match="No gradient reaches input: the path to the score is cut"):
        maps_of(build(), images(4, 4, 1), target)


def test_a_score_that_depends_on_nothing_is_an_error():
    with pytest.raises(NoGradientError, match="an output that does not depend on it"):
        maps_of(network(), images(4, 4, 1), lambda outputs: ops.ones(outputs.shape[0]))


class OnlyIntegers(keras.Model):
    def call(self, inputs):
        return ops.cast(inputs, "float32") / 255.0


class OneHot(keras.Model):
    def call(self, inputs):
        return ops.softmax(ops.one_hot(inputs[:, 0], 3))


@pytest.mark.parametrize(
    ("model", "inputs"),
    [(OnlyIntegers, pixels(3)), (OneHot, np.array([[0], [2], [1]]))],
    ids=["cast", "one-hot"],
)
def test_a_model_without_layers_between_its_integers_and_its_output_is_an_error(model, inputs):
    with pytest.raises(NoGradientError, match="All inputs of the model are integers, and no layer inside it"):
        maps_of(model(), inputs)


def dead_relu():
    return network(
        layers.Conv2D(2, 2, activation="relu", bias_initializer=keras.initializers.Constant(-100.0))
    )


def zero_weights():
    model = network()
    model.layers[-1].kernel.assign(np.zeros((16, 3), "float32"))
    return model


@pytest.mark.parametrize("build", [dead_relu, zero_weights])
@pytest.mark.parametrize(
    "target", [0, "predicted", OutputGradient(np.ones(3)), lambda outputs: outputs[:, 0]]
)
def test_a_gradient_that_vanishes_is_zeros(build, target):
    found = maps_of(build(), images(4, 4, 1), target)
    np.testing.assert_array_equal(found, np.zeros((3, 4, 4, 1)))


def test_an_output_gradient_of_zeros_is_zeros():
    found = maps_of(network(), images(4, 4, 1), OutputGradient(np.zeros(3)))
    np.testing.assert_array_equal(found, np.zeros((3, 4, 4, 1)))


def test_an_input_beside_the_path_has_zeros():
    one, other = keras.Input((4,), name="one"), keras.Input((4,), name="other")
    both = layers.Concatenate()([one, Applies(ops.stop_gradient)(other)])
    model = keras.Model([one, other], layers.Dense(3)(both))
    inputs = [images(4), images(4, seed=1)]
    found = maps_of(model, inputs)
    kernel = ops.convert_to_numpy(model.layers[-1].kernel)
    np.testing.assert_allclose(found[0], np.stack([kernel[:4, 0]] * 3), rtol=1e-6)
    np.testing.assert_array_equal(found[1], np.zeros((3, 4)))


def test_a_gradient_that_is_the_same_everywhere_is_none_that_is_missing():
    """Not even weights are behind it: on JAX it depends on nothing, as a missing one does."""
    model = keras.Sequential([layers.Input((4, 4, 1)), layers.Rescaling(3.0), layers.Flatten()])
    found = maps_of(model, images(4, 4, 1), lambda outputs: ops.sum(outputs, axis=-1))
    np.testing.assert_array_equal(found, np.full((3, 4, 4, 1), 3, "float32"))


class SquareRootOfItself(layers.Layer):
    """x → x, whose gradient the layer defines as 7."""

    def call(self, inputs):
        @ops.custom_gradient
        def seven(x):
            def gradient(*args, upstream=None):
                if upstream is None:
                    (upstream,) = args
                return 7.0 * upstream

            return x, gradient

        return seven(inputs)


def test_custom_gradients_are_followed():
    plain = network(head=None)
    changed = keras.Sequential([layers.Input((4, 4, 1)), SquareRootOfItself(), *plain.layers])
    inputs = images(4, 4, 1)
    np.testing.assert_allclose(maps_of(changed, inputs), 7 * maps_of(plain, inputs), rtol=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="How TensorFlow writes it down.")
def test_arguments_of_a_function_with_a_gradient_of_its_own_do_not_reach_what_it_returns():
    """Its value is computed from `a` alone; an operation around it takes both."""

    @ops.custom_gradient
    def twice(a, b):
        return 2 * a, lambda upstream: (2 * upstream, 0 * b)

    def function(leaves):
        inner = ops.relu(leaves[0])
        return [inner], [twice(inner, leaves[0])]

    assert current_backend().flow(function, [images(4, 4, 1)], 0).is_cut(0)


def test_only_the_backends_that_are_proven(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "openvino")
    with pytest.raises(
        ValueError, match="works on tensorflow, jax, torch. Received: KERAS_BACKEND='openvino'"
    ):
        current_backend()


def tokens_model(_):
    return keras.Sequential(
        [
            layers.Input((5,), dtype="int32"),
            layers.Embedding(7, 4, mask_zero=True),
            layers.LSTM(3),
            layers.Dense(3, activation="softmax"),
        ]
    )


@pytest.mark.skipif(not TORCH, reason="PyTorch's modes")
@pytest.mark.parametrize("mode", ["inference_mode", "no_grad"])
@pytest.mark.parametrize(
    "target", [1, "predicted", OutputGradient(np.array([1.0, -2.0, 0.5])), lambda outputs: outputs[:, 0] ** 2]
)
@pytest.mark.parametrize(
    ("build", "inputs"),
    [
        (networks.functional, images(8, 8, 3)),
        (networks.SubclassedOfBytes, pixels(8, 8, 1)),
        (tokens_model, np.array([[1, 2, 3, 0, 0], [4, 0, 0, 0, 0], [5, 1, 5, 2, 6]])),
    ],
    ids=["floats", "bytes", "tokens"],
)
def test_gradients_flow_inside_an_outer_mode(mode, build, inputs, target):
    """Keras' own predict and evaluate run callbacks under such a mode."""
    import torch

    model = build("softmax")
    expected = maps_of(model, inputs, target)
    with getattr(torch, mode)():
        found = maps_of(model, inputs, target)
        scores = Question(ScoredModel(model), inputs, bind(as_target(target), 3, None)).scores
    reference.assert_close(found, expected, tolerance=1e-6)
    assert np.isfinite(scores.values).all()
    assert not torch.is_inference_mode_enabled()


@pytest.mark.skipif(not TORCH, reason="PyTorch's modes")
@pytest.mark.parametrize("build", [networks.deferred, networks.Subclassed])
def test_a_model_built_by_a_look_under_inference_mode_can_be_trained(build):
    import torch

    model, inputs = build("softmax"), images(8, 8, 1)
    with torch.inference_mode():
        maps_of(model, inputs)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(inputs, np.arange(3), verbose=0)
