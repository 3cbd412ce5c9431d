"""Blurred, guided and expected gradients against closed forms and their own definitions."""

import dataclasses
from itertools import pairwise

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy.fft import dctn, idctn
from scipy.ndimage import gaussian_filter

from keras_saliency import (
    BlurIntegratedGradients,
    ExpectedGradients,
    GuidedIntegratedGradients,
    IntegratedGradients,
)
from keras_saliency.engine import ScoredModel
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.methods.shared.line import Line
from keras_saliency.methods.shared.path import _sums
from keras_saliency.probes.targets import as_target, bind
from tests import answers


def run(method, model, images, target=1):
    scored = model if isinstance(model, ScoredModel) else ScoredModel(model)
    bound = bind(as_target(target), len(images), None)
    return answers.explained(method, scored, images, bound, np.random.default_rng(0))


def some(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


IMAGES = some(3, 8, 6, 2)


@pytest.fixture(scope="module")
def plane():
    """A linear model, and the weights of its class 1."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layers.Input((8, 6, 2)), layers.Flatten(), layers.Dense(2)])
    return ScoredModel(model), model.layers[-1].get_weights()[0][:, 1].reshape(8, 6, 2)


@pytest.fixture(scope="module")
def smooth():
    """A network without kinks."""
    keras.utils.set_random_seed(0)
    return ScoredModel(
        keras.Sequential(
            [
                layers.Input((8, 6, 2)),
                layers.Conv2D(4, 3, activation="tanh"),
                layers.Flatten(),
                layers.Dense(5, activation="softplus"),
                layers.Dense(2),
            ]
        )
    )


def blurred(images, sigma):
    """The heat equation with nothing flowing over the borders, solved by hand in the cosine basis."""
    frequencies = [np.pi * np.arange(side) / side for side in images.shape[1:3]]
    squares = frequencies[0][:, None] ** 2 + frequencies[1][None, :] ** 2
    waves = dctn(images.astype("float64"), axes=(1, 2), norm="ortho")
    return idctn(waves * np.exp(-0.5 * sigma**2 * squares)[..., None], axes=(1, 2), norm="ortho")


def test_the_blur_is_gaussian():
    large = some(1, 40, 40, 1)
    expected = gaussian_filter(large.astype("float64"), (0, 2, 2, 0), mode="reflect", truncate=8)
    np.testing.assert_allclose(blurred(large, 2.0), expected, atol=1e-3)


@pytest.mark.parametrize("steps", [1, 7])
def test_blurred_on_a_linear_model_the_map_is_weight_times_what_the_blur_took(steps, plane):
    model, weights = plane
    found = run(BlurIntegratedGradients(steps=steps, sigma=0.5), model, IMAGES)
    expected = weights * (IMAGES - blurred(IMAGES, 0.5 * 8))
    np.testing.assert_allclose(found.maps, expected, atol=1e-5)
    np.testing.assert_allclose(found.diagnostics["completeness_delta"], 0, atol=1e-5)


class Cubic(keras.Model):
    """f(x) = Σ x³, whose gradient is 3x²."""

    def call(self, inputs):
        return ops.sum(inputs**3, axis=(1, 2, 3))[:, None]


def cubes(images):
    return (images.astype("float64") ** 3).sum((1, 2, 3))


def test_blurred_each_step_is_the_gradient_at_its_middle_times_what_it_changes():
    """Steps get finer towards the sharp image: their ends are the squares of equal parts of the strongest blur."""
    found = run(BlurIntegratedGradients(steps=3, sigma=0.5), Cubic(), IMAGES, 0)
    ends = 0.5 * 8 * np.array([1, 4 / 9, 1 / 9, 0])
    expected = sum(
        3 * blurred(IMAGES, (wide + narrow) / 2) ** 2 * (blurred(IMAGES, narrow) - blurred(IMAGES, wide))
        for wide, narrow in pairwise(ends)
    )
    np.testing.assert_allclose(found.maps, expected, atol=1e-5)
    change = cubes(IMAGES) - cubes(blurred(IMAGES, 4))
    np.testing.assert_allclose(
        found.diagnostics["completeness_delta"], expected.sum((1, 2, 3)) - change, atol=1e-4
    )
    assert found.diagnostics["evaluations"] == [3] * 3
    assert found.diagnostics["completeness_tolerance"] == 0.05


def test_blurred_it_converges_to_the_change_of_the_score(smooth):
    deltas = [
        np.abs(
            run(BlurIntegratedGradients(steps=steps), smooth, IMAGES).diagnostics["completeness_delta"]
        ).max()
        for steps in (4, 64)
    ]
    assert deltas[1] < deltas[0] / 20
    assert deltas[1] < 1e-4


def test_blurred_channels_and_examples_do_not_mix(plane):
    model, _ = plane
    changed = IMAGES.copy()
    changed[0, :, :, 1] = 0
    one, other = (run(BlurIntegratedGradients(), model, images).maps for images in (IMAGES, changed))
    np.testing.assert_allclose(one[1:], other[1:], atol=1e-6)
    np.testing.assert_allclose(one[0, :, :, 0], other[0, :, :, 0], atol=1e-6)
    np.testing.assert_array_equal(other[0, :, :, 1], 0)


def test_blurring_a_vector_does_not_apply():
    model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])
    with pytest.raises(MethodDoesNotApplyError, match="Blurring is for images"):
        run(BlurIntegratedGradients(), model, some(2, 4))


def test_guided_on_a_linear_model_is_exact(plane):
    model, weights = plane
    found = run(GuidedIntegratedGradients(steps=9, baseline=0.25), model, IMAGES)
    np.testing.assert_allclose(found.maps, weights * (IMAGES - 0.25), atol=1e-5)
    np.testing.assert_allclose(found.diagnostics["completeness_delta"], 0, atol=1e-4)


def test_guided_without_distance_takes_the_straight_line(smooth):
    """At the left ends of the steps."""
    bound = bind(as_target(1), len(IMAGES), None)
    gradients = [answers.gradients(smooth, IMAGES * np.float32(step / 8), bound).maps for step in range(8)]
    found = run(GuidedIntegratedGradients(steps=8, max_distance=0.0), smooth, IMAGES).maps
    np.testing.assert_allclose(found, IMAGES * np.mean(gradients, axis=0), atol=1e-5)


def guided_by_hand(gradient_at, start, end, steps, fraction, distance):
    """The method of the paper, value by value, on lists: no shortcuts."""
    point, found = list(start), [0.0] * len(start)
    total = sum(abs(e - s) for s, e in zip(start, end, strict=True))
    for step in range(1, steps + 1):
        alpha, before = step / steps, list(point)
        gradient = gradient_at(point)
        low, high = max(alpha - distance, 0), min(alpha + distance, 1)
        bound = [s + high * (e - s) for s, e in zip(start, end, strict=True)]
        for i, (s, e) in enumerate(zip(start, end, strict=True)):
            if e != s and (point[i] - s) / (e - s) < low:
                point[i] = s + low * (e - s)
        done = {i for i in range(len(point)) if point[i] == bound[i]}
        while True:
            left = sum(abs(e - p) for e, p in zip(end, point, strict=True)) - (1 - alpha) * total
            if left <= 1e-9 * total or len(done) == len(point):
                break
            order = sorted(abs(g) if i not in done else float("inf") for i, g in enumerate(gradient))
            threshold = order[int(fraction * (len(point) - 1))]
            chosen = [i for i in range(len(point)) if i not in done and abs(gradient[i]) <= threshold]
            room = sum(abs(bound[i] - point[i]) for i in chosen)
            part = min(1.0, left / room)
            for i in chosen:
                point[i] += part * (bound[i] - point[i])
            if part == 1.0:
                done.update(chosen)
        for i, g in enumerate(gradient):
            found[i] += (point[i] - before[i]) * g
    return found


@pytest.mark.parametrize(("fraction", "distance"), [(0.25, 0.02), (0.1, 0.3), (0.5, 1.0), (1, 0.1)])
def test_guided_follows_the_path_of_the_paper(fraction, distance, smooth):
    method = GuidedIntegratedGradients(steps=12, fraction=fraction, max_distance=distance)
    bound = bind(as_target(1), 1, None)

    def gradient_at(point):
        image = np.array(point, "float32").reshape(1, 8, 6, 2)
        return answers.gradients(smooth, image, bound).maps.reshape(-1).astype("float64").tolist()

    end = IMAGES[0].reshape(-1).astype("float64").tolist()
    expected = guided_by_hand(gradient_at, [0.0] * len(end), end, 12, fraction, distance)
    found = run(method, smooth, IMAGES[:1]).maps[0].reshape(-1)
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_expected_on_a_linear_model_is_weight_times_distance_from_the_mean_reference(plane):
    model, weights = plane
    references = some(5, 8, 6, 2, seed=3)
    found = run(ExpectedGradients(references, samples=20), model, IMAGES)
    np.testing.assert_allclose(found.maps, weights * (IMAGES - references.mean(0)), atol=1e-5)
    assert found.diagnostics["references"] == 5


def test_expected_with_one_reference_is_integrated_gradients(smooth):
    baseline = some(8, 6, 2, seed=4)
    found = run(ExpectedGradients(baseline[None], samples=400), smooth, IMAGES).maps
    expected = run(IntegratedGradients(steps=64, baseline=baseline), smooth, IMAGES).maps
    np.testing.assert_allclose(found, expected, atol=0.01 * np.abs(expected).max())


def test_expected_without_references_compares_the_images(plane):
    model, weights = plane
    found = run(ExpectedGradients(samples=30), model, IMAGES).maps
    np.testing.assert_allclose(found, weights * (IMAGES - IMAGES.mean(0)), atol=1e-5)
    with pytest.raises(MethodDoesNotApplyError, match="references="):
        run(ExpectedGradients(), model, IMAGES[:1])


def test_expected_takes_each_reference_as_often_as_the_others_or_once_more(plane):
    model, weights = plane
    references = some(5, 8, 6, 2, seed=3)
    found = run(ExpectedGradients(references, samples=7), model, IMAGES)
    taken = 7 * (IMAGES - found.maps / weights).reshape(3, -1)  # the sum of the references that were taken
    counts = np.linalg.lstsq(references.reshape(5, -1).T.astype("float64"), taken.T, rcond=None)[0].T
    np.testing.assert_allclose(np.sort(counts, axis=1), [[1, 1, 1, 2, 2]] * 3, atol=1e-2)
    np.testing.assert_allclose(found.diagnostics["completeness_delta"], 0, atol=1e-4)
    assert found.diagnostics["evaluations"] == [7] * 3


def test_expected_a_miss_counts_by_the_mean_size_of_the_changes():
    """From one reference the scores rise, from the other they fall."""
    references = np.stack([np.zeros((8, 6, 2)), np.full((8, 6, 2), 0.9)]).astype("float32")
    found = run(ExpectedGradients(references, samples=2), Cubic(), IMAGES, 0)
    changes = cubes(IMAGES) - cubes(references)[:, None]
    assert (changes[0] * changes[1] < 0).any()
    delta = found.maps.sum((1, 2, 3), dtype="float64") - changes.mean(0)
    np.testing.assert_allclose(found.diagnostics["completeness_delta"], delta, atol=1e-4)
    error = np.abs(delta) / np.abs(changes).mean(0)
    np.testing.assert_allclose(found.diagnostics["completeness_error"], error, rtol=1e-3)


def test_references_are_copied_and_compared_by_value():
    references = some(2, 8, 6, 2)
    method = ExpectedGradients(references)
    assert method == ExpectedGradients(references.copy())
    assert hash(method) == hash(ExpectedGradients(references.copy()))
    for other in (
        ExpectedGradients(references + 1),
        ExpectedGradients(references, samples=3),
        ExpectedGradients(references, name="mine"),
        ExpectedGradients(),
    ):
        assert method != other
    with pytest.raises(ValueError, match="read-only"):
        method.references[0][:] = 0
    references[:] = 0
    assert method.references[0].any()


def test_a_guided_baseline_is_copied_and_compared_by_value():
    baseline = some(8, 6, 2).astype("float64")
    method = GuidedIntegratedGradients(baseline=baseline)
    same = GuidedIntegratedGradients(baseline=baseline.copy())
    assert method == same
    assert hash(method) == hash(same)
    baseline[:] = 0
    assert method == same
    assert method.baseline.dtype == "float32"
    with pytest.raises(ValueError, match="read-only"):
        method.baseline[:] = 0
    for changed in (
        {"steps": 3},
        {"baseline": 0.0},
        {"fraction": 0.5},
        {"max_distance": 0.5},
        {"name": "mine"},
    ):
        assert method != dataclasses.replace(method, **changed)


def test_what_cancels_is_summed_with_double_precision():
    """In float32 100 000 000 + 1 − 100 000 000 is 0."""
    cancelling = np.array([[1e8, 1, -1e8]], "float32")
    np.testing.assert_array_equal(_sums([cancelling, cancelling.reshape(1, 3, 1)]), [2.0])
    line = Line([np.zeros(3)], [np.ones(3)])
    line.add(np.array([1.0, 0.0]), [cancelling.repeat(2, 0)], np.array([0.5, 0.0]))
    assert (line.delta, line.change) == (0.5, 0.5)
    line.add(np.array([0.5]), [0 * cancelling], np.array([0.0]))
    np.testing.assert_allclose(line.misses, [0.25, -0.25])


def test_a_miss_within_what_rounding_leaves_of_the_score_is_small():
    """A change of 1 beside a score of 1 000 000 counts as 100."""
    line = Line([np.zeros(2)], [np.ones(2)])
    gradients = np.array([[0.5, 0.5], [1.5, 0.5], [0.5, 0.5]])
    line.add(np.array([0, 0.5, 1]), [gradients], np.array([999_999, 0.0, 1_000_000]))
    assert line.delta == 0.5
    assert line.error(half=False) == pytest.approx(0.005)
    assert line.error(half=True) == pytest.approx(1e-6)
    np.testing.assert_allclose(line.maps()[0], [1.0, 0.5])


def test_references_of_another_shape_are_refused(plane):
    with pytest.raises(
        ValueError, match=r"Expected references of the shape of what is explained, \(m, 8, 6, 2\)"
    ):
        run(ExpectedGradients(some(2, 8, 8, 2)), plane[0], IMAGES)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BlurIntegratedGradients(steps=0), "Expected steps to be a whole number of at least 1"),
        (lambda: BlurIntegratedGradients(sigma=0.0), "Expected sigma"),
        (lambda: GuidedIntegratedGradients(steps=1.5), "Expected steps to be a whole number of at least 1"),
        (lambda: GuidedIntegratedGradients(fraction=0), "Expected fraction"),
        (lambda: GuidedIntegratedGradients(max_distance=1.5), "Expected max_distance"),
        (lambda: GuidedIntegratedGradients(baseline="black"), "Expected a baseline"),
        (lambda: ExpectedGradients(samples=0), "Expected samples to be a whole number of at least 1"),
        (lambda: ExpectedGradients([]), "Expected references to be a numpy array"),
        (lambda: ExpectedGradients(np.full((2, 4, 4, 1), np.nan)), "Expected references to be a numpy array"),
        (lambda: ExpectedGradients(np.ones(3)), "Expected references to be a numpy array"),
        (lambda: ExpectedGradients(np.ones((0, 3))), "Expected references to be a numpy array"),
        (lambda: ExpectedGradients(np.ones((2, 3), bool)), "Expected references to be a numpy array"),
        (lambda: GuidedIntegratedGradients(fraction=1.1), "Expected fraction"),
        (lambda: GuidedIntegratedGradients(max_distance=-0.1), "Expected max_distance"),
        (lambda: ExpectedGradients([some(2, 4, 4, 1), some(3, 2)]), "as many references for every input"),
    ],
)
def test_bad_options_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
