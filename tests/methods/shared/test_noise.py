"""Mean, variance and standard error of maps that come one after the other, against numpy on all of them."""

import numpy as np
import pytest

from keras_saliency.methods.shared.noise import Moments, block_sizes


@pytest.mark.parametrize(("samples", "sizes"), [(1, [1]), (8, [8]), (9, [8, 1]), (20, [8, 8, 4])])
def test_blocks(samples, sizes):
    assert block_sizes(samples) == sizes


def test_means_of_blocks():
    """Three blocks of all images, a fourth of the second alone: `seen` counts copies, errors compare blocks."""
    rng = np.random.default_rng(0)
    blocks = (rng.normal(5, 1, (4, 2, 3, 3)), rng.normal(1, 2, (4, 2, 2)))
    found = Moments(2)
    for block in range(3):
        found.add(np.arange(2), [leaf[block].astype("float32") for leaf in blocks], 8)
    first = found.mean
    found.add(np.array([1]), [leaf[3, 1:].astype("float32") for leaf in blocks], 8)
    assert found.seen.tolist() == [24, 32]
    for leaf, mean, before, variance in zip(blocks, found.mean, first, found.variance, strict=True):
        np.testing.assert_allclose(mean[0], leaf[:3, 0].mean(0), rtol=1e-5)
        np.testing.assert_allclose(mean[1], leaf[:, 1].mean(0), rtol=1e-5)
        np.testing.assert_allclose(before[1], leaf[:3, 1].mean(0), rtol=1e-5)
        np.testing.assert_allclose(variance[1], leaf[:, 1].var(0), rtol=1e-4)
        assert mean.dtype == variance.dtype == "float32"
    for row, count in enumerate((3, 4)):
        flat = np.concatenate([leaf[:count, row].reshape(count, -1) for leaf in blocks], axis=1)
        error = np.sqrt(flat.var(0, ddof=1).sum() / count)
        assert found.relative_errors[row] == pytest.approx(error / np.linalg.norm(flat.mean(0)), rel=1e-4)


def test_errors_that_are_no_ratio():
    """Nothing varies; one map alone, that is not zero or is; a mean of zero."""
    found = Moments(4)
    found.add(np.arange(4), np.array([[1.0], [2], [0], [3]]))
    np.testing.assert_array_equal(found.relative_errors, np.inf)
    found.add(np.array([0, 3]), np.array([[1.0], [-3]]))
    np.testing.assert_array_equal(found.relative_errors, [0, np.inf, np.inf, np.inf])
