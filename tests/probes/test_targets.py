import numpy as np
import pytest

from keras_saliency.probes.targets import (
    PREDICTED,
    ClassIndex,
    Label,
    OutputGradient,
    PerImage,
    PixelsOf,
    Predicted,
    as_target,
    bind,
)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("predicted", Predicted()),
        ("label", Label()),
        (3, ClassIndex(3)),
        (np.int64(3), ClassIndex(3)),
        ([1, 2], ClassIndex([1, 2])),
        ((1, 2), ClassIndex((1, 2))),
    ],
)
def test_short_forms(short, long):
    assert as_target(short) == long
    assert as_target(long) is long


def test_a_callable_is_a_target():
    assert as_target(len) is len


@pytest.mark.parametrize("target", ["labels", None, 1.5, True, {"class": 1}, Predicted])
def test_what_is_no_target(target):
    with pytest.raises(ValueError, match=r'Expected target to be "predicted", .* Received: target='):
        as_target(target)


@pytest.mark.parametrize("index", [1.0, [0.5, 1], [[1, 2]], np.array([True]), []])
def test_class_indices_are_integers(index):
    with pytest.raises(TypeError, match="Expected a class index or one class index per image, as integers"):
        ClassIndex(index)


@pytest.mark.parametrize("index", [-1, [0, -2]])
def test_class_indices_count_from_zero(index):
    with pytest.raises(ValueError, match=r"Class indices count from 0\. Received: index="):
        ClassIndex(index)


def test_output_gradients_are_finite_real_numbers():
    with pytest.raises(TypeError, match="real numbers. Received: dtype=complex128"):
        OutputGradient(np.ones(3, complex))
    with pytest.raises(ValueError, match="not finite"):
        OutputGradient([1.0, np.nan])


@pytest.mark.parametrize(
    ("target", "classes"),
    [
        (Predicted(), [PREDICTED] * 3),
        (Label(), [2, 0, 1]),
        (ClassIndex(4), [4, 4, 4]),
        (ClassIndex([3, 1, 2]), [3, 1, 2]),
    ],
)
def test_binding_to_images(target, classes):
    bound = bind(target, 3, np.array([2, 0, 1]))
    assert bound.kind == "classes"
    assert bound.classes.dtype == "int32"
    np.testing.assert_array_equal(bound.classes, classes)
    np.testing.assert_array_equal(bound.aim(3, (5,), 5), [classes])
    np.testing.assert_array_equal(bound.take(np.array([2, 2, 0])).classes, np.array(classes)[[2, 2, 0]])


def test_labels_are_needed_for_the_label():
    with pytest.raises(ValueError, match='target="label" needs labels'):
        bind(Label(), 3, None)


def test_one_class_index_per_image():
    with pytest.raises(
        ValueError, match="Expected one class index per image, 3 in all. Received: 2 class indices"
    ):
        bind(ClassIndex([0, 1]), 3, None)


@pytest.mark.parametrize(("classes", "said"), [(3, "3 classes"), (1, "1 class")])
def test_class_indices_are_below_the_number_of_classes(classes, said):
    with pytest.raises(
        ValueError, match=f"Expected class indices below {classes}, .* has {said}. Received: class 4"
    ):
        bind(ClassIndex([0, 4]), 2, None).aim(2, (classes,), classes)


def test_a_function_takes_outputs_alone():
    bound = bind(len, 3, None)
    assert (bound.kind, bound.function) == ("function", len)
    assert bound.aim(3, (), 0) == []
    assert bound.take(np.array([0, 0])).function is len


OUTPUT = (2, 5)
EVERY = np.arange(30.0).reshape(3, *OUTPUT)


def test_an_output_gradient_for_each_image():
    bound = bind(OutputGradient(EVERY), 3, None)
    assert bound.kind == "output_gradient"
    np.testing.assert_array_equal(bound.aim(3, OUTPUT, 5), [EVERY])


def test_one_output_gradient_for_all():
    (aim,) = bind(OutputGradient(EVERY[1]), 3, None).aim(3, OUTPUT, 5)
    np.testing.assert_array_equal(aim, EVERY[[1, 1, 1]])
    assert aim.dtype == "float32"


