"""SmoothGrad, SmoothGradSquared and VarGrad against their definitions, on the very noise that they drew."""

import random
import weakref
from dataclasses import dataclass, field
from typing import ClassVar

import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy import stats

from keras_saliency import Activations, Gradient, GuidedBackprop, SmoothGrad, SmoothGradSquared, VarGrad
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.explanation import explain
from keras_saliency.methods.base import MethodResult
from keras_saliency.probes.targets import OutputGradient, as_target, bind
from tests import answers

KINDS = pytest.mark.parametrize("kind", [SmoothGrad, SmoothGradSquared, VarGrad])
MATRIX = np.random.default_rng(3).normal(size=(32, 32)).astype("float32")
SYMMETRIC = MATRIX + MATRIX.T


@dataclass(frozen=True)
class Recorded:
    """The gradient, and what it was taken at."""

    calls: list = field(default_factory=list)
    name: str = "recorded"

    registered: ClassVar[str] = "recorded"
    cost: ClassVar[str] = "1 forward and 1 backward pass"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = True

    def explain(self, question, rng):
        maps = question.gradients().maps
        self.calls.append((question.values[0], maps, question.target))
        return MethodResult(maps)

    def rows(self, part, count):
        """`(samples, count, …)`: what was seen, call after call."""
        seen = np.concatenate([call[part] for call in self.calls])
        return seen.reshape(-1, count, *seen.shape[1:]).astype("float64")


class Quadratic(keras.Model):
    """f(x) = xᵀAx, whose gradient is (A + Aᵀ)x."""

    def call(self, inputs):
        x = ops.reshape(inputs, (-1, 32))
        return ops.sum(x * ops.matmul(x, ops.convert_to_tensor(MATRIX)), axis=1, keepdims=True)


def run(method, model, images, target="predicted", seed=0, **options):
    count = len(images if isinstance(images, np.ndarray) else images[0])
    bound = bind(as_target(target), count, None)
    return answers.explained(
        method, ScoredModel(model, **options), images, bound, np.random.default_rng(seed)
    )


@pytest.fixture
def squares():
    """Images 4×4×2 from −1 to 1, each of another range."""
    sizes = np.array([1, 2, 4], "float32").reshape(3, 1, 1, 1)
    return sizes * np.random.default_rng(2).uniform(-1, 1, (3, 4, 4, 2)).astype("float32")


def of_quadratic(points):
    return (points.reshape(-1, 32) @ SYMMETRIC.astype("float64")).reshape(points.shape)


def test_the_noise_is_as_said(squares):
    """Gaussian of the given fraction of each image's own range; each 8 copies fill the eighths of the distribution."""
    seen = Recorded()
    run(SmoothGrad(seen, samples=400, noise=0.25), Quadratic(), squares, 0)
    noise = seen.rows(0, 3) - squares
    ranges = np.ptp(squares.reshape(3, -1), axis=1)
    np.testing.assert_allclose(noise.std((0, 2, 3, 4)) / ranges, 0.25, rtol=0.05)
    assert stats.kstest(noise[:, 0].ravel() / ranges[0], stats.norm(0, 0.25).cdf).pvalue > 0.01
    eighths = np.floor(8 * stats.norm(0, 0.25).cdf(noise[:, 0] / ranges[0])).reshape(50, 8, 32)
    agree = np.sort(eighths, axis=1) == np.arange(8)[:, None]
    assert agree.mean() > 0.999  # float32 noise at the border of an eighth
    assert len(np.unique(eighths.transpose(0, 2, 1).reshape(-1, 8), axis=0)) > 1500  # in orders of their own
    assert abs(np.corrcoef(noise[:, 0].reshape(400, 32).T)[np.triu_indices(32, 1)]).max() < 0.9


