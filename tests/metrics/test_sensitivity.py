import warnings

import numpy as np
import pytest

from keras_saliency.metrics import max_sensitivity

IMAGES = np.random.default_rng(0).random((6, 4, 5))


def squared(images):
    return images**2 - images


def rng():
    return np.random.default_rng(0)


def test_of_a_linear_map_by_hand():
    """Where map = image, the change of the map is the noise, and one draw has a known norm."""
    drawn = 0.1 * np.ptp(IMAGES.reshape(6, -1), axis=1)[:, None] * rng().uniform(-1, 1, (1, 20))
    expected = np.linalg.norm(drawn, axis=1) / np.linalg.norm(IMAGES.reshape(6, -1), axis=1)
    found = max_sensitivity(IMAGES, IMAGES, lambda x: x, rng(), radius=0.1, samples=1)
    np.testing.assert_allclose(found, expected)


def test_agrees_with_captum_for_the_same_noise():
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from captum.metrics import sensitivity_max

    samples, reach = 12, 0.1 * np.ptp(IMAGES.reshape(6, -1), axis=1)[:, None, None]
    drawn = rng()
    noise = np.stack([reach * drawn.uniform(-1, 1, (4, 5)) for _ in range(samples)], axis=1)
    noise = torch.tensor(noise.reshape(6 * samples, 4, 5))  # captum repeats each image `samples` times
    theirs = sensitivity_max(
        lambda x: (squared(x[0] if isinstance(x, tuple) else x),),
        torch.tensor(IMAGES),
        lambda x: x + noise,
        n_perturb_samples=samples,
    )
    ours = max_sensitivity(squared(IMAGES), IMAGES, squared, rng(), radius=0.1, samples=samples)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-6)


def test_a_map_that_ignores_the_image_has_zero():
    assert (max_sensitivity(np.ones_like(IMAGES), IMAGES, np.ones_like, rng()) == 0).all()


def test_more_samples_can_only_raise_it_and_a_larger_radius_does():
    few, many = (max_sensitivity(squared(IMAGES), IMAGES, squared, rng(), samples=n) for n in (3, 30))
    assert (few <= many).all()
    assert (few < many).any()
    wide = max_sensitivity(squared(IMAGES), IMAGES, squared, rng(), samples=3, radius=0.2)
    assert (wide > few).all()


def test_an_unrelated_map_of_the_same_strength_has_the_root_of_two():
    maps = np.random.default_rng(1).normal(size=(6, 40, 50))
    other = np.random.default_rng(2)
    images = np.random.default_rng(3).random((6, 40, 50))
    found = max_sensitivity(maps, images, lambda x: other.normal(size=x.shape), rng(), samples=3)
    np.testing.assert_allclose(found, np.sqrt(2), rtol=0.03)


def test_the_maps_may_have_another_shape_than_the_images():
    found = max_sensitivity(IMAGES.sum(axis=2), IMAGES, lambda x: x.sum(axis=2), rng())
    assert (found > 0).all()


def test_maps_and_images_without_a_number():
    images, maps = IMAGES.copy(), squared(IMAGES)
    images[1], maps[2], maps[3, 0, 0] = 0.5, 0.0, np.nan

    def explain(asked):
        found = squared(asked)
        found[4, 0, 0] = np.inf
        return found

    found = max_sensitivity(maps, images, explain, rng())
    assert np.isnan(found).tolist() == [False, True, True, True, True, False]


def test_arguments_are_checked():
    with pytest.raises(ValueError, match=r"floating images.*dtype=int64"):
        max_sensitivity(IMAGES, IMAGES.astype("int64"), squared, rng())
    with pytest.raises(ValueError, match="radius=0"):
        max_sensitivity(IMAGES, IMAGES, squared, rng(), radius=0)
    with pytest.raises(ValueError, match="samples=0"):
        max_sensitivity(IMAGES, IMAGES, squared, rng(), samples=0)
    with pytest.raises(ValueError, match="5 maps, 6 images"):
        max_sensitivity(IMAGES[:5], IMAGES, squared, rng())
    with pytest.raises(ValueError, match=r"explain\(images\) to be \(6, 4, 5\).*shape=\(6,\)"):
        max_sensitivity(IMAGES, IMAGES, lambda x: x.sum(axis=(1, 2)), rng())
