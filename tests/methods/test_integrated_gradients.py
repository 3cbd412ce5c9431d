"""Integrated gradients against closed forms, and against the change of the score that they distribute."""

import copy
import pickle

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy.ndimage import gaussian_filter

from keras_saliency import Gradient, IntegratedGradients, ProbeSet, SaliencyWarning, SmoothGrad
from keras_saliency.demo import digits, network
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.explanation import explain
from keras_saliency.methods.shared import line
from keras_saliency.metrics.completeness import incomplete
from keras_saliency.probes.captions import captions
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
    found = run(IntegratedGradients(), *trained)
    errors = completeness_errors(found, *trained)
    np.testing.assert_allclose(found.diagnostics["completeness_error"], errors, rtol=1e-3, atol=1e-6)
    assert errors.max() <= found.diagnostics["completeness_tolerance"] == 0.02
    used = np.array(found.diagnostics["evaluations"])
    assert used.min() >= 9
    assert used.mean() < 32
    exact = run(IntegratedGradients(steps=300), *trained).maps
    distances = [
        np.linalg.norm(one - other) / np.linalg.norm(other)
        for one, other in zip(found.maps, exact, strict=True)
    ]
    assert max(distances) < 0.06


def test_a_tolerance_spends_what_each_image_needs(trained):
    loose, tight = (run(IntegratedGradients(tolerance=tolerance), *trained) for tolerance in (0.05, 0.001))
    for found, tolerance in ((loose, 0.05), (tight, 0.001)):
        assert completeness_errors(found, *trained).max() <= tolerance + 1e-5
    few, many = (np.array(found.diagnostics["evaluations"]) for found in (loose, tight))
    assert (few <= many).all()
    assert few.mean() < many.mean() < 64
    assert len(set(many)) > 1
    exact = run(IntegratedGradients(steps=300), *trained).maps
    assert np.linalg.norm(tight.maps - exact) < 0.02 * np.linalg.norm(exact)


class Bent(keras.Model):
    """f(x) = max(0, Σx − `BEND`·36): from black to ones it bends once, `BEND` of the way."""

    def call(self, inputs):
        return ops.relu(ops.sum(inputs, axis=(1, 2, 3)) - BEND * 36)[:, None]


BEND = 0.693


def test_of_a_single_bend_the_interval_around_it_is_halved():
    """g is 0 before the bend and 36 behind it: all that is missed lies in one interval."""
    ones = np.ones((1, 6, 6, 1), "float32")
    found = run(IntegratedGradients(tolerance=1e-3), Bent(), ones, 0, logits="output")
    np.testing.assert_allclose(found.maps, 1 - BEND, rtol=2e-3)
    even = run(
        IntegratedGradients(steps=found.diagnostics["evaluations"][0]), Bent(), ones, 0, logits="output"
    )
    assert found.diagnostics["completeness_error"][0] <= 1e-3 < even.diagnostics["completeness_error"][0]
    assert found.diagnostics["evaluations"][0] <= 50  # seven rounds of at least four


def test_a_linear_model_takes_the_fewest_and_a_hard_one_no_more_than_allowed(plane):
    model, weights = plane
    easy = run(IntegratedGradients(tolerance=1e-3), model, IMAGES, 1)
    assert easy.diagnostics["evaluations"] == [9] * 3
    np.testing.assert_allclose(easy.maps, weights * IMAGES, atol=1e-5)
    hard = run(IntegratedGradients(tolerance=1e-7, max_steps=30), Cubic(), IMAGES, 0)
    assert hard.diagnostics["evaluations"] == [30] * 3
    assert max(hard.diagnostics["completeness_error"]) > 1e-7


def test_a_cubic_by_nine_ends_in_closed_form():
    """The trapezoid rule for 3t² on eight intervals is 1 + 1/128."""
    found = run(IntegratedGradients(), Cubic(), IMAGES, 0)
    assert found.diagnostics["evaluations"] == [9] * 3
    assert {type(count) for count in found.diagnostics["evaluations"]} == {int}
    np.testing.assert_allclose(found.maps, IMAGES**3 * (1 + 1 / 128), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.diagnostics["completeness_error"], 1 / 128, rtol=1e-2)


class Odd(keras.Model):
    """f(x) = Σ x³ − x: it hardly changes from black to ones and back."""

    def call(self, inputs):
        return ops.sum(inputs**3 - inputs, axis=(1, 2, 3))[:, None]


def test_where_the_score_ends_as_it_began_the_map_says_what_counts():
    """From 0 to 1 each x³ − x goes down and comes back. Half of the pixels get a map above 0, half one below."""
    image = np.ones((1, 6, 6, 1), "float32")
    image[:, 3:] = -1
    image[0, 0, 0] = 1.001
    found = run(IntegratedGradients(), Cubic(), image, 0)
    assert found.diagnostics["evaluations"] == [9]
    change, magnitude = 1.001**3 - 1, 35 + 1.001**3
    expected = change / 128 / max(change, 0.001 * magnitude)
    assert found.diagnostics["completeness_error"][0] == pytest.approx(expected, rel=2e-2)
    flat = run(IntegratedGradients(), Odd(), np.zeros((1, 6, 6, 1), "float32"), 0, logits="output")
    assert flat.diagnostics["completeness_error"] == [0.0]
    assert flat.diagnostics["evaluations"] == [9]


