"""Integrated gradients against closed forms, and against the change of the score that they distribute."""

import copy
import pickle

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy.ndimage import gaussian_filter

from keras_saliency import Gradient, IntegratedGradients, SmoothGrad
from keras_saliency.demo import digits, network
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.explanation import explain
from keras_saliency.methods.shared.quadrature import stages
from keras_saliency.probes.targets import as_target, bind
from tests import answers


def run(method, model, images, target="predicted", **options):
    count = len(images if isinstance(images, np.ndarray) else images[0])
    bound = bind(as_target(target), count, None)
    scored = model if isinstance(model, ScoredModel) else ScoredModel(model, **options)
    return answers.explained(method, scored, images, bound, np.random.default_rng(0))


def linear(*shape, dtype="float32"):
    """A linear model and the weights of its class 1, in the shape of an image."""
    body = [layers.Rescaling(1 / 255)] if dtype == "uint8" else []
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layers.Input(shape, dtype=dtype), *body, layers.Flatten(), layers.Dense(2)])
    return model, model.layers[-1].get_weights()[0][:, 1].reshape(shape)


class Cubic(keras.Model):
    """f(x) = Σ x³, whose integrated gradients from zero are x³."""

    def call(self, inputs):
        return ops.sum(inputs**3, axis=(1, 2, 3))[:, None]


def some(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


IMAGES = some(3, 6, 6, 2)
ONE, ALL = some(6, 6, 2, seed=1), some(3, 6, 6, 2, seed=2)
BLURRED = np.stack([gaussian_filter(image, (1.2, 1.2, 0), mode="nearest") for image in IMAGES])


@pytest.fixture(scope="module")
def plane():
    """A linear model, traced once for many tests, and its weights."""
    model, weights = linear(6, 6, 2)
    return ScoredModel(model), weights


@pytest.mark.parametrize("quadrature", ["midpoint", "trapezoid", "gauss_legendre"])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"baseline": 0.0}, 0),
        ({"baseline": 2}, 2),
        ({"baseline": ONE}, ONE),
        ({"baseline": ALL}, ALL),
        ({"baseline": np.array([0.5, -1])}, np.array([0.5, -1])),
        ({"baseline": "mean"}, IMAGES.mean((1, 2), keepdims=True)),
        ({"baseline": "blur", "sigma": 0.2}, BLURRED),
        ({"baseline": [1.0, ONE, "mean"]}, (1 + ONE + IMAGES.mean((1, 2), keepdims=True)) / 3),
    ],
    ids=["zero", "number", "one", "all", "channels", "mean", "blur", "several"],
)
def test_a_linear_model_in_closed_form(quadrature, options, expected, plane):
    model, weights = plane
    found = run(IntegratedGradients(steps=3, quadrature=quadrature, **options), model, IMAGES, 1)
    np.testing.assert_allclose(found.maps, weights * (IMAGES - expected), atol=1e-5)
    np.testing.assert_allclose(found.diagnostics["completeness_delta"], 0, atol=1e-4)
    lines = len(options["baseline"]) if isinstance(options["baseline"], list) else 1
    assert found.diagnostics["evaluations"] == [3 * lines] * 3


@pytest.mark.parametrize(
    ("quadrature", "steps", "mean_of_squares"),
    [("midpoint", 4, 1 / 3 - 1 / 192), ("trapezoid", 5, 1 / 3 + 1 / 96), ("gauss_legendre", 2, 1 / 3)],
)
def test_each_quadrature_in_closed_form(quadrature, steps, mean_of_squares):
    """The gradient 3x² is integrated with the rule's known error, and the delta is that error."""
    found = run(IntegratedGradients(steps=steps, quadrature=quadrature), Cubic(), IMAGES, 0)
    expected = 3 * IMAGES.astype("float64") ** 3 * mean_of_squares
    np.testing.assert_allclose(found.maps, expected, atol=1e-5)
    delta = expected.sum((1, 2, 3)) - (IMAGES.astype("float64") ** 3).sum((1, 2, 3))
    np.testing.assert_allclose(found.diagnostics["completeness_delta"], delta, atol=1e-4)


@pytest.mark.parametrize("quadrature", ["midpoint", "trapezoid"])
@pytest.mark.parametrize("steps", [2, 11, 32, 100])
def test_refining_uses_every_point_again(quadrature, steps):
    refined = stages(quadrature, steps, refine=True)
    for last in range(len(refined)):
        positions = np.concatenate([stage.positions for stage in refined[: last + 1]])
        weights = np.concatenate([stage.weights for stage in refined[: last + 1]])
        (at_once,) = stages(quadrature, len(positions), refine=False)
        order = np.argsort(positions)
        np.testing.assert_allclose(positions[order], at_once.positions)
        np.testing.assert_allclose(weights[order] / refined[last].total, at_once.weights / at_once.total)
    assert steps / 3 < len(positions) <= steps


