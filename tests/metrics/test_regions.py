import numpy as np
import pytest

from keras_saliency.metrics import enrichment, mass_share

CORNER = np.zeros((4, 5), dtype=bool)
CORNER[:2, :2] = True
BOTH = pytest.mark.parametrize("metric", [mass_share, enrichment])


def test_by_hand():
    magnitude = np.zeros((2, 4, 5))
    magnitude[0, 0, 0], magnitude[0, 3, 4] = 3.0, 1.0
    magnitude[1, 1, 1] = 0.1
    np.testing.assert_allclose(mass_share(magnitude, CORNER), [0.75, 1.0])
    np.testing.assert_allclose(enrichment(magnitude, CORNER), [0.75 * 20 / 4, 20 / 4])


def test_a_constant_map_is_chance():
    np.testing.assert_allclose(mass_share(np.full((3, 4, 5), 0.1), CORNER), np.full(3, 4 / 20))
    np.testing.assert_allclose(enrichment(np.full((3, 4, 5), 0.1), CORNER), np.ones(3))


def test_noise_is_chance_on_average():
    magnitude = np.random.default_rng(0).random((5000, 4, 5))
    np.testing.assert_allclose(enrichment(magnitude, CORNER).mean(), 1.0, atol=0.02)


def test_agrees_with_a_loop_over_regions_of_their_own():
    rng = np.random.default_rng(0)
    magnitude, regions = rng.random((20, 6, 7)), rng.random((20, 6, 7)) < 0.3
    share = [m[r].sum() / m.sum() for m, r in zip(magnitude, regions, strict=True)]
    np.testing.assert_allclose(mass_share(magnitude, regions), share)
    np.testing.assert_allclose(enrichment(magnitude, regions), share / regions.mean(axis=(1, 2)))


def test_one_region_serves_all_maps():
    magnitude = np.random.default_rng(0).random((3, 4, 5))
    for metric in (mass_share, enrichment):
        np.testing.assert_array_equal(
            metric(magnitude, CORNER), metric(magnitude, np.broadcast_to(CORNER, (3, 4, 5)))
        )


def test_a_region_and_its_complement_share_everything():
    magnitude = np.random.default_rng(0).random((9, 4, 5))
    np.testing.assert_allclose(mass_share(magnitude, CORNER) + mass_share(magnitude, ~CORNER), np.ones(9))


@BOTH
def test_a_region_that_covers_everything_has_one(metric):
    magnitude = np.random.default_rng(0).random((200, 4, 5))
    found = metric(magnitude, np.ones((4, 5), dtype=bool))
    np.testing.assert_allclose(found, np.ones(200))
    assert (found <= 1.0).all()


@BOTH
def test_a_map_that_is_all_zero_or_not_finite_has_none(metric):
    magnitude = np.ones((4, 4, 5))
    magnitude[1] = 0
    magnitude[2, 3, 3] = np.nan
    magnitude[3, 0, 0] = np.inf
    assert np.isnan(metric(magnitude, CORNER)).tolist() == [False, True, True, True]


@pytest.mark.parametrize(("metric", "share"), [(mass_share, 0.2), (enrichment, 1.0)])
def test_a_map_without_the_region_has_none(metric, share):
    regions = np.stack([CORNER, np.zeros_like(CORNER)])
    np.testing.assert_allclose(metric(np.ones((2, 4, 5)), regions), [share, np.nan])
    np.testing.assert_allclose(metric(np.ones((2, 4, 5)), regions & False), [np.nan, np.nan])


@BOTH
def test_one_pixel(metric):
    np.testing.assert_array_equal(metric(np.array([[[2.0]], [[0.0]]]), np.array([[True]])), [1.0, np.nan])


@BOTH
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_float_dtype(metric, dtype):
    magnitude = (np.arange(20).reshape(1, 4, 5) / 4).astype(dtype)
    found = metric(magnitude, CORNER)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, metric(magnitude.astype(np.float64), CORNER))


@BOTH
def test_no_maps_give_no_numbers(metric):
    assert metric(np.zeros((0, 4, 5)), CORNER).shape == (0,)
    assert metric(np.zeros((0, 4, 5)), np.zeros((0, 4, 5), dtype=bool)).shape == (0,)


@BOTH
@pytest.mark.parametrize("shape", [(5, 4), (1, 4, 5), (3, 4, 5), (20,), ()])
def test_other_shapes_are_refused(metric, shape):
    with pytest.raises(ValueError, match=r"region of shape \(4, 5\) or \(2, 4, 5\).*Received: shape=\("):
        metric(np.ones((2, 4, 5)), np.ones(shape, dtype=bool))


@BOTH
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_regions_that_are_not_boolean_are_refused(metric, dtype):
    with pytest.raises(ValueError, match=r"region of booleans.*Received: dtype=(uint8|float32)"):
        metric(np.ones((2, 4, 5)), CORNER.astype(dtype))


@BOTH
def test_an_empty_region_of_all_maps_is_refused(metric):
    with pytest.raises(ValueError, match=r"at least one pixel\. Received: \(4, 5\), all False"):
        metric(np.ones((2, 4, 5)), np.zeros((4, 5), dtype=bool))


@BOTH
def test_magnitudes_are_checked(metric):
    with pytest.raises(ValueError, match="reduce the channels first"):
        metric(np.ones((2, 4, 5, 3)), CORNER)
    with pytest.raises(ValueError, match="never negative"):
        metric(-np.ones((2, 4, 5)), CORNER)
