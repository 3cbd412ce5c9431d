"""Averages of gradients at many points, against closed forms; and what crosses between host and device."""

from functools import partial
from unittest import mock

import keras
import numpy as np
import pytest
from keras import ops

from keras_saliency.engine import Points, Question, ScoredModel
from keras_saliency.engine.averages import _added, _points_at_once
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.selftest import prove_seams
from keras_saliency.probes.targets import as_target, bind

from .networks import images

pytestmark = pytest.mark.backend

SHARES = [0.0, 0.3, -0.4, 1.0, 0.7, 0.2, -1.1]
WEIGHTS = np.array([1.0, 2, 0.5, 1, 3, 1, 4])


class Cubic(keras.Model):
    """f(x) = Σ x³, whose gradient is 3x²."""

    def call(self, inputs):
        return ops.sum(inputs**3, axis=(1, 2, 3))[:, None]


class Linear(keras.Model):
    """f(x) = Σ 1.1x, whose gradient is 1.1 everywhere."""

    def call(self, inputs):
        return ops.sum(1.1 * inputs, axis=(1, 2, 3))[:, None]


def moved(own, each):
    """The examples, moved by shares of ways of their own."""
    return [own[0] + own[1] * each], None


def multiplied(own, each):
    """The same, whose gradients are multiplied with the ways and the shares."""
    return moved(own, each)[0], [own[1] * each]


def points(place, x, ways, shares=SHARES, weights=WEIGHTS):
    return Points(place, [x, ways], lambda: (np.full((1,) * 4, s, "float32") for s in shares), weights)


def question(model, x, **options):
    return Question(ScoredModel(model, **options), x, bind(as_target(0), len(x), None))


def expected(x, ways, *, multiply=False, shares=SHARES, weights=WEIGHTS):
    """Weighted mean and variance of 3x², float64."""
    at = np.stack([x.astype("float64") + share * ways for share in shares])
    found = 3 * at**2 * (np.stack([share * ways for share in shares]) if multiply else 1)
    mean = np.average(found, 0, weights)
    return mean, np.average((found - mean) ** 2, 0, weights)


X, WAYS = images(4, 4, 2, count=5), images(4, 4, 2, count=5, seed=1)


@pytest.mark.parametrize("chunk_size", [None, 2, 4, 5, 7, 10, 11])
@pytest.mark.parametrize("multiply", [False, True])
def test_they_are_those_of_the_closed_form(chunk_size, multiply):
    asked = question(Cubic(), X, chunk_size=chunk_size)
    place = multiplied if multiply else moved
    found, rectifiers = asked.average_gradients(points(place, X, WAYS), variance=True)
    mean, variance = expected(X, WAYS, multiply=multiply)
    np.testing.assert_allclose(found.means[0], mean, atol=2e-6)
    np.testing.assert_allclose(found.variances[0], variance, rtol=1e-5, atol=1e-6)
    assert found.means[0].dtype == found.variances[0].dtype == "float32"
    assert rectifiers is None
    assert asked.model.evaluations == len(X) * len(SHARES)


def test_what_does_not_vary_has_no_variance_at_all():
    found, _ = question(Linear(), X).average_gradients(points(moved, X, WAYS), variance=True)
    np.testing.assert_array_equal(found.variances[0], 0)
    np.testing.assert_array_equal(found.means[0], np.full_like(X, 1.1))


def test_variances_come_only_where_they_are_wanted():
    found, _ = question(Cubic(), X).average_gradients(points(moved, X, WAYS))
    assert found.variances == []


class Two(keras.Model):
    """f(x, y) = Σ x³ + Σ y²."""

    def call(self, inputs):
        return (ops.sum(inputs[0] ** 3, axis=(1, 2, 3)) + ops.sum(inputs[1] ** 2, axis=1))[:, None]


def both_moved(own, each):
    """Each of two inputs, moved along ways of its own."""
    return [start + way * share for start, way, share in zip(*own, each, strict=True)], None


@pytest.mark.parametrize("chunk_size", [None, 2])
def test_several_inputs(chunk_size):
    other, its_ways = images(3, count=5, seed=2), images(3, count=5, seed=3)

    def each():
        return ([np.full((1,) * rank, share, "float32") for rank in (4, 2)] for share in SHARES)

    asked = Question(ScoredModel(Two(), chunk_size=chunk_size), [X, other], bind(as_target(0), 5, None))
    asked_at = Points(both_moved, [[X, other], [WAYS, its_ways]], each, WEIGHTS)
    found, _ = asked.average_gradients(asked_at, variance=True)
    mean, variance = expected(X, WAYS)
    np.testing.assert_allclose(found.means[0], mean, atol=2e-6)
    np.testing.assert_allclose(found.variances[0], variance, rtol=1e-5, atol=1e-6)
    slopes = 2 * np.stack([other + share * its_ways for share in SHARES])
    mean = np.average(slopes, 0, WEIGHTS)
    np.testing.assert_allclose(found.means[1], mean, atol=2e-6)
    np.testing.assert_allclose(
        found.variances[1], np.average((slopes - mean) ** 2, 0, WEIGHTS), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("chunk_size", [None, 2])
def test_bytes_are_moved_behind_them(chunk_size):
    """A category beside the image is repeated as it is."""

    class OfBytes(keras.Model):
        def __init__(self):
            super().__init__()
            self.scaled = keras.layers.Rescaling(1 / 255)

        def call(self, inputs):
            signs = 2 * ops.cast(inputs[1], "float32") - 1
            return signs * ops.sum(self.scaled(inputs[0]) ** 3, axis=(1, 2, 3))[:, None]

    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 2), "uint8")
    categories = np.array([[0], [1], [1], [0], [1]])
    scored = ScoredModel(OfBytes(), chunk_size=chunk_size)
    asked = Question(scored, [pixels, categories], bind(as_target(0), 5, None))
    (tensor,) = asked.values
    found, _ = asked.average_gradients(points(moved, tensor, WAYS))
    signs, scale = 2 * categories.reshape(5, 1, 1, 1) - 1, tensor.max() / pixels.max()
    mean = expected(tensor / scale / 255, WAYS / scale / 255)[0] / scale / 255
    np.testing.assert_allclose(found.means[0], signs * mean, rtol=1e-4, atol=1e-6 * np.abs(mean).max())