def test_they_are_mean_square_and_variance_of_the_closed_form(squares):
    for kind, expected in (
        (SmoothGrad, lambda gradients: gradients.mean(0)),
        (SmoothGradSquared, lambda gradients: (gradients**2).mean(0)),
        (VarGrad, lambda gradients: gradients.var(0)),
    ):
        seen = Recorded()
        found = run(kind(seen, samples=10), Quadratic(), squares, 0)
        gradients = of_quadratic(seen.rows(0, 3))
        assert len(gradients) == 10
        np.testing.assert_allclose(found.maps, expected(gradients), rtol=1e-4, atol=1e-4)


def test_a_quadratic_models_gradient_is_found_with_a_fraction_of_the_samples(squares):
    """Its error is linear in the noise: in blocks of 8 it has about a fiftieth of the variance of independent noise."""
    maps = run(SmoothGrad(samples=64, noise=0.5), Quadratic(), squares, 0).maps
    errors = (maps - of_quadratic(squares)).reshape(3, 32)
    deviations = 0.5 * np.ptp(squares.reshape(3, -1), axis=1)
    independent = deviations[:, None] * np.sqrt((SYMMETRIC**2).sum(1) / 64)
    assert 0.05 < np.sqrt((errors**2).mean() / (independent**2).mean()) < 0.3


def test_the_variance_of_a_quadratic_model_in_the_limit(squares):
    """Each value's variance is σ² times the squared length of its row of A + Aᵀ."""
    found = run(VarGrad(samples=2000, noise=0.1), Quadratic(), squares[:1], 0).maps
    deviation = 0.1 * np.ptp(squares[0])
    np.testing.assert_allclose(found.reshape(32), deviation**2 * (SYMMETRIC**2).sum(1), rtol=0.2)


@KINDS
def test_options_matter_and_the_generator_decides(kind, model, images):
    base = run(kind(samples=4), model, images).maps
    np.testing.assert_array_equal(run(kind(samples=4), model, images).maps, base)
    for other in (kind(samples=6), kind(samples=4, noise=0.3)):
        assert not np.allclose(run(other, model, images).maps, base)
    assert not np.allclose(run(kind(samples=4), model, images, seed=1).maps, base)


def test_without_noise_it_is_the_wrapped_method(model, images):
    for method in (Gradient(), GuidedBackprop(), Activations()):
        found = run(SmoothGrad(method, samples=4, noise=0), model, images).maps
        expected = run(method, model, images).maps
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max())
    strongest = np.abs(run(Gradient(), model, images).maps).max()
    assert np.abs(run(VarGrad(samples=4, noise=0), model, images).maps).max() <= 1e-12 * strongest**2


@KINDS
def test_it_is_named_for_what_it_wraps(kind):
    assert kind().name == kind("gradient").name == kind(Gradient()).name == kind.registered
    assert kind("guided_backprop").name == f"{kind.registered}_guided_backprop"
    assert kind("guided_backprop") == kind(GuidedBackprop())
    assert kind(Gradient(name="mine")).name == f"{kind.registered}_mine"
    assert kind("guided_backprop", name="mine").name == "mine"
    assert kind().uses_target
    assert not kind("activations").uses_target
    assert kind().has_sign == (kind is SmoothGrad)
    assert not SmoothGrad(VarGrad()).has_sign


def test_predicted_is_the_class_predicted_for_the_clean_image(model, images):
    """Strong noise changes the predictions; all samples explain the clean image's class nevertheless."""
    seen = Recorded()
    found = run(SmoothGrad(seen, samples=8, noise=5.0), model, images)
    clean = run(Gradient(), model, images)
    classes = np.concatenate([target.classes for _, _, target in seen.calls]).reshape(8, 5)
    assert (classes == clean.scores.predicted_classes).all()
    noisy = np.concatenate([points for points, _, _ in seen.calls])
    bound = bind(as_target("predicted"), len(noisy), None)
    assert (
        Question(ScoredModel(model), noisy, bound).scores.predicted_classes.reshape(8, 5) != classes
    ).any()
    np.testing.assert_allclose(found.scores.values, clean.scores.values, rtol=1e-5)


