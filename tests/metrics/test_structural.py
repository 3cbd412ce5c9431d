import builtins

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from keras_saliency.metrics import ssim


def noise(seed, shape=(3, 16, 20)):
    return np.random.default_rng(seed).exponential(size=shape)


def wang_2004(x, y):
    """Equation 13 with Gaussian windows, averaged over the pixels whose window lies inside the image."""

    def blurred(image):
        return gaussian_filter(image, 1.5, truncate=3.5)

    x, y = x / x.max(), y / y.max()
    mean_x, mean_y = blurred(x), blurred(y)
    var_x, var_y = blurred(x * x) - mean_x**2, blurred(y * y) - mean_y**2
    covariance = blurred(x * y) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    similar = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return (similar / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)))[5:-5, 5:-5].mean()


def test_agrees_with_the_equation():
    x, y = noise(0), noise(1)
    expected = [wang_2004(a, b) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(ssim(x, y), expected, atol=1e-10)


def test_the_same_map_at_another_scale_has_one():
    np.testing.assert_allclose(ssim(noise(0), 7 * noise(0)), 1)


def test_is_symmetric_and_falls_with_noise():
    x = noise(0)
    np.testing.assert_allclose(ssim(x, noise(1)), ssim(noise(1), x))
    assert (ssim(x, x + 0.1 * noise(1)) > ssim(x, x + noise(1))).all()


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_a_constant_map_has_none(value):
    constant = np.full((3, 16, 20), value)
    for pair in ((noise(0), constant), (constant, noise(0)), (constant, constant)):
        assert np.isnan(ssim(*pair)).all()


def test_a_map_that_is_not_finite_has_none():
    x = noise(0)
    x[1, 3, 3] = np.nan
    assert np.isnan(ssim(x, noise(1))).tolist() == [False, True, False]


def test_small_maps_are_refused():
    assert np.isfinite(ssim(noise(0, (1, 11, 11)), noise(1, (1, 11, 11)))).all()
    with pytest.raises(ValueError, match=r"at least 11 × 11.*shape=\(3, 10, 20\)"):
        ssim(noise(0, (3, 10, 20)), noise(1, (3, 10, 20)))


def test_signed_maps_and_channels_are_refused():
    with pytest.raises(ValueError, match="never negative"):
        ssim(-noise(0), noise(1))
    with pytest.raises(ValueError, match="reduce the channels first"):
        ssim(noise(0, (3, 16, 20, 1)), noise(1, (3, 16, 20, 1)))


def test_without_scikit_image_the_extra_is_named(monkeypatch):
    imported = builtins.__import__

    def without(name, *rest, **keywords):
        if name.startswith("skimage"):
            raise ImportError(name)
        return imported(name, *rest, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install keras_saliency\[regions\]"):
        ssim(noise(0), noise(1))
