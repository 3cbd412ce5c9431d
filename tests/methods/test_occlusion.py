import keras
import numpy as np
import pytest
from keras import layers
from numpy.lib.stride_tricks import sliding_window_view

from keras_saliency import Occlusion, explain
from keras_saliency.engine import ExplainedImage, ScoredModel
from keras_saliency.engine.chunks import LARGEST
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.probes.targets import as_target, bind
from tests import answers

SHAPE = (6, 8, 2)


def linear(weights, data_format="channels_last", rescale=None):
    """A network whose two scores are the sum of weight × pixel, and its negative."""
    dense = layers.Dense(2)
    first = [layers.Input(weights.shape, dtype="uint8" if rescale else "float32")]
    first += [layers.Rescaling(rescale)] if rescale else []
    # pooling over one pixel does nothing; it tells the channels' format
    pool = layers.AveragePooling2D(1, data_format=data_format)
    model = keras.Sequential([*first, pool, layers.Reshape((-1,)), dense])
    dense.set_weights([np.stack([weights.ravel(), -weights.ravel()], -1), np.array([0.5, -0.5])])
    return model


def run(method, model, images, target=0, **options):
    bound = bind(as_target(target), len(images), None)
    return answers.explained(method, ScoredModel(model, **options), images, bound, np.random.default_rng(0))


@pytest.fixture
def pixels():
    return np.random.default_rng(1).uniform(0, 1, (3, *SHAPE)).astype("float32")


@pytest.fixture
def weights():
    return np.random.default_rng(2).normal(size=SHAPE)


def expected_drops(contributions, patch):
    """Mean over the patches that cover a pixel of what each patch holds, for stride 1; `(n, h, w)`."""
    sums = sliding_window_view(contributions, (patch, patch), (1, 2)).sum((-2, -1))
    total, cover = np.zeros(contributions.shape), np.zeros(contributions.shape[1:])
    for top in range(sums.shape[1]):
        for left in range(sums.shape[2]):
            place = (slice(top, top + patch), slice(left, left + patch))
            total[(slice(None), *place)] += sums[:, top, left, None, None]
            cover[place] += 1
    return total / cover


@pytest.mark.parametrize("patch", [1, 2, 3, 6])
def test_the_drop_of_a_linear_score_is_what_the_patch_holds(patch, pixels, weights):
    found = run(Occlusion(patch=patch, stride=1), linear(weights), pixels)
    expected = expected_drops((pixels.astype("float64") * weights).sum(-1), patch)
    np.testing.assert_allclose(found.maps, expected, atol=2e-5)
    assert found.diagnostics == {"patch": patch, "stride": 1}


def test_what_is_not_read_has_no_drop(pixels):
    weights = np.zeros(SHAPE)
    weights[1:3, 4:6] = 1
    maps = run(Occlusion(patch=1), linear(weights), pixels).maps
    read = weights[..., 0] > 0
    np.testing.assert_allclose(maps[:, ~read], 0, atol=1e-5)
    np.testing.assert_allclose(maps[:, read], pixels.sum(-1)[:, read], atol=1e-5)


def test_the_fill(pixels, weights):
    half = run(Occlusion(patch=1, fill=0.5), linear(weights), pixels).maps
    np.testing.assert_allclose(half, ((pixels - 0.5) * weights).sum(-1), atol=2e-5)
    mean = run(Occlusion(patch=1, fill="mean"), linear(weights), pixels).maps
    moved = pixels - pixels.mean((1, 2), keepdims=True)
    np.testing.assert_allclose(mean, (moved * weights).sum(-1), atol=2e-5)


def test_strides_reach_every_edge(pixels, weights):
    """Patches of 4 with stride 3: rows 0 and 2, columns 0, 3 and 4; the overlap is the mean."""
    maps = run(Occlusion(patch=4, stride=3), linear(weights), pixels).maps
    held = (pixels.astype("float64") * weights).sum(-1)
    drop = {(r, c): held[:, r : r + 4, c : c + 4].sum((1, 2)) for r in (0, 2) for c in (0, 3, 4)}
    np.testing.assert_allclose(maps[:, 0, 0], drop[0, 0], atol=2e-5)
    np.testing.assert_allclose(maps[:, 5, 7], drop[2, 4], atol=2e-5)
    np.testing.assert_allclose(maps[:, 0, 3], (drop[0, 0] + drop[0, 3]) / 2, atol=2e-5)
    np.testing.assert_allclose(maps[:, 2, 7], (drop[0, 4] + drop[2, 4]) / 2, atol=2e-5)


def test_channels_first(pixels, weights):
    first = linear(np.moveaxis(weights, -1, 0), "channels_first")
    for fill in (0.25, "mean"):
        method = Occlusion(patch=2, stride=1, fill=fill)
        found = run(method, first, np.moveaxis(pixels, -1, 1)).maps
        np.testing.assert_allclose(found, run(method, linear(weights), pixels).maps, atol=2e-5)


