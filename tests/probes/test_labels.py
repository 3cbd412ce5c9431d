import numpy as np
import pytest

from keras_saliency.probes.labels import class_indices


@pytest.mark.parametrize(
    "labels",
    [
        [2, 0, 1],
        np.array([2, 0, 1], "uint8"),
        np.array([2.0, 0.0, 1.0], "float32"),
        np.array([2.0, 0.0, 1.0], "float16"),
        np.array([[2], [0], [1]]),
        np.eye(3)[[2, 0, 1]],
        np.eye(3, dtype=bool)[[2, 0, 1]],
    ],
    ids=["list", "bytes", "whole floats", "halves", "a column", "one-hot", "one-hot booleans"],
)
def test_every_spelling(labels):
    found = class_indices(labels, 3)
    np.testing.assert_array_equal(found, [2, 0, 1])
    assert found.dtype == "int64"


@pytest.mark.parametrize("labels", [["cat", "dog"], np.ones((2, 2, 2)), 3, [None, 1], np.ones(2, complex)])
def test_what_is_no_label(labels):
    with pytest.raises(
        ValueError, match=r"Expected labels as \(n,\) or \(n, 1\) class indices or one-hot rows"
    ):
        class_indices(labels)


def test_one_label_per_image():
    with pytest.raises(ValueError, match="Expected one label per image, 3 in all. Received: 2 labels"):
        class_indices([0, 1], 3)


@pytest.mark.parametrize(
    "rows", [[[1, 1, 0]], [[0, 0, 0]], [[0.5, 0.5, 0]], [[2, 0, 0]], [[np.nan, 0, 1]], [[]]]
)
def test_several_labels_per_image_are_refused(rows):
    with pytest.raises(
        ValueError, match=r"must be one-hot: a single 1 in each row\. For several labels per image"
    ):
        class_indices(rows)


@pytest.mark.parametrize(
    "values",
    [[0.5, 1.0], [-1, 2], [np.nan, 1], [np.inf, 1], [[0.1], [0.2]], [1e300], np.array([2**63], "uint64")],
)
def test_regression_targets_are_refused(values):
    with pytest.raises(
        ValueError, match=r"whole numbers from 0\. For a regression give no labels\. Received: "
    ):
        class_indices(values)
