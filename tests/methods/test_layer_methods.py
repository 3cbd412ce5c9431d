"""What all methods that look at one layer share, and the maps of those without a file of their own."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy.ndimage import zoom

from keras_saliency import (
    Activations,
    EigenCAM,
    GradCAM,
    GradCAMPlusPlus,
    GuidedBackprop,
    GuidedGradCAM,
    HiResCAM,
    LayerCAM,
    ScoreCAM,
    explain,
)
from keras_saliency.engine import LayerGradients, ScoredModel
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.methods.grad_cam_plus_plus import _map
from keras_saliency.probes.targets import as_target, bind
from keras_saliency.render.heatmaps import VIEWS
from keras_saliency.render.resize import bilinear
from tests import answers

KINDS = [GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM, GuidedGradCAM, EigenCAM, Activations]
EVERY = pytest.mark.parametrize("kind", KINDS, ids=[kind.registered for kind in KINDS])


@pytest.fixture(autouse=True)
def _the_same_weights():
    """Small networks are dead for some weights."""
    keras.utils.set_random_seed(2)


def run(method, model, images, target=0, **options):
    bound = bind(as_target(target), len(images), None)
    return answers.explained(method, ScoredModel(model, **options), images, bound, np.random.default_rng(0))


def parts(model, images, layer):
    """The activations and gradients of a layer in float64."""
    found = answers.layer_gradients(ScoredModel(model), images, bind(as_target(0), len(images), None), layer)
    return found.activations.astype("float64"), found.gradients.astype("float64")


def assert_close(found, expected, tolerance=1e-5):
    assert found.shape == expected.shape
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@EVERY
def test_names(kind):
    conv = layers.Conv2D(1, 1, name="Block5.Conv-1")
    assert kind().name == kind.registered
    assert kind("conv5").name == f"{kind.registered}_conv5"
    assert kind(layer=conv).name == kind("Block5.Conv-1").name == f"{kind.registered}_block5_conv_1"
    assert kind("conv5", name="mine").name == "mine"


@EVERY
@pytest.mark.parametrize("layer", [None, 3, "", ["conv"], layers.Conv2D])
def test_what_is_no_layer(kind, layer):
    with pytest.raises(TypeError, match="Expected layer to be a name, a dotted path, a layer or .* Received"):
        kind(layer)


@pytest.mark.parametrize("kind", [*KINDS, ScoreCAM])
def test_the_layer_matters_and_is_told(kind, model, images):
    first, last = run(kind("first"), model, images), run(kind("last"), model, images)
    assert (first.diagnostics["layer"], last.diagnostics["layer"]) == ("first", "last")
    assert not np.allclose(first.maps, last.maps)
    again = run(kind(model.get_layer("first")), model, images)
    np.testing.assert_array_equal(again.maps, first.maps)


@pytest.fixture(scope="module")
def tokens():
    """Sixteen tokens, traced once."""
    keras.utils.set_random_seed(2)
    seen = layers.Dense(6, "relu", bias_initializer="ones", name="seen")
    before = [layers.Input((8, 8, 2)), layers.Conv2D(6, 2, strides=2), layers.Reshape((16, 6))]
    positive = layers.Dense(3, kernel_initializer=keras.initializers.RandomUniform(0.1, 1, seed=1))
    return ScoredModel(keras.Sequential([*before, seen, layers.GlobalAveragePooling1D(), positive]))


@pytest.mark.parametrize("kind", [*KINDS, ScoreCAM])
def test_a_grid_of_ones_own(kind, tokens, images):
    bound, rng = bind(as_target(0), len(images), None), np.random.default_rng(0)
    found, wide = (
        answers.explained(kind("seen", grid=grid), tokens, images, bound, rng) for grid in ("auto", (2, 8))
    )
    assert (found.diagnostics["grid"], wide.diagnostics["grid"]) == ([4, 4], [2, 8])
    assert found.maps.shape == wide.maps.shape
    assert not np.allclose(found.maps, wide.maps)


@EVERY
def test_unknown_layers(kind, model, images):
    with pytest.raises(ValueError, match=r"No layer 'conv9'\. Layers with a spatial output: first, .*last"):
        run(kind("conv9"), model, images)


@EVERY
def test_inputs_that_are_no_images(kind):
    model = keras.Sequential(
        [layers.Input((6,)), layers.Reshape((3, 2, 1)), layers.Flatten(), layers.Dense(2)]
    )
    with pytest.raises(
        MethodDoesNotApplyError, match=r"makes maps of images, and none .* input of shape \(6,\)"
    ):
        run(kind(), model, np.ones((2, 6), "float32"))


@pytest.mark.parametrize("kind", [GradCAM, LayerCAM, Activations])
def test_models_without_a_spatial_layer(kind):
    model = keras.Sequential([layers.Input((4, 4, 1)), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(MethodDoesNotApplyError, match="has a spatial output"):
        run(kind(), model, np.ones((2, 4, 4, 1), "float32"))


@EVERY
def test_every_view_of_an_explanation(kind, model, images):
    explanation = explain(model, images, method=kind("last"))
    for view in VIEWS:
        assert explanation.heatmaps(view).shape == (5, 8, 8)
    if not kind.has_sign:
        np.testing.assert_array_equal(explanation.heatmaps("magnitude"), explanation.maps)
        assert not explanation.heatmaps("negative").any()
    assert explanation.sheet().ndim == 3


def pooled(shape, data_format, conv=None):
    inputs = [layers.Input(shape), *(conv or [layers.AveragePooling2D(2, data_format=data_format)])]
    return keras.Sequential(
        [*inputs, layers.ReLU(), layers.Flatten(data_format=data_format), layers.Dense(3)]
    )


@pytest.mark.parametrize("kind", [*KINDS, ScoreCAM])
def test_channels_first(kind):
    """The same network in both formats; Flatten puts channels last in either."""
    images = np.random.default_rng(0).uniform(0, 1, (2, 8, 6, 3)).astype("float32")
    last, first = pooled((8, 6, 3), "channels_last"), pooled((3, 8, 6), "channels_first")
    last.set_weights([np.abs(weight) for weight in last.get_weights()])  # nothing is rectified away
    first.set_weights(last.get_weights())
    expected = run(kind(), last, images).maps
    found = run(kind(), first, np.moveaxis(images, -1, 1)).maps
    assert found.shape == ((2, 3, 8, 6) if kind is GuidedGradCAM else (2, 8, 6))
    assert_close(np.moveaxis(found, 1, -1) if found.ndim == 4 else found, expected)


@EVERY
def test_bytes_behind_a_rescaling(kind, model):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 2), dtype="uint8")
    inputs = keras.Input((8, 8, 2), dtype="uint8")
    scaled = keras.Model(inputs, model(layers.Rescaling(1 / 255)(inputs)))
    expected = run(kind("last"), model, (pixels / 255).astype("float32"))
    found = run(kind("last"), scaled, pixels)
    assert_close(found.maps, expected.maps, 1e-4)
    np.testing.assert_allclose(found.scores.values, expected.scores.values, rtol=1e-4)
    assert found.diagnostics["layer"].endswith("last")


@pytest.mark.parametrize("kind", [GradCAM, LayerCAM, Activations])
def test_mixed_float16(kind, images):
    def network(dtype):
        keras.utils.set_random_seed(2)
        conv = layers.Conv2D(4, 3, activation="relu", dtype=dtype)
        flat = layers.Flatten(dtype=dtype)
        return keras.Sequential([layers.Input((8, 8, 2)), conv, flat, layers.Dense(3, dtype=dtype)])

    exact, half = network("float32"), network("mixed_float16")
    half.set_weights(exact.get_weights())
    found = run(kind(), half, images).maps
    assert found.dtype == "float32"
    assert_close(found, run(kind(), exact, images).maps, 2e-2)


def test_maps_are_resized_between_pixel_centres(images):
    """The same as scipy's linear zoom on a grid of pixels whose edges are held."""
    maps = images[..., 0]
    expected = [zoom(one.astype("float64"), 3, order=1, mode="nearest", grid_mode=True) for one in maps]
    np.testing.assert_allclose(bilinear(maps, 24, 24), expected, atol=1e-6)