@pytest.fixture(scope="module")
def trained():
    """A small network trained on digits, 16 of them, and how much each score differs from a black image's."""
    data, model = digits.load("clean"), network.build(0)
    model.fit(data.x, data.y, epochs=3, verbose=0)
    return model, data.x_validation[:16]


def completeness_errors(found, model, images):
    target = bind(as_target(found.scores.target_classes), len(images), None)
    black = Question(ScoredModel(model), np.zeros_like(images), target).scores.values
    change = found.scores.values - black
    deltas = np.array(found.diagnostics["completeness_delta"])
    np.testing.assert_allclose(found.maps.sum((1, 2, 3)) - change, deltas, atol=1e-3)
    return np.abs(deltas) / np.abs(change)


def test_maps_of_a_trained_network_sum_to_the_change_of_the_score(trained):
    errors = completeness_errors(run(IntegratedGradients(), *trained), *trained)
    assert np.median(errors) <= 0.005
    assert errors.max() <= 0.03


@pytest.mark.parametrize("quadrature", ["midpoint", "trapezoid"])
def test_a_tolerance_spends_what_each_image_needs(trained, quadrature):
    """However well it was trained here: half of what 11 steps miss by at worst is asked for."""
    coarse = run(IntegratedGradients(steps=11, quadrature=quadrature), *trained)
    tolerance = completeness_errors(coarse, *trained).max() / 2
    found = run(IntegratedGradients(steps=300, quadrature=quadrature, tolerance=tolerance), *trained)
    used = found.diagnostics["evaluations"]
    assert max(used) > 11
    assert np.mean(used) < 100
    assert (completeness_errors(found, *trained)[np.array(used) < 250] <= tolerance).all()
    exact = run(IntegratedGradients(steps=200), *trained).maps
    assert np.linalg.norm(found.maps - exact) < 0.03 * np.linalg.norm(exact)


def test_an_easy_model_takes_the_fewest_steps_and_a_hard_one_no_more_than_allowed():
    model, weights = linear(6, 6, 2)
    easy = run(IntegratedGradients(steps=100, tolerance=1e-3), model, IMAGES, 1)
    assert easy.diagnostics["evaluations"] == [11] * 3
    np.testing.assert_allclose(easy.maps, weights * IMAGES, atol=1e-5)
    hard = run(IntegratedGradients(steps=30, tolerance=1e-12), Cubic(), IMAGES, 0)
    at_once = run(IntegratedGradients(steps=30), Cubic(), IMAGES, 0)
    assert hard.diagnostics["evaluations"] == [30] * 3
    np.testing.assert_allclose(hard.maps, at_once.maps, atol=1e-6)


def test_bytes_in_the_units_of_the_tensor_behind_them():
    model, _ = linear(6, 6, 2, dtype="uint8")
    pixels = np.random.default_rng(0).integers(0, 256, (3, 6, 6, 2), dtype="uint8")
    tensor = Question(ScoredModel(model), pixels, bind(as_target(1), 3, None)).values[0]
    gradient = run(Gradient(), model, pixels, 1).maps
    for baseline, start in ((0.25, 0.25), ("mean", tensor.mean((1, 2), keepdims=True))):
        found = run(IntegratedGradients(steps=4, baseline=baseline), model, pixels, 1)
        expected = gradient * (tensor - start)
        np.testing.assert_allclose(found.maps, expected, atol=1e-5 * np.abs(expected).max())


def test_channels_first_means_and_blurs_are_per_channel():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [layers.Input((2, 6, 6)), layers.Flatten(data_format="channels_first"), layers.Dense(2)]
    )
    images = np.ascontiguousarray(np.moveaxis(IMAGES, -1, 1))
    gradient = run(Gradient(), model, images, 1).maps
    for baseline, start in (
        ("mean", images.mean((2, 3), keepdims=True)),
        ("blur", np.moveaxis(BLURRED, -1, 1)),
    ):
        found = run(IntegratedGradients(steps=2, baseline=baseline, sigma=0.2), model, images, 1)
        np.testing.assert_allclose(found.maps, gradient * (images - start), atol=1e-5)


