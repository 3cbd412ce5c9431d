"""Scores of positions, and scores made with data of each image: in closed form, whatever becomes of the batch."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import keras_saliency as ks

from .networks import images

COUNT = 11
INPUTS = images(4, 4, 1, count=COUNT)
ROWS = np.random.default_rng(1).normal(size=(COUNT, 3))
CLASSES = np.arange(COUNT) % 3


@pytest.fixture
def linear():
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3)])


@pytest.fixture(params=["softmax", None])
def segmentation(request):
    """A class score per pixel: the pixel times 1, 2 or 3."""
    kernel = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3)
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(3, 1, activation=request.param)])
    model.set_weights([kernel, np.zeros(3)])
    return model


def weighted(outputs, rows):
    return ops.sum(outputs * rows, axis=-1)


def by_hand(model):
    """Σ row_k w_k."""
    kernel = ops.convert_to_numpy(model.layers[-1].kernel)
    return (ROWS @ kernel.T).reshape(INPUTS.shape)


@pytest.mark.parametrize("method", ["gradient", ks.SmoothGrad(samples=8)])
@pytest.mark.parametrize("chunk_size", [None, 4])
def test_each_image_is_scored_with_its_own_rows(linear, method, chunk_size):
    found = ks.explain(linear, INPUTS, method, target=ks.PerImage(weighted, ROWS), chunk_size=chunk_size)
    np.testing.assert_allclose(found.maps, by_hand(linear), rtol=1e-4, atol=1e-5)
    outputs = ops.convert_to_numpy(linear(INPUTS))
    np.testing.assert_allclose(found.scores, (outputs * ROWS).sum(1), rtol=1e-4, atol=1e-5)
    assert found.score_kind == "custom"


def test_differences_of_scores_are_made_with_the_same_rows(linear):
    """Occlusion repeats each image for each patch: of a linear network it is the input times the gradient."""
    found = ks.explain(linear, INPUTS, ks.Occlusion(patch=1, stride=1), target=ks.PerImage(weighted, ROWS))
    np.testing.assert_allclose(found.maps, (INPUTS * by_hand(linear))[..., 0], rtol=1e-3, atol=1e-5)


def test_whole_numbers_stay_whole_and_there_may_be_several_arrays(linear):
    def chosen(outputs, classes, factors):
        return factors * ops.take_along_axis(outputs, classes[:, None], axis=1)[:, 0]

    found = ks.explain(linear, INPUTS, target=ks.PerImage(chosen, CLASSES, ROWS[:, 0]))
    kernel = ops.convert_to_numpy(linear.layers[-1].kernel)
    expected = (ROWS[:, :1] * kernel.T[CLASSES]).reshape(INPUTS.shape)
    np.testing.assert_allclose(found.maps, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "of_mask",
    [
        lambda outputs, mask: ops.sum(outputs * mask, axis=-1),
        lambda outputs, mask: ops.sum(mask * outputs, axis=-1),
        lambda outputs, mask: ops.sum(ops.where(mask, outputs, 0.0), axis=-1),
    ],
    ids=["outputs * mask", "mask * outputs", "where"],
)
@pytest.mark.parametrize("method", ["gradient", ks.Occlusion(patch=1, stride=1)])
def test_masks_of_bools_weigh_by_0_and_1(linear, method, of_mask):
    """TensorFlow makes a bool of a float times a tensor of bools, and a count of their sum."""
    mask = ROWS > 0
    found = ks.explain(linear, INPUTS, method, target=ks.PerImage(of_mask, mask))
    gradients = (mask @ ops.convert_to_numpy(linear.layers[-1].kernel).T).reshape(INPUTS.shape)
    expected = gradients if method == "gradient" else (INPUTS * gradients)[..., 0]
    np.testing.assert_allclose(found.maps, expected, rtol=1e-3, atol=1e-5)
    outputs = ops.convert_to_numpy(linear(INPUTS))
    np.testing.assert_allclose(found.scores, (outputs * mask).sum(1), rtol=1e-4, atol=1e-5)


def test_rows_do_not_trace_the_model_again(linear):
    if keras.backend.backend() == "torch":
        pytest.skip("eager code is traced at every call")
    calls = []

    def counted(outputs, rows):
        calls.append(1)
        return weighted(outputs, rows)

    ks.explain(linear, INPUTS, ks.SmoothGrad(samples=16), target=ks.PerImage(counted, ROWS), chunk_size=4)
    assert len(calls) <= 3  # shapes alone, scores, gradients


def test_all_outputs_with_rows():
    inputs = keras.Input((4, 4, 1))
    flat = layers.Flatten()(inputs)
    one, two = layers.Dense(1, name="one")(flat), layers.Dense(1, name="two")(flat)
    model = keras.Model(inputs, {"one": one, "two": two})
    found = ks.explain(
        model, INPUTS, target=ks.PerImage(lambda o, a: o["one"][:, 0] + a * o["two"][:, 0], ROWS[:, 0])
    )
    kernels = [ops.convert_to_numpy(model.get_layer(name).kernel)[:, 0] for name in ("one", "two")]
    expected = kernels[0] + ROWS[:, :1] * kernels[1]
    np.testing.assert_allclose(found.maps.reshape(COUNT, -1), expected, rtol=1e-4, atol=1e-6)


CLOSED_OVER = {
    "an array": lambda outputs: ops.sum(outputs * ops.convert_to_tensor(ROWS, "float32"), axis=-1),
    "another shape": lambda outputs: outputs,
    "another number": lambda outputs: ops.convert_to_tensor(ROWS[:, 0]),
    "a mistake": lambda outputs: outputs.nothing,
    "no tensor": lambda outputs: 1.0,
}


@pytest.mark.parametrize("method", ["gradient", "smoothgrad"])
@pytest.mark.parametrize("function", CLOSED_OVER.values(), ids=CLOSED_OVER)
def test_a_function_that_works_for_one_number_of_images_is_refused(linear, function, method):
    """Also if that number is the whole batch: an average asks about each image many times, in any order."""
    with pytest.raises(ValueError, match=r"a part of the batch at a time.*ks\.PerImage\(function, array\)"):
        ks.explain(linear, INPUTS, method, target=function)


def test_a_function_that_fails_for_some_numbers_of_images_says_so_too(linear):
    def picky(outputs):
        if outputs.shape[0] == COUNT:
            raise RuntimeError("eleven")
        return outputs[:, 0]

    with pytest.raises(
        ValueError, match=r"with the outputs of 11 images.*ks\.PerImage.* RuntimeError: eleven"
    ):
        ks.explain(linear, INPUTS, target=picky)


MASKS = np.random.default_rng(2).integers(0, 2, (COUNT, 4, 4)).astype(bool)


@pytest.mark.parametrize("method", ["gradient", ks.SmoothGrad(samples=8)])
@pytest.mark.parametrize("chunk_size", [None, 4])
@pytest.mark.parametrize("classes", [1, CLASSES], ids=["one class", "one per image"])
def test_the_pixels_of_a_class(segmentation, classes, method, chunk_size):
    target = ks.PixelsOf(classes, MASKS)
    found = ks.explain(segmentation, INPUTS, method, target=target, chunk_size=chunk_size)
    factors = np.broadcast_to(np.asarray(classes) + 1.0, COUNT)
    expected = factors[:, None, None, None] * MASKS[..., None]
    np.testing.assert_allclose(found.maps, expected, rtol=1e-5)
    sums = (INPUTS[..., 0] * MASKS).sum((1, 2))
    np.testing.assert_allclose(found.scores, factors * sums, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found.target_classes, factors - 1)
    np.testing.assert_array_equal(found.predicted_classes, np.where(sums > 0, 2, 0))
    assert found.score_kind == (
        "logit" if segmentation.layers[-1].activation.__name__ == "softmax" else "output"
    )


def test_one_mask_for_all(segmentation):
    found = ks.explain(segmentation, INPUTS, target=ks.PixelsOf(2, MASKS[0].astype("float32")))
    np.testing.assert_allclose(found.maps, np.tile(3.0 * MASKS[0][..., None], (COUNT, 1, 1, 1)), rtol=1e-5)


def test_the_pixels_of_one_sigmoid_unit():
    """Class 0 has the negative logit; as probabilities its pixels have 1 − p each."""
    ones = keras.initializers.Ones()
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), layers.Conv2D(1, 1, activation="sigmoid", kernel_initializer=ones)]
    )
    found = ks.explain(model, INPUTS, target=ks.PixelsOf(0, MASKS))
    np.testing.assert_allclose(found.maps, -MASKS[..., None].astype(float), rtol=1e-5)
    found = ks.explain(model, INPUTS, target=ks.PixelsOf(0, MASKS), logits="output")
    p = 1 / (1 + np.exp(-INPUTS[..., 0]))
    np.testing.assert_allclose(found.scores, ((1 - p) * MASKS).sum((1, 2)), rtol=1e-5)


def test_classes_along_the_first_axis():
    ending = [layers.Permute((3, 1, 2)), layers.Softmax(1)]
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(3, 1), *ending])
    found = ks.explain(model, INPUTS, target=ks.PixelsOf(1, MASKS))
    kernel = ops.convert_to_numpy(model.layers[0].kernel)[0, 0, 0, 1]
    np.testing.assert_allclose(found.maps, kernel * MASKS[..., None], rtol=1e-5)


@pytest.mark.parametrize("shape", [(8, 8), (COUNT, 8, 8), (COUNT + 1, 4, 4), (4,)])
def test_a_mask_has_the_geometry_of_the_output(segmentation, shape):
    sentence = rf"output's geometry, \(4, 4\) or \({COUNT}, 4, 4\).* Received: shape=\({shape[0]},"
    with pytest.raises(ValueError, match=sentence):
        ks.explain(segmentation, INPUTS, target=ks.PixelsOf(1, np.ones(shape)))


def test_the_output_has_positions(linear):
    with pytest.raises(ValueError, match=r"PixelsOf sums over the positions .* this one has classes alone"):
        ks.explain(linear, INPUTS, target=ks.PixelsOf(1, MASKS))


def test_probabilities_in_a_mask_are_found_out():
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), layers.Conv2D(3, 1, activation="softmax"), layers.Reshape((2, 8, 3))]
    )
    masks = MASKS.reshape(COUNT, 2, 8) & (np.arange(COUNT) > 0)[:, None, None]  # the first one is empty
    with pytest.raises(ks.SaliencyError, match="looks like probabilities"):
        ks.explain(model, INPUTS, target=ks.PixelsOf(1, masks))


def test_checks_ask_about_the_same_pixels(segmentation):
    """The map of the rival class lies in the mask as well: one outside of it would be another for no reason."""
    probes = ks.ProbeSet(INPUTS)
    report = ks.check(
        segmentation, probes, ["target_dependence", "input_dependence"], target=ks.PixelsOf(1, MASKS)
    )
    found = {result.name: result for result in report.results}
    assert found["target_dependence"].status == "failed"  # the classes differ by a factor alone
    assert found["input_dependence"].status == "passed"


def in_all(outputs, rows):
    return rows * ops.sum(outputs, (1, 2, 3))


@pytest.mark.parametrize("target", [ks.PixelsOf(1, MASKS), ks.PerImage(in_all, ROWS[:, 0])])
def test_a_layer_is_found_with_them(target):
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), layers.Conv2D(2, 3, padding="same"), layers.Conv2D(3, 1)]
    )
    found = ks.explain(model, INPUTS, "grad_cam", target=target)
    assert found.diagnostics["layer"] == model.layers[0].name
