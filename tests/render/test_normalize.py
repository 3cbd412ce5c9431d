import numpy as np
import pytest

from keras_saliency.render import SCALE_RULE, normalize, scales


def test_each_map_has_its_own_quantile(rng):
    maps = rng.normal(size=(3, 20, 20))
    expected = [np.quantile(np.abs(one), 0.995) for one in maps]
    np.testing.assert_allclose(scales(maps), expected)
    np.testing.assert_allclose(normalize(maps), np.clip(maps / np.reshape(expected, (3, 1, 1)), -1, 1))


def test_the_rule_says_the_quantile():
    assert "99.5 %" in SCALE_RULE
    assert SCALE_RULE.isprintable()


def test_one_map_does_not_change_another(rng):
    maps = rng.normal(size=(3, 8, 8))
    together = normalize(maps)
    for index in range(3):
        np.testing.assert_array_equal(normalize(maps[index : index + 1])[0], together[index])


def test_the_unit_of_the_map_does_not_matter(rng):
    maps = rng.normal(size=(2, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(normalize(maps * 1e-6), normalize(maps), rtol=1e-5)


def test_sign_is_symmetric(rng):
    maps = rng.normal(size=(2, 8, 8))
    np.testing.assert_array_equal(normalize(-maps), -normalize(maps))


def test_zero_stays_zero_in_one_signed_maps():
    maps = np.array([[[0.0, 1.0, 3.0]]])
    assert normalize(maps)[0, 0, 0] == 0
    assert normalize(-maps)[0, 0, 0] == 0


def test_zero_maps_stay_zero():
    maps = np.zeros((2, 4, 4), np.float32)
    assert scales(maps).tolist() == [0, 0]
    assert not normalize(maps).any()


def test_constant_maps_are_flat_and_finite():
    assert (normalize(np.full((1, 4, 4), 5.0)) == 1).all()
    assert (normalize(np.full((1, 4, 4), -5.0)) == -1).all()


def test_a_single_pixel_is_seen_though_the_quantile_is_zero():
    maps = np.zeros((1, 40, 40))
    maps[0, 3, 4] = -2
    assert scales(maps).tolist() == [2]
    assert normalize(maps)[0, 3, 4] == -1


def test_not_finite_is_nan_and_does_not_count():
    maps = np.array([[[1.0, -2.0, np.nan, np.inf]], [[1.0, 2.0, 3.0, 4.0]]])
    assert scales(maps)[0] == scales(maps[:1, :, :2])[0]
    shown = normalize(maps)
    assert np.isnan(shown[0, 0]).tolist() == [False, False, True, True]
    np.testing.assert_array_equal(shown[0, :, :2], normalize(maps[:1, :, :2])[0])
    np.testing.assert_array_equal(shown[1], normalize(maps[1:])[0])


def test_nothing_finite():
    maps = np.full((1, 2, 2), np.nan)
    assert scales(maps).tolist() == [0]
    assert np.isnan(normalize(maps)).all()


def test_values_far_above_a_tiny_quantile_are_clipped():
    maps = np.full((1, 40, 40), 1e-40, np.float32)
    maps[0, 0, 0] = 1e30
    assert normalize(maps)[0, 0, 0] == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [("float16", "float32"), ("float32", "float32"), ("float64", "float64"), ("uint8", "float32")],
)
def test_dtypes(given, kept):
    assert normalize(np.ones((1, 2, 2), given)).dtype == kept


@pytest.mark.parametrize("maps", [np.zeros(3), np.zeros((1, 2, 2), complex)])
def test_what_is_no_batch_of_maps_is_an_error(maps):
    with pytest.raises(ValueError, match=r"Expected real maps \(n, height, width\)"):
        normalize(maps)