def test_several_inputs():
    image, vector = keras.Input((4, 4, 1)), keras.Input((3,))
    joined = layers.Concatenate()([layers.Flatten()(image), vector])
    model = keras.Model([image, vector], layers.Dense(2)(layers.Dense(8, activation="softplus")(joined)))
    inputs = [some(2, 4, 4, 1), some(2, 3)]
    found = run(IntegratedGradients(steps=64), model, inputs, 1)
    bound = bind(as_target(1), 2, None)
    black = Question(ScoredModel(model), [np.zeros_like(array) for array in inputs], bound).scores.values
    first, second = found.maps
    sums = first.sum((1, 2, 3)) + second.sum(1)
    np.testing.assert_allclose(sums, found.scores.values - black, rtol=1e-3, atol=1e-4)
    assert (run(IntegratedGradients(steps=2, baseline="mean"), model, inputs, 1).maps[1] == 0).all()


def test_float16():
    keras.utils.set_random_seed(0)
    half = keras.Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(4, 3, activation="softplus", dtype="mixed_float16"),
            layers.Flatten(),
            layers.Dense(2, dtype="float32"),
        ]
    )
    whole = keras.Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(4, 3, activation="softplus"),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    whole.set_weights(half.get_weights())
    found, expected = (run(IntegratedGradients(steps=8), each, IMAGES, 1).maps for each in (half, whole))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-2 * np.abs(expected).max())


def test_chunks_change_nothing_where_images_stop_apart(trained):
    method = IntegratedGradients(steps=30, tolerance=0.01)
    whole, cut = (run(method, *trained, chunk_size=size) for size in (16, 5))
    assert whole.diagnostics["evaluations"] == cut.diagnostics["evaluations"]
    np.testing.assert_allclose(cut.maps, whole.maps, rtol=0, atol=1e-5 * np.abs(whole.maps).max())


def test_it_can_be_smoothed_and_explained_by_name(model, images):
    found = explain(model, images, method=SmoothGrad(IntegratedGradients(steps=2), samples=2))
    assert found.method == "smoothgrad_integrated_gradients"
    found = explain(model, images, method="integrated_gradients")
    assert found.diagnostics["evaluations"] == [32] * 5
    assert len(found.diagnostics["completeness_delta"]) == 5


def test_it_is_a_value_also_with_arrays():
    method = IntegratedGradients(baseline=[ONE, 0.0])
    same = IntegratedGradients(baseline=(ONE.copy(), 0))
    assert method == same == copy.deepcopy(method) == pickle.loads(pickle.dumps(method))
    assert hash(method) == hash(same)
    others = (
        IntegratedGradients(baseline=[ONE + 1, 0.0]),
        IntegratedGradients(baseline=ONE),
        IntegratedGradients(baseline=[ONE, 0.0], steps=3),
        IntegratedGradients(baseline=[ONE, 0.0], name="mine"),
    )
    assert all(method != other for other in (*others, "integrated_gradients"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"steps": 0}, "Expected steps to be a whole number of at least 1. Received: steps=0"),
        ({"steps": 2.5}, "Expected steps to be a whole number of at least 1. Received: steps=2.5"),
        ({"steps": True}, "Expected steps to be a whole number"),
        ({"steps": 1, "quadrature": "trapezoid"}, "Expected steps to be a whole number of at least 2"),
        ({"quadrature": "simpson"}, "Expected quadrature to be one of 'midpoint', .* quadrature='simpson'"),
        ({"tolerance": 0}, "Expected tolerance to be a fraction above 0, or None"),
        (
            {"tolerance": 0.1, "quadrature": "gauss_legendre"},
            "A tolerance needs points that can be used again",
        ),
        ({"sigma": 0}, "Expected sigma to be a fraction above 0. Received: sigma=0"),
        ({"baseline": "black"}, "Expected a baseline to be a finite number.* Received: 'black'"),
        ({"baseline": float("nan")}, "Expected a baseline to be a finite number"),
        ({"baseline": np.array([0, np.inf])}, "Expected a baseline to be a finite number"),
        ({"baseline": None}, "Expected a baseline to be a finite number"),
        ({"baseline": [0.0, [1.0]]}, "Expected a baseline to be a finite number"),
        ({"baseline": []}, "Expected at least one baseline"),
    ],
)
def test_wrong_options(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        IntegratedGradients(**options)


def test_baselines_that_do_not_fit():
    model, _ = linear(6, 6, 2)
    with pytest.raises(
        ValueError, match=r"broadcasts to all images, \(3, 6, 6, 2\), .* Received: shape=\(5, 5, 2\)"
    ):
        run(IntegratedGradients(baseline=np.zeros((5, 5, 2))), model, IMAGES, 1)
    flat = keras.Sequential([layers.Input((4,)), layers.Dense(2)])
    with pytest.raises(ValueError, match=r"The baseline 'blur' is for images. Received: .*\(3, 4\)"):
        run(IntegratedGradients(baseline="blur"), flat, some(3, 4), 1)