def test_output_gradients_stay_with_their_images():
    """Also if as many images are taken as there were, and if they are taken twice."""
    bound = bind(OutputGradient(EVERY), 3, None)
    np.testing.assert_array_equal(bound.take(np.array([2, 0, 1])).aim(3, OUTPUT, 5), [EVERY[[2, 0, 1]]])
    twice = bound.take(np.array([2, 2, 0, 1])).take(np.array([3, 0]))
    np.testing.assert_array_equal(twice.aim(2, OUTPUT, 5), [EVERY[[1, 2]]])
    one = bind(OutputGradient(EVERY[0]), 3, None).take(np.array([1, 1, 1, 1]))
    np.testing.assert_array_equal(one.aim(4, OUTPUT, 5), [EVERY[[0, 0, 0, 0]]])


@pytest.mark.parametrize("shape", [(4, *OUTPUT), (5,), (5, 2), (3, 5), ()])
def test_output_gradients_have_the_shape_of_the_output(shape):
    sentence = r"of the output's shape, \(3, 2, 5\), or of one image's, \(2, 5\)\. Received: shape="
    bound = bind(OutputGradient(np.ones(shape)), 3, None)
    for target in (bound, bound.take(np.array([0, 1, 2]))):
        with pytest.raises(ValueError, match=sentence):
            target.aim(3, OUTPUT, 5)


MASKS = np.arange(12).reshape(3, 2, 2) % 2


def test_masks_stay_with_their_images():
    bound = bind(PixelsOf([2, 0, 1], MASKS), 3, None)
    assert bound.kind == "classes"
    classes, masks = bound.take(np.array([2, 2, 0])).aim(3, (2, 2, 5), 5, (2, 2))
    np.testing.assert_array_equal(classes, [1, 1, 2])
    np.testing.assert_array_equal(masks, MASKS[[2, 2, 0]])
    assert masks.dtype == "float32"


def test_other_classes_have_the_same_masks():
    bound = bind(PixelsOf(1, MASKS), 3, None).take(np.array([1])).of_classes([4])
    classes, masks = bound.aim(1, (2, 2, 5), 5, (2, 2))
    np.testing.assert_array_equal(classes, [4])
    np.testing.assert_array_equal(masks, MASKS[[1]])


def test_other_classes_of_a_function_are_those_of_the_whole_output():
    (classes,) = bind(len, 3, None).of_classes([4, 0, 1]).aim(3, (5,), 5)
    np.testing.assert_array_equal(classes, [4, 0, 1])


@pytest.mark.parametrize("mask", [0.5 * MASKS, [[np.nan]], "mask", [None], 1])
def test_masks_are_of_bools_or_of_0_and_1(mask):
    with pytest.raises(TypeError, match="Expected a mask of bools, or of 0 and 1"):
        PixelsOf(1, mask)


@pytest.mark.parametrize("index", [1.5, [[1]], "predicted"])
def test_pixels_are_those_of_a_class(index):
    with pytest.raises(TypeError, match="Expected a class index"):
        PixelsOf(index, MASKS)


def test_rows_stay_with_their_images():
    bound = bind(PerImage(max, np.arange(3), np.eye(3)), 3, None)
    assert (bound.kind, bound.function) == ("function", max)
    taken = bound.take(np.array([2, 2, 0])).aim(3, (), 0)
    np.testing.assert_array_equal(taken[0], [2, 2, 0])
    np.testing.assert_array_equal(taken[1], np.eye(3)[[2, 2, 0]])
    assert [array.dtype.kind for array in taken] == ["i", "f"]
    assert taken[1].dtype == "float32"


def test_arrays_have_a_row_for_each_image():
    with pytest.raises(
        ValueError, match=r"a row for each image, 4 in all. Received: an array of shape \(3, 3\)"
    ):
        bind(PerImage(max, np.arange(4), np.eye(3)), 4, None)


@pytest.mark.parametrize("given", [(), (max,), (3, np.eye(3))])
def test_a_function_and_arrays_are_needed(given):
    with pytest.raises(TypeError, match="PerImage|function"):
        PerImage(*given)


@pytest.mark.parametrize("array", [1.0, ["a"], np.ones(3, complex), None])
def test_rows_are_of_numbers(array):
    with pytest.raises(
        TypeError, match="Expected arrays of real numbers or bools, with a row for each image"
    ):
        PerImage(max, array)


def test_labels_and_one_score_do_not_fit():
    with pytest.raises(
        ValueError, match="Labels are classes, and the model has one linear output.* regression"
    ):
        bind(Label(), 3, np.zeros(3, int)).aim(3, (1,), 1)
    assert bind(ClassIndex(0), 3, None).aim(3, (1,), 1)[0].tolist() == [0, 0, 0]