def test_bytes_behind_a_rescaling(weights):
    """What is filled is the tensor behind the Rescaling."""
    seen = np.random.default_rng(0).integers(0, 256, (3, *SHAPE), dtype="uint8")
    method = Occlusion(patch=2, fill=0.5)
    explanation = explain(linear(weights, rescale=1 / 255), seen, method, 0)
    assert "the output of layer 'rescaling" in explanation.diagnostics["explained"]
    expected = run(method, linear(weights), (seen / 255).astype("float32"), 0).maps
    np.testing.assert_allclose(explanation.maps, expected, atol=5e-5)


def test_images_without_channels(pixels, weights):
    gray, one = pixels[..., 0], weights[..., 0]
    dense = layers.Dense(2)
    model = keras.Sequential([layers.Input(gray.shape[1:]), layers.Flatten(), dense])
    dense.set_weights([np.stack([one.ravel(), -one.ravel()], -1), np.zeros(2)])
    for fill, level in ((0.0, 0), ("mean", gray.mean((1, 2), keepdims=True))):
        maps = run(Occlusion(patch=1, fill=fill), model, gray).maps
        np.testing.assert_allclose(maps, (gray - level) * one, atol=2e-5)


def test_the_predicted_class_is_that_of_the_whole_image(pixels):
    """All weights positive: class 0 wins until the patch is filled with a very negative value."""
    weights = np.ones(SHAPE)
    method = Occlusion(patch=6, fill=-9.0)
    predicted = run(method, linear(weights), pixels, "predicted")
    np.testing.assert_array_equal(predicted.scores.target_classes, 0)
    np.testing.assert_allclose(predicted.maps, run(method, linear(weights), pixels, 0).maps, rtol=1e-5)


def test_two_classes_have_opposite_maps(pixels, weights):
    one, other = (run(Occlusion(patch=2), linear(weights), pixels, [i, i, i]).maps for i in (0, 1))
    np.testing.assert_allclose(one, -other, atol=2e-5)


def test_more_images_than_fit_into_a_call(weights):
    many = np.random.default_rng(0).uniform(0, 1, (LARGEST + 3, *SHAPE)).astype("float32")
    found = run(Occlusion(patch=3), linear(weights), many).maps
    np.testing.assert_allclose(found[:2], run(Occlusion(patch=3), linear(weights), many[:2]).maps, atol=2e-5)


def test_by_default_patches_overlap_by_half(pixels, weights):
    assert run(Occlusion(), linear(weights), pixels).diagnostics == {"patch": 4, "stride": 2}
    large = np.zeros((1, 64, 48, 1), "float32")
    model = keras.Sequential([layers.Input((64, 48, 1)), layers.Flatten(), layers.Dense(2)])
    assert run(Occlusion(), model, large).diagnostics == {"patch": 6, "stride": 3}


@pytest.mark.parametrize(
    ("size", "options", "expected"),
    [
        ((3, 5), {}, (3, 1)),
        ((1, 9), {}, (1, 1)),
        ((40, 33), {}, (4, 2)),
        ((40, 80), {}, (5, 2)),
        ((40, 80), {"stride": 7}, (7, 7)),
        ((40, 80), {"patch": 9}, (9, 4)),
        ((40, 80), {"patch": 40, "stride": 40}, (40, 40)),
    ],
)
def test_the_sizes_of_patch_and_stride(size, options, expected):
    assert Occlusion(**options)._sizes(ExplainedImage(0, *size, -1)) == expected


def test_a_patch_larger_than_the_image(pixels, weights):
    with pytest.raises(
        MethodDoesNotApplyError, match="The patch of 7 × 7 pixels is larger than the image of 6 × 8"
    ):
        run(Occlusion(patch=7), linear(weights), pixels)


def test_inputs_that_are_no_images():
    model = keras.Sequential([layers.Input((6,)), layers.Dense(2)])
    with pytest.raises(MethodDoesNotApplyError, match="none of the explained inputs is one"):
        run(Occlusion(), model, np.ones((2, 6), "float32"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"patch": 0}, "Expected patch to be a whole number of at least 1, or None. Received: patch=0"),
        ({"patch": 2.0}, "Expected patch to be a whole number of at least 1"),
        ({"patch": True}, "Expected patch to be a whole number of at least 1"),
        ({"stride": -1}, "Expected stride to be a whole number of at least 1"),
        ({"patch": 2, "stride": 3}, "Expected a stride of at most the patch.*patch=2, stride=3"),
        ({"fill": "median"}, 'Expected fill to be a finite number or "mean". Received'),
        ({"fill": None}, "Expected fill to be a finite number"),
        ({"fill": float("nan")}, "Expected fill to be a finite number"),
    ],
)
def test_bad_options(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        Occlusion(**options)
