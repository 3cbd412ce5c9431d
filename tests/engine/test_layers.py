"""Which layer is chosen, and that its activations and gradients are the right ones."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency.engine import Question, ScoredModel
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.probes.targets import ClassIndex, bind
from tests import answers
from tests.engine.networks import CLASSES, Subclassed, images, pixels, segmentation, sequential
from tests.engine.reference import assert_close, gradients, scores_of

FIRST = ClassIndex(0)


def seen(model, inputs, layer="auto", **options):
    """The layer's gradients for the score of class 0."""
    bound = bind(FIRST, len(inputs), None)
    return answers.layer_gradients(ScoredModel(model, **options), inputs, bound, layer)


def pooled_head(*before, shape=(8, 8, 1), activation="softmax"):
    """Layers, then GlobalAveragePooling and Dense: the gradient for the last of the layers is known."""
    head = [layers.GlobalAveragePooling2D(), layers.Dense(CLASSES, activation=activation, name="head")]
    return keras.Sequential([layers.Input(shape), *before, *head])


def backbone(name="backbone"):
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="tanh", name="early"),
            layers.Conv2D(5, 3, activation="relu", name="late"),
        ],
        name=name,
    )


def nested(name="backbone"):
    inputs = keras.Input((8, 8, 1))
    x = layers.GlobalAveragePooling2D()(backbone(name)(inputs))
    return keras.Model(inputs, layers.Dense(CLASSES, activation="softmax", name="head")(x))


def plain(below, above, inputs):
    """The layer's output, and the gradients of class 0 for it, by the framework's own means."""
    activations = ops.convert_to_numpy(below(inputs))
    return activations, gradients(lambda a: scores_of(np.zeros(len(inputs), int))(above(a)), activations)


def test_a_pooled_head_has_a_known_gradient():
    """Behind global pooling the gradient is the class' weights ÷ positions (Zhou et al. 2016)."""
    model = pooled_head(layers.Conv2D(4, 3, activation="relu", name="conv"))
    inputs = images(8, 8, 1)
    found = seen(model, inputs)
    weights = ops.convert_to_numpy(model.get_layer("head").kernel)[:, 0]
    assert found.layer == "conv"
    assert_close(found.activations, ops.convert_to_numpy(model.get_layer("conv")(inputs)))
    assert_close(found.gradients, np.broadcast_to(weights / 36, found.activations.shape))


def test_it_is_the_gradient_of_a_submodel():
    inputs = keras.Input((8, 8, 3))
    first = layers.Conv2D(4, 3, activation="relu", name="first")(inputs)
    x = layers.Add()([layers.Conv2D(4, 3, padding="same")(first), first])
    x = layers.Flatten()(layers.Activation("tanh")(layers.BatchNormalization()(x)))
    logits = layers.Dense(CLASSES)(x)
    model = keras.Model(inputs, layers.Softmax()(logits))
    below, above = keras.Model(inputs, first), keras.Model(first, logits)
    activations, expected = plain(below, above, images(8, 8, 3))
    found = seen(model, images(8, 8, 3), "first")
    assert_close(found.activations, activations)
    assert_close(found.gradients, expected)
    assert found.scores.kind == "logit"


def test_the_score_is_that_of_the_model():
    model, inputs = sequential("softmax"), images(8, 8, 1)
    bound = bind(FIRST, len(inputs), None)
    np.testing.assert_allclose(
        seen(model, inputs).scores.values,
        Question(ScoredModel(model), inputs, bound).scores.values,
        rtol=1e-5,
    )


@pytest.mark.parametrize("layer", ["auto", "late", "backbone.late", "the layer itself"])
def test_layers_of_nested_models(layer):
    model, inputs = nested(), images(8, 8, 1)
    if layer == "the layer itself":
        layer = model.get_layer("backbone").get_layer("late")
    found = seen(model, inputs, layer)
    assert found.layer == "backbone.late"
    assert found.activations.shape == (3, 4, 4, 5)
    weights = ops.convert_to_numpy(model.get_layer("head").kernel)[:, 0]
    assert_close(found.gradients, np.broadcast_to(weights / 16, found.activations.shape))


def test_a_nested_model_is_a_layer_too():
    model, inputs = nested(), images(8, 8, 1)
    found, inner = seen(model, inputs, "backbone"), seen(model, inputs, "late")
    assert found.layer == "backbone"
    np.testing.assert_array_equal(found.activations, inner.activations)
    assert_close(found.gradients, inner.gradients)


def test_layers_of_subclassed_models():
    model, inputs = Subclassed("softmax"), images(8, 8, 1)
    model(inputs)
    found = seen(model, inputs)
    assert found.layer == model.conv.name
    assert_close(found.activations, ops.convert_to_numpy(model.conv(inputs)))
    weights = ops.convert_to_numpy(model.dense.kernel)[:, 0].reshape(1, 6, 6, 4)
    assert_close(found.gradients, np.broadcast_to(weights, found.gradients.shape))
    np.testing.assert_array_equal(seen(model, inputs, model.conv).gradients, found.gradients)


