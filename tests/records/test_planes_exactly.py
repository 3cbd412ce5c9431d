"""What is stored of maps, number by number, and how far from the maps it is."""

import numpy as np
import pytest

from keras_saliency.records import planes

POSITIVE = np.array([[[0, 1, 2], [4, 0, 0]], [[0, 0, 0], [0, 0, 10]]], np.float32)
NEGATIVE = np.array([[[3, 0, 0], [0, 8, 0]], [[5, 0, 0], [0, 0, 0]]], np.float32)
VIEWS = {
    "positive": POSITIVE,
    "negative": NEGATIVE,
    "magnitude": np.maximum(POSITIVE, NEGATIVE),
    "signed": POSITIVE - NEGATIVE,
}


def changed(view, values):
    return {name: np.array(array) for name, array in VIEWS.items()} | {view: values}


def test_each_probe_has_its_largest_value_as_scale():
    stored, scales, finite = planes.quantised(VIEWS)
    assert {name: scale.tolist() for name, scale in scales.items()} == {"magnitude": [8, 10]}
    assert finite.tolist() == [True, True]
    assert list(stored) == ["positive", "negative"]
    # In steps of 8/255 and 10/255, to the nearest.
    np.testing.assert_array_equal(stored["positive"][0], [[0, 32, 64], [128, 0, 0]])
    np.testing.assert_array_equal(stored["negative"][0], [[96, 0, 0], [0, 255, 0]])
    np.testing.assert_array_equal(stored["positive"][1], [[0, 0, 0], [0, 0, 255]])
    np.testing.assert_array_equal(stored["negative"][1], [[128, 0, 0], [0, 0, 0]])
    assert {plane.dtype for plane in stored.values()} == {np.dtype("uint8")}


def test_a_difference_that_is_not_one_is_stored_around_128():
    stored, scales, _ = planes.quantised(changed("signed", 3 * VIEWS["signed"]))
    assert list(stored) == ["positive", "negative", "signed"]
    assert scales["magnitude"].tolist() == [8, 10]
    assert scales["signed"].tolist() == [24, 30]
    np.testing.assert_array_equal(stored["signed"][0], [[128 - 48, 128 + 16, 128 + 32], [128 + 64, 1, 128]])
    np.testing.assert_array_equal(stored["signed"][1], [[128 - 64, 128, 128], [128, 128, 255]])


def test_a_magnitude_of_its_own_is_stored_and_may_be_the_largest():
    stored, scales, _ = planes.quantised(changed("magnitude", 2 * VIEWS["magnitude"]))
    assert list(stored) == ["positive", "negative", "magnitude"]
    assert scales["magnitude"].tolist() == [16, 20]
    np.testing.assert_array_equal(stored["magnitude"][1], [[128, 0, 0], [0, 0, 255]])
    np.testing.assert_array_equal(stored["positive"][1], [[0, 0, 0], [0, 0, 128]])


@pytest.mark.parametrize("view", ["magnitude", "signed"])
def test_a_quarter_of_a_step_is_no_difference(view):
    step = 8 / 255
    for offset, is_stored in ((0.2495 * step, False), (0.2505 * step, True)):
        values = np.array(VIEWS[view])
        values[0, 0, 2] += offset
        assert (view in planes.quantised(changed(view, values))[0]) == is_stored


@pytest.mark.parametrize("factor", [1.0, 3.0])
@pytest.mark.parametrize("view", ["magnitude", "signed"])
def test_what_is_restored_is_half_a_step_away_at_most(view, factor):
    rng = np.random.default_rng(1)
    positive, negative = np.maximum(rng.normal(size=(2, 3, 5, 4)), 0).astype(np.float32)
    views = {"positive": positive, "negative": negative}
    views |= {"magnitude": np.maximum(positive, negative), "signed": positive - negative}
    views[view] = views[view] * np.float32(factor)
    stored, scales, finite = planes.quantised(views)
    found = planes.restored(stored, {name: list(scale) for name, scale in scales.items()}, list(finite))
    assert list(found) == list(planes.VIEWS)
    unsigned = (
        np.max([views[name].max((1, 2)) for name in ("positive", "negative", "magnitude")], axis=0) / 255
    )
    own = np.abs(views["signed"]).max((1, 2)) / 127
    for name, values in found.items():
        half = (own if name == "signed" and "signed" in stored else unsigned) / 2
        # A difference of two planes has the errors of both.
        allowed = 2 * half if name == "signed" and "signed" not in stored else half
        assert values.dtype == np.float32
        assert (np.abs(values - views[name]) <= 1.0001 * allowed[:, None, None]).all(), name


def test_a_map_that_is_not_finite_is_zero_in_the_planes_and_nan_when_restored():
    values = np.array(VIEWS["signed"])
    values[0, 1, 1] = np.inf
    stored, scales, finite = planes.quantised(changed("signed", values))
    assert finite.tolist() == [False, True]
    assert scales["magnitude"].tolist() == [0, 10]
    assert stored["positive"][0].max() == stored["negative"][0].max() == 0
    found = planes.restored(stored, {"magnitude": [0, 10]}, [False, True])
    without_a_scale = planes.restored(stored, {"magnitude": [None, 10]}, [True, True])
    for name in planes.VIEWS:
        assert np.isnan(found[name][0]).all()
        assert np.isnan(without_a_scale[name][0]).all()
        np.testing.assert_array_equal(found[name][1], without_a_scale[name][1])


def test_planes_of_another_kind_or_size_are_refused():
    good = np.zeros((2, 3, 4), np.uint8)
    assert list(planes.stored_planes({"positive": good, "negative": good, "other": good}, 2)) == [
        "positive",
        "negative",
    ]
    for bad in (good.astype("int16"), good[:1], good[:, :, :3], good[0]):
        with pytest.raises(ValueError, match="for 2 probes"):
            planes.stored_planes({"positive": good, "negative": bad}, 2)
    with pytest.raises(ValueError, match=r"positive: uint8 \(2, 3, 4\) for 3 probes"):
        planes.stored_planes({"positive": good, "negative": good}, 3)


@pytest.mark.parametrize("shape", [(0, 2, 3), (2, 0, 3)])
def test_no_probes_and_no_pixels_make_empty_planes(shape):
    stored, scales, finite = planes.quantised(dict.fromkeys(planes.VIEWS, np.zeros(shape, np.float32)))
    assert {name: plane.shape for name, plane in stored.items()} == {"positive": shape, "negative": shape}
    assert scales["magnitude"].tolist() == [0.0] * shape[0]
    assert finite.tolist() == [True] * shape[0]