def test_layer_cam(model, images):
    activations, gradients = parts(model, images, "last")
    expected = np.maximum((np.maximum(gradients, 0) * activations).sum(-1), 0)
    assert_close(run(LayerCAM("last"), model, images).maps, bilinear(expected, 8, 8))


def test_layer_cam_of_a_linear_head():
    """The activations, each times its own positive weight: a closed form."""
    model = pooled(
        (4, 4, 1), "channels_last", [layers.Conv2D(1, 1, use_bias=False, kernel_initializer="ones")]
    )
    images = np.random.default_rng(0).uniform(0, 1, (2, 4, 4, 1)).astype("float32")
    weights = ops.convert_to_numpy(model.layers[-1].kernel)[:, 0].reshape(4, 4)
    assert_close(run(LayerCAM(), model, images).maps, images[..., 0] * np.maximum(weights, 0))


def test_grad_cam_plus_plus(model, images):
    """The paper's formula as it is written, in float64."""
    activations, gradients = parts(model, images, "last")
    sums = activations.sum((1, 2), keepdims=True)
    below = 2 * gradients**2 + sums * gradients**3
    alpha = np.where(below == 0, 0, gradients**2 / np.where(below == 0, 1, below))
    weights = (alpha * np.maximum(gradients, 0)).sum((1, 2), keepdims=True)
    expected = np.maximum((weights * activations).sum(-1), 0)
    found = run(GradCAMPlusPlus("last"), model, images).maps
    assert_close(found, bilinear(expected, 8, 8))
    cam = run(GradCAM("last"), model, images).maps
    assert not np.allclose(found / found.max(), cam / cam.max())