def test_no_more_examples_at_once_than_go_through_the_model(failing):
    sizes, many = failing(999, None), images(2, 2, 1, count=132)
    found, _ = question(Cubic(), many).average_gradients(points(moved, many, many))
    np.testing.assert_allclose(found.means[0], expected(many, many)[0], rtol=1e-5, atol=1e-6)
    assert set(sizes) == {66}


def test_each_example_keeps_its_own_target():
    class Powers(keras.Model):
        """One class is Σ x³, the other Σ −x³."""

        def call(self, inputs):
            cubes = ops.sum(inputs**3, axis=(1, 2, 3))[:, None]
            return ops.concatenate([cubes, -cubes], axis=-1)

    classes = np.array([0, 1, 1, 0, 1])
    asked = Question(ScoredModel(Powers(), chunk_size=2), X, bind(as_target(classes), 5, None))
    found, _ = asked.average_gradients(points(moved, X, WAYS))
    signs = np.where(classes == 0, 1, -1).reshape(5, 1, 1, 1)
    np.testing.assert_allclose(found.means[0], signs * expected(X, WAYS)[0], atol=2e-6)


@pytest.fixture
def failing(monkeypatch):
    """A function: makes every step fail with an error whenever more examples than so many go through it at once."""
    backend, sizes = current_backend(), []
    original = backend.compile

    def fail(most, error):
        def compile_failing(function, variables, **options):
            run = original(function, variables, **options)
            if isinstance(function, partial):  # what averages take beside steps
                return run

            def failing(values, leaves, aim):
                sizes.append(len(aim[0]))
                if len(aim[0]) > most:
                    raise error
                return run(values, leaves, aim)

            return failing

        monkeypatch.setattr(backend, "compile", compile_failing)
        return sizes

    prove_seams()  # which compiles too, at first use
    return fail


@pytest.mark.parametrize(("most", "tried"), [(12, [35, 18, 9]), (4, [35, 18, 9, 5, 3])])
def test_after_memory_ran_out_all_begins_anew_with_smaller_chunks(failing, most, tried):
    sizes = failing(most, MemoryError("no more"))
    asked = question(Cubic(), X)
    found, _ = asked.average_gradients(points(moved, X, WAYS))
    np.testing.assert_allclose(found.means[0], expected(X, WAYS)[0], atol=2e-6)
    assert list(dict.fromkeys(sizes)) == tried
    sizes.clear()
    asked.average_gradients(points(moved, X, WAYS))
    assert set(sizes) == {tried[-1]}


def test_other_errors_are_told_at_once(failing):
    sizes = failing(0, KeyError("broken"))
    with pytest.raises(KeyError, match="broken"):
        question(Cubic(), X).average_gradients(points(moved, X, WAYS))
    assert sizes == [35]


def test_memory_that_does_not_hold_one_example_is_an_error(failing):
    failing(0, MemoryError("no more"))
    with pytest.raises(MemoryError, match="no more"):
        question(Cubic(), X).average_gradients(points(moved, X, WAYS))


def test_neither_points_nor_gradients_cross():
    asked, backend, crossed = question(Cubic(), X), current_backend(), []
    to_tensor, to_numpy = backend.to_tensor, backend.to_numpy

    def passed(array):
        crossed.append(array.nbytes)
        return to_tensor(array)

    def taken(tensor):
        crossed.append((found := to_numpy(tensor)).nbytes)
        return found

    def total(count):
        crossed.clear()
        many = points(moved, X, WAYS, [0.1] * count, np.ones(count))
        with mock.patch.multiple(backend, to_tensor=passed, to_numpy=taken):
            asked.average_gradients(many)
        return sum(crossed)

    # The examples, their ways, and the means; for each point its share and its weight.
    assert total(50) <= 3 * X.nbytes + 50 * 16
    assert total(100) - total(50) <= 50 * 16


def test_rounding_does_not_add_up():
    rng, state, count = np.random.default_rng(0), None, 400
    given = rng.uniform(0, 1, (count, 1, 1, 64)).astype("float32") + np.float32(1000)
    to_tensor = current_backend().to_tensor
    weights = to_tensor(np.ones(1, "float32"))
    for gradient in given:
        state = _added((False, 1), state, [to_tensor(gradient)], None, weights)
    mean = current_backend().to_numpy(state["means"][0])[0, 0]
    lost = np.abs(mean - given.mean(0, dtype="float64")[0, 0]).max()
    assert lost <= np.spacing(np.float32(1000)), lost


@pytest.mark.parametrize(
    ("count", "most", "size"), [(50, 8, 5), (50, 2, 2), (24, 8, 8), (7, 100, 7), (7, 1, 1), (53, 8, 6)]
)
def test_few_points_are_missing_in_the_last_chunk(count, most, size):
    assert _points_at_once(count, most) == size