@pytest.mark.parametrize("layer", ["auto", "pool"])
def test_channels_come_last(layer):
    model = keras.Sequential(
        [
            layers.Input((3, 8, 6)),
            layers.AveragePooling2D(2, data_format="channels_first", name="pool"),
            layers.GlobalAveragePooling2D(data_format="channels_first"),
            layers.Dense(CLASSES, activation="softmax", name="head"),
        ]
    )
    found = seen(model, images(3, 8, 6), layer)
    means = images(3, 8, 6).reshape(3, 3, 4, 2, 3, 2).mean((3, 5))
    assert_close(found.activations, np.moveaxis(means, 1, -1))
    weights = ops.convert_to_numpy(model.get_layer("head").kernel)[:, 0]
    assert_close(found.gradients, np.broadcast_to(weights / 12, found.gradients.shape))


def test_behind_bytes():
    model = pooled_head(layers.Rescaling(1 / 255), layers.Conv2D(4, 3, activation="relu", name="conv"))
    found = seen(model, pixels(8, 8, 1))
    weights = ops.convert_to_numpy(model.get_layer("head").kernel)[:, 0]
    assert found.layer == "conv"
    assert_close(found.gradients, np.broadcast_to(weights / 36, found.gradients.shape))


def test_mixed_float16():
    inputs = images(8, 8, 1)
    exact = sequential("softmax")
    model = sequential("softmax", dtype="mixed_float16")
    model.set_weights(exact.get_weights())
    found, expected = seen(model, inputs), seen(exact, inputs)
    assert found.activations.dtype == found.gradients.dtype == "float32"
    assert_close(found.activations, expected.activations, 5e-3)
    assert_close(found.gradients, expected.gradients, 5e-3)


@pytest.mark.parametrize("chunk_size", [1, 2])
def test_chunks_change_nothing(chunk_size):
    model = nested()
    whole, cut = seen(model, images(8, 8, 1)), seen(model, images(8, 8, 1), chunk_size=chunk_size)
    assert_close(cut.activations, whole.activations)
    assert_close(cut.gradients, whole.gradients)


def test_auto_passes_over_what_is_called_twice_and_what_is_not_spatial():
    inputs = keras.Input((8, 8, 1))
    relu = layers.ReLU(name="shared")
    x = relu(layers.Conv2D(4, 3, name="first")(inputs))
    x = relu(layers.Conv2D(4, 3, name="second")(x))
    x = layers.Conv2D(3, 4, name="one_by_one")(x)
    model = keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(layers.Flatten()(x)))
    assert seen(model, images(8, 8, 1)).layer == "second"


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_auto_passes_over_the_output(activation):
    model = segmentation(activation)
    assert seen(model, images(6, 6, 2)).layer == model.layers[0].name


def test_unknown_names_are_answered_with_the_spatial_layers():
    with pytest.raises(
        ValueError,
        match=r"^No layer 'conv9'\. Layers with a spatial output: backbone\.early, backbone\.late\.$",
    ):
        seen(nested(), images(8, 8, 1), "conv9")


def test_names_that_several_layers_have():
    inputs = keras.Input((8, 8, 1))
    both = layers.Concatenate(name="both")([backbone("one")(inputs), backbone("two")(inputs)])
    x = layers.GlobalAveragePooling2D()(both)
    model = keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(x))
    with pytest.raises(
        ValueError,
        match=r"2 layers have the name 'late'; give the path of one of them: one\.late, two\.late\.",
    ):
        seen(model, images(8, 8, 1), "late")
    assert seen(model, images(8, 8, 1), "two.late").layer == "two.late"


def test_layers_that_are_not_called_once():
    inputs = keras.Input((8, 8, 1))
    shared = layers.Conv2D(1, 3, padding="same", name="shared")
    x = layers.Flatten()(shared(shared(inputs)))
    model = keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(x))
    with pytest.raises(
        ValueError, match="Expected a layer that the model calls once.* layer 'shared', called 2 times"
    ):
        seen(model, images(8, 8, 1), "shared")
    with pytest.raises(ValueError, match="layer 'stranger', called 0 times"):
        seen(model, images(8, 8, 1), layers.Conv2D(1, 3, name="stranger"))
    with pytest.raises(MethodDoesNotApplyError, match="No layer inside the model .* that is called once"):
        seen(model, images(8, 8, 1))


def test_layers_without_positions():
    with pytest.raises(ValueError, match=r"Expected a layer with a spatial output .* layer 'head' .* \(3,\)"):
        seen(nested(), images(8, 8, 1), "head")


@pytest.mark.parametrize("layer", [3, None, layers.Conv2D, ["late"]])
def test_what_is_no_layer(layer):
    with pytest.raises(TypeError, match='Expected layer to be a name, a dotted path, a layer or "auto"'):
        seen(nested(), images(8, 8, 1), layer)


def test_models_without_a_spatial_layer():
    model = keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(CLASSES)])
    with pytest.raises(
        MethodDoesNotApplyError,
        match="No layer inside the model .* has a spatial output .* Other layers .*: none",
    ):
        seen(model, images(8, 8, 1))


def test_the_model_stays_as_it_is():
    model = nested()
    before = [np.array(weight) for weight in model.get_weights()]
    call = layers.Layer.__call__
    seen(model, images(8, 8, 1))
    np.testing.assert_equal(model.get_weights(), before)
    assert layers.Layer.__call__ is call