@pytest.mark.parametrize("scale", [0.0, 1e-25])
def test_grad_cam_plus_plus_of_vanishing_gradients(scale, model, images):
    """Where g² is below float32 the map is small, not NaN or zero; where g is zero it is zero."""
    expected = run(GradCAMPlusPlus("last"), model, images, lambda outputs: 1e-3 * outputs[:, 0]).maps
    found = run(GradCAMPlusPlus("last"), model, images, lambda outputs: scale * outputs[:, 0]).maps
    assert np.isfinite(found).all()
    assert found.any() == bool(scale and expected.any())


def test_grad_cam_plus_plus_by_hand():
    """Two places, four channels: the denominators are 2 + 2·1, 2 + 2·0.5 | 2 − 4·0.5 = 0, 4 | 2 − 0 | 2 − 2·1 = 0."""
    activations = np.array([[1, -5, 7, -1], [1, 1, -7, -1]], "float32").reshape(1, 1, 2, 4)
    gradients = np.array([[1, 0.5, 0, 1], [0.5, -0.5, 2, 3]], "float32").reshape(1, 1, 2, 4)
    # Channel 0: 1/4 + 0.5/3; channel 1: 0 where its denominator is 0, and where its gradient is below 0; 2: 2/2.
    # Channel 3: 0 where the denominator is 0, and 3/(2 − 6).
    weights = np.array([1 / 4 + 1 / 6, 0, 1, -3 / 4])
    found = _map(LayerGradients(activations, "seen", gradients))
    np.testing.assert_allclose(found, np.maximum(activations @ weights, 0), rtol=1e-6)
    assert found.shape == (1, 1, 2)


def test_activations(model, images):
    activations, _ = parts(model, images, "first")
    expected = bilinear(np.abs(activations).mean(-1), 8, 8)
    assert_close(run(Activations("first"), model, images).maps, expected)


def test_guided_grad_cam(model, images):
    guided, cam = run(GuidedBackprop(), model, images), run(GradCAM("last"), model, images)
    found = run(GuidedGradCAM("last"), model, images)
    assert_close(found.maps, guided.maps * cam.maps[..., None])
    assert found.diagnostics == {"layer": "last", "grid": [4, 4], **guided.diagnostics}


def test_guided_grad_cam_of_several_inputs():
    image, extra = keras.Input((8, 8, 1)), keras.Input((2,))
    seen = layers.Flatten()(layers.Conv2D(2, 3, activation="relu", name="conv")(image))
    model = keras.Model([extra, image], layers.Dense(3)(layers.Concatenate()([seen, extra])))
    inputs = [
        np.ones((2, 2), "float32"),
        np.random.default_rng(0).uniform(0, 1, (2, 8, 8, 1)).astype("float32"),
    ]
    bound, rng = bind(as_target(0), 2, None), np.random.default_rng(0)
    guided = answers.explained(GuidedBackprop(), ScoredModel(model), inputs, bound, rng).maps[1]
    cam = answers.explained(GradCAM(), ScoredModel(model), inputs, bound, rng).maps
    found = answers.explained(GuidedGradCAM(), ScoredModel(model), inputs, bound, rng).maps
    assert found.shape == (2, 8, 8, 1)
    np.testing.assert_allclose(found, guided * cam[..., None], atol=1e-6)