@pytest.mark.parametrize(
    "target", [1, [0, 1, 2, 0, 1], OutputGradient(np.eye(3)[[0, 1, 2, 0, 1]]), lambda out: out[:, 2]]
)
def test_every_kind_of_target(target, model, images):
    for kind in (SmoothGrad, VarGrad):
        assert (np.ptp(run(kind(samples=4), model, images, target).maps, axis=(1, 2, 3)) > 0).all()
    found = run(SmoothGrad(samples=4, noise=1e-4), model, images, target).maps
    expected = run(Gradient(), model, images, target).maps
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-2 * np.abs(expected).max())


def test_a_tolerance_stops_each_image_when_it_is_reached(model, images):
    images = images * np.array([0.01, 1, 1, 1, 4], "float32").reshape(5, 1, 1, 1)
    found = run(SmoothGrad(samples=256, noise=1, tolerance=0.04), model, images)
    used = found.diagnostics["evaluations"]
    assert used[0] == 16
    assert {type(count) for count in used} == {int}
    assert max(used) > 16
    assert all(count % 8 == 0 and count <= 256 for count in used)
    for row, count in enumerate(used):
        fixed = run(SmoothGrad(samples=count, noise=1), model, images)
        assert fixed.diagnostics["evaluations"] == [count] * 5
        np.testing.assert_allclose(
            found.maps[row], fixed.maps[row], rtol=0, atol=1e-5 * np.abs(fixed.maps[row]).max()
        )
    limit = run(SmoothGrad(samples=3000, noise=1), model, images).maps
    distances = np.linalg.norm((found.maps - limit).reshape(5, -1), axis=1)
    assert (distances < 0.2 * np.linalg.norm(limit.reshape(5, -1), axis=1)).all()


def test_samples_are_the_most_that_a_tolerance_takes(model, images):
    found = run(SmoothGrad(samples=10, tolerance=1e-9), model, images)
    assert found.diagnostics["evaluations"] == [10] * 5


def test_a_constant_image_gets_no_noise(model, images):
    images[2] = 0.5
    found = run(SmoothGrad(samples=64, tolerance=0.01), model, images)
    assert found.diagnostics["evaluations"][2] == 16
    expected = run(Gradient(), model, images).maps[2]
    np.testing.assert_allclose(found.maps[2], expected, rtol=0, atol=1e-6 * np.abs(expected).max())


@KINDS
def test_memory_does_not_grow_with_the_samples(kind, model, images):
    """Maps come and go: when the next ones are made, at most one call's are alive."""
    made, most = [], []

    @dataclass(frozen=True)
    class Watched(Gradient):
        def explain(self, question, rng):
            most.append(sum(reference() is not None for reference in made))
            maps = question.gradients().maps
            made.append(weakref.ref(maps))
            return MethodResult(maps)

    run(kind(Watched(), samples=250), model, images)
    assert len(most) == 10
    assert max(most) <= 1


def bytes_model(preprocessing=True):
    body = [layers.Rescaling(1 / 255)] if preprocessing else []
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            layers.Input((8, 8, 2), dtype="uint8" if preprocessing else "float32"),
            *body,
            layers.Conv2D(4, 3, activation="softplus"),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )


