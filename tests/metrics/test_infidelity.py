import warnings

import numpy as np
import pytest

from keras_saliency.metrics import infidelity

WEIGHTS = np.random.default_rng(3).normal(size=(4, 5))
IMAGES = np.random.default_rng(0).random((6, 4, 5))


def linear(images):
    return (images * WEIGHTS).sum(axis=(1, 2))


def curved(images):
    return np.tanh(images * WEIGHTS).sum(axis=(1, 2)) ** 2


def rng():
    return np.random.default_rng(0)


def test_the_gradient_of_a_linear_model_foretells_everything():
    maps = np.broadcast_to(WEIGHTS, IMAGES.shape)
    np.testing.assert_allclose(infidelity(maps, IMAGES, linear, rng()), 0, atol=1e-25)


def test_any_other_map_misses_by_its_difference():
    """For a linear model the error is (I · (map − weights))², whose mean is the noise's variance × ‖difference‖²."""
    difference = np.random.default_rng(1).normal(size=IMAGES.shape)
    found = infidelity(WEIGHTS + difference, IMAGES, linear, rng(), noise=0.3, samples=20_000)
    deviation = 0.3 * np.ptp(IMAGES.reshape(6, -1), axis=1)
    np.testing.assert_allclose(found, deviation**2 * np.square(difference).sum(axis=(1, 2)), rtol=0.05)


@pytest.mark.parametrize("rescale", [False, True])
def test_agrees_with_captum_for_the_same_changes(rescale):
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from captum.metrics import infidelity as captum_infidelity

    maps = np.random.default_rng(1).normal(size=IMAGES.shape)
    samples, spread = 25, 0.2 * np.ptp(IMAGES.reshape(6, -1), axis=1)[:, None, None]
    drawn = rng()
    changes = np.stack([spread * drawn.standard_normal((4, 5)) for _ in range(samples)], axis=1)
    changes = torch.tensor(changes.reshape(6 * samples, 4, 5))  # captum repeats each image `samples` times

    theirs = captum_infidelity(
        lambda x: torch.tanh(x * torch.tensor(WEIGHTS)).sum(dim=(1, 2)) ** 2,
        lambda x: (changes, x - changes),
        torch.tensor(IMAGES),
        torch.tensor(maps),
        n_perturb_samples=samples,
        normalize=rescale,
    )
    ours = infidelity(maps, IMAGES, curved, rng(), noise=0.2, samples=samples, rescale=rescale)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-6)


def test_an_all_zero_map_has_the_mean_square_of_the_change():
    zero = infidelity(np.zeros_like(IMAGES), IMAGES, curved, rng())
    assert (zero > 0).all()
    np.testing.assert_allclose(infidelity(np.zeros_like(IMAGES), IMAGES, curved, rng(), rescale=True), zero)
    slope = 1e-6 * np.ones_like(IMAGES)
    assert (infidelity(slope, IMAGES, curved, rng(), rescale=True) <= zero).all()


def test_options_change_the_result():
    maps = np.ones_like(IMAGES)
    plain = infidelity(maps, IMAGES, curved, rng())
    for options in ({"noise": 0.1}, {"samples": 20}, {"rescale": True}):
        assert (infidelity(maps, IMAGES, curved, rng(), **options) != plain).all()
    assert (infidelity(maps, IMAGES, curved, np.random.default_rng(1)) != plain).all()


def test_what_float32_really_took_away_is_what_counts():
    images = (1000 + IMAGES).astype("float32")
    maps = np.broadcast_to(WEIGHTS, images.shape)

    def exact(asked):
        return linear(asked.astype("float64"))

    np.testing.assert_allclose(infidelity(maps, images, exact, rng(), noise=1e-3), 0, atol=1e-20)


def test_maps_scores_and_images_without_a_number():
    images, maps = IMAGES.copy(), np.ones_like(IMAGES)
    images[1], maps[2, 0, 0], maps[3, 0, 0] = 0.5, np.nan, np.inf

    def scores(asked):
        return np.where(np.arange(6) == 4, np.nan, linear(asked))

    found = infidelity(maps, images, scores, rng())
    assert np.isnan(found).tolist() == [False, True, True, True, True, False]


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="same shape"):
        infidelity(np.ones((6, 4)), IMAGES, linear, rng())
    with pytest.raises(ValueError, match=r"floating images.*dtype=uint8"):
        infidelity(np.ones((6, 4, 5)), IMAGES.astype("uint8"), linear, rng())
    with pytest.raises(ValueError, match="noise=0"):
        infidelity(IMAGES, IMAGES, linear, rng(), noise=0)
    with pytest.raises(ValueError, match="samples=0"):
        infidelity(IMAGES, IMAGES, linear, rng(), samples=0)
    with pytest.raises(ValueError, match=r"scores\(images\) to be \(6,\)"):
        infidelity(IMAGES, IMAGES, lambda asked: asked, rng())