@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_is_no_number_takes_no_more_gradients_and_is_named(plane):
    images = IMAGES.copy()
    images[1, 0, 0, 0] = np.inf
    found = run(IntegratedGradients(), plane[0], images, 1)
    assert found.diagnostics["evaluations"] == [9] * 3
    np.testing.assert_array_equal(np.isnan(found.diagnostics["completeness_error"]), [False, True, False])
    assert incomplete(found.diagnostics) == [1]


def test_images_that_stay_incomplete_are_named_once():
    probes = ProbeSet(IMAGES, names=["cat", "dog", "cow"])
    with pytest.warns(SaliencyWarning) as told:
        explained = explain(Cubic(), probes, IntegratedGradients(steps=3, quadrature="trapezoid"), 0)
    (warning,) = told
    assert warning.filename == __file__
    assert str(warning.message) == (
        "The maps of 3 of 3 images miss the change of the score that they distribute by more than 5 % of it: "
        "cat (12.5%), dog (12.5%), cow (12.5%). Let the method take more gradients (max_steps, steps or samples), "
        "or keep nearer to the straight line (max_distance)."
    )
    assert explained.incomplete == str(warning.message)
    assert explain(Cubic(), probes, IntegratedGradients(), 0).incomplete == ""


def test_an_average_over_many_does_not_warn():
    explain(Cubic(), IMAGES, SmoothGrad(IntegratedGradients(steps=1), samples=3), 0)


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


def test_images_are_done_alone_whatever_is_beside_them(trained, monkeypatch):
    model, images = trained
    scored = ScoredModel(model)
    method = IntegratedGradients(tolerance=0.002)
    whole = run(method, scored, images)
    size, taken = images[0].size, scored.evaluations
    monkeypatch.setattr(line, "ROOM", 3 * method.max_steps * size)  # three images at once
    for found, rows in (
        (run(method, model, images, chunk_size=5), slice(None)),
        (run(method, scored, images), slice(None)),
        (run(method, scored, images[4:7]), slice(4, 7)),
    ):
        assert whole.diagnostics["evaluations"][rows] == found.diagnostics["evaluations"]
        np.testing.assert_allclose(found.maps, whole.maps[rows], rtol=0, atol=1e-5 * np.abs(whole.maps).max())
    counts = whole.diagnostics["evaluations"]
    assert taken == sum(counts) + len(images)
    assert scored.evaluations == 2 * taken + sum(counts[4:7]) + 3  # none is walked to twice


def test_it_can_be_smoothed_and_explained_by_name(model, images):
    found = explain(model, images, method=SmoothGrad(IntegratedGradients(steps=2), samples=2))
    assert found.method == "smoothgrad_integrated_gradients"
    found = explain(model, images, method="integrated_gradients")
    assert min(found.diagnostics["evaluations"]) >= 9
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
        IntegratedGradients(baseline=[ONE, 0.0], max_steps=30),
        IntegratedGradients(baseline=[ONE, 0.0], tolerance=0.1),
        IntegratedGradients(baseline=[ONE, 0.0], name="mine"),
    )
    assert all(method != other for other in (*others, "integrated_gradients"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"steps": 0}, 'Expected steps to be a whole number of at least 1, or "auto". Received: steps=0'),
        ({"steps": 2.5}, 'Expected steps to be a whole number of at least 1, or "auto". Received: steps=2.5'),
        ({"steps": True}, "Expected steps to be a whole number"),
        ({"steps": "many"}, "Expected steps to be a whole number .* Received: steps='many'"),
        ({"steps": 1, "quadrature": "trapezoid"}, "Expected steps to be a whole number of at least 2"),
        ({"quadrature": "simpson"}, "Expected quadrature to be 'auto' or one of 'midpoint', .*'simpson'"),
        ({"quadrature": "gauss_legendre"}, 'steps="auto" finds its points by itself: give a number of steps'),
        ({"tolerance": 0}, "Expected tolerance to be a number above 0"),
        ({"max_steps": 8}, "Expected max_steps to be a whole number of at least 9"),
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


def test_the_sheet_says_what_was_reached_and_what_it_took():
    explanation = explain(Cubic(), ProbeSet(IMAGES, names=["cat", "dog", "cow"]), IntegratedGradients(), 0)
    lines = captions(explanation.probes, explanation.model_scores, explanation.diagnostics)[1].lines
    assert lines[0] == "dog"
    assert lines[-1] == "sum off by 0.8%, 9 gradients"
    assert captions(explanation.probes, explanation.model_scores)[1].lines == lines[:-1]