@KINDS
def test_bytes_get_noise_behind_them(kind):
    """The model of bytes scales them: its maps are those of the model of what it computes with."""
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 2), dtype="uint8")
    behind, plain = bytes_model(), bytes_model(preprocessing=False)
    plain.set_weights(behind.get_weights())
    tensor = Question(ScoredModel(behind), pixels, bind(as_target(0), 3, None)).values[0]
    scale = np.ptp(tensor) / np.ptp(pixels)  # 1: the input of Rescaling; 1/255: its output
    found = run(kind(samples=6), behind, pixels, 0).maps
    expected = run(kind(samples=6), plain, pixels.astype("float32") / 255, 0).maps
    power = 1 if kind is SmoothGrad else 2
    expected = expected * (1 / 255 / scale) ** power
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_several_inputs():
    """A linear model of an image and a vector, and one of an image and a category."""
    image, vector = keras.Input((4, 4, 1), name="image"), keras.Input((3,), name="vector")
    joined = layers.Concatenate()([layers.Flatten()(image), vector])
    model = keras.Model([image, vector], layers.Dense(2)(joined))
    rng = np.random.default_rng(0)
    inputs = [rng.random((2, 4, 4, 1), "float32"), rng.random((2, 3), "float32")]
    first, second = run(SmoothGrad(samples=4), model, inputs, 1).maps
    weights = model.layers[-1].get_weights()[0][:, 1]
    np.testing.assert_allclose(first.reshape(2, -1), np.tile(weights[:16], (2, 1)), rtol=1e-4)
    np.testing.assert_allclose(second, np.tile(weights[16:], (2, 1)), rtol=1e-4)
    category = keras.Input((1,), dtype="int32", name="category")
    joined = layers.Concatenate()(
        [layers.Flatten()(image), layers.Flatten()(layers.Embedding(5, 2)(category))]
    )
    model = keras.Model([image, category], layers.Dense(2)(joined))
    first, second = run(SmoothGrad(samples=4), model, [inputs[0], np.array([[1], [4]])], 1).maps
    weights = model.layers[-1].get_weights()[0][:16, 1]
    np.testing.assert_allclose(first.reshape(2, -1), np.tile(weights, (2, 1)), rtol=1e-4)
    assert second is None


def test_float16(images):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            layers.Input((8, 8, 2)),
            layers.Conv2D(4, 3, activation="softplus", dtype="mixed_float16"),
            layers.Flatten(),
            layers.Dense(3, dtype="float32"),
        ]
    )
    twin = bytes_model(preprocessing=False)
    twin.set_weights(model.get_weights())
    found, expected = (run(SmoothGrad(samples=6), each, images, 0).maps for each in (model, twin))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-2 * np.abs(expected).max())


def test_explain_by_name(model, images):
    explanation = explain(model, images, method="smoothgrad")
    assert explanation.method == "smoothgrad"
    assert explanation.diagnostics["evaluations"] == [24] * 5
    assert explanation.heatmaps("signed").shape == (5, 8, 8)


@KINDS
@pytest.mark.parametrize("samples", [0, -2, 4.0, True, "4", None])
def test_wrong_samples(kind, samples):
    with pytest.raises(
        ValueError, match=f"Expected samples to be a whole number of at least 1.*: samples={samples!r}"
    ):
        kind(samples=samples)


@KINDS
@pytest.mark.parametrize("noise", [-0.1, float("nan"), float("inf"), "0.1", None, True])
def test_wrong_noise(kind, noise):
    with pytest.raises(ValueError, match=f"Expected noise to be a standard deviation .*: noise={noise!r}"):
        kind(noise=noise)


@pytest.mark.parametrize("tolerance", [0, -0.1, float("nan"), "1", True])
def test_wrong_tolerances(tolerance):
    with pytest.raises(
        ValueError, match="Expected tolerance to be a fraction above 0, or None. Received: tol"
    ):
        SmoothGrad(tolerance=tolerance)


@KINDS
def test_what_cannot_be_wrapped(kind):
    with pytest.raises(ValueError, match="No method 'gradiant'"):
        kind("gradiant")
    with pytest.raises(TypeError, match="Expected the name of a method or a method"):
        kind(Gradient)


def test_global_random_states_stay_as_they_are(model, images):
    def states():
        return (
            random.getstate(),
            np.random.get_state(),
            [ops.convert_to_numpy(v).copy() for v in model.variables],
        )

    before = states()
    run(SmoothGrad(samples=8, tolerance=0.1), model, images)
    np.testing.assert_equal(states(), before)


def test_what_is_made_from_the_gradient_is_asked_itself(model, images):
    class Negative(Gradient):
        def explain(self, question, rng):
            return MethodResult(-super().explain(question, rng).maps)

    plain, negative = (
        run(SmoothGrad(method, samples=4), model, images).maps for method in (Gradient(), Negative())
    )
    np.testing.assert_allclose(negative, -plain, atol=1e-6)
