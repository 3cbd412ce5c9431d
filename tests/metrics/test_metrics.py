"""What holds for every number of a look, run over the registry."""

import inspect
import subprocess
import sys

import numpy as np
import pytest

from keras_saliency import metrics
from keras_saliency.metrics import NUMBERS, Metric

ALL = pytest.mark.parametrize("metric", NUMBERS.values(), ids=NUMBERS.keys())
COMPARING = pytest.mark.parametrize(
    "metric", [metric for metric in NUMBERS.values() if metric.compares], ids=lambda metric: metric.name
)


def some_maps(seed: int, shape: tuple[int, ...] = (5, 6, 7)) -> np.ndarray:
    """Magnitudes with ties, each exact in float16."""
    return np.random.default_rng(seed).integers(0, 50, size=shape) / 8


def measure(metric: Metric, maps: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return metric.function(maps, reference) if metric.compares else metric.function(maps)


def test_numbers_are_listed_in_the_order_shown():
    assert list(NUMBERS) == [
        "drift",
        "drift_from_start",
        "top_overlap",
        "center_shift",
        "magnitude",
        "entropy",
        "gini",
        "zero_fraction",
    ]


def test_numbers_cannot_be_changed():
    with pytest.raises(TypeError):
        NUMBERS["drift"] = NUMBERS["gini"]


def test_public_list_is_complete():
    assert all(hasattr(metrics, name) for name in metrics.__all__)
    assert len(set(metrics.__all__)) == len(metrics.__all__)


def test_the_room_needs_no_framework():
    code = (
        "import sys, keras_saliency.metrics\n"
        "print({'keras', 'tensorflow', 'jax', 'torch'} & {name.split('.')[0] for name in sys.modules})"
    )
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == "set()"


@ALL
def test_name_and_direction(metric):
    assert NUMBERS[metric.name] is metric
    assert metric.better == "none"


@ALL
def test_compares_says_whether_there_is_a_reference(metric):
    assert ("reference" in inspect.signature(metric.function).parameters) is metric.compares


@ALL
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_float_dtype_gives_the_same_float64_numbers(metric, dtype):
    maps, reference = some_maps(0), some_maps(1)
    measured = measure(metric, maps.astype(dtype), reference.astype(dtype))
    assert measured.dtype == np.float64
    assert measured.shape == (5,)
    np.testing.assert_array_equal(measured, measure(metric, maps, reference))


@ALL
def test_each_map_is_measured_alone(metric):
    maps, reference = some_maps(2), some_maps(3)
    together = measure(metric, maps, reference)
    alone = [measure(metric, maps[i : i + 1], reference[i : i + 1])[0] for i in range(len(maps))]
    np.testing.assert_allclose(together, alone, rtol=1e-12)


@ALL
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_map_that_is_not_finite_has_no_number_and_spoils_no_other(metric, value):
    maps, reference = some_maps(4), some_maps(5)
    clean = measure(metric, maps, reference)
    maps[2, 3, 3] = value
    measured = measure(metric, maps, reference)
    assert np.isnan(measured[2])
    np.testing.assert_array_equal(np.delete(measured, 2), np.delete(clean, 2))


@COMPARING
def test_a_reference_that_is_not_finite_gives_no_number(metric):
    reference = some_maps(5)
    reference[1, 0, 0] = np.nan
    measured = measure(metric, some_maps(4), reference)
    assert np.isnan(measured).tolist() == [False, True, False, False, False]


@ALL
def test_no_maps_give_no_numbers(metric):
    assert measure(metric, np.zeros((0, 4, 4)), np.zeros((0, 4, 4))).shape == (0,)


@COMPARING
def test_a_reference_is_never_broadcast(metric):
    with pytest.raises(
        ValueError, match=r"same shape\. Received: shape=\(5, 6, 7\), reference shape=\(1, 6, 7\)"
    ):
        metric.function(some_maps(0), some_maps(0)[:1])


@ALL
def test_arguments_are_not_changed(metric):
    maps, reference = some_maps(6), some_maps(7)
    maps[0, 0, 0] = np.nan
    kept = maps.copy(), reference.copy()
    measure(metric, maps, reference)
    np.testing.assert_array_equal(maps, kept[0])
    np.testing.assert_array_equal(reference, kept[1])


@ALL
@pytest.mark.parametrize("scale", [1e-320, 1e-30, 1e30, 1e307])
def test_extreme_scales_neither_warn_nor_overflow(metric, scale):
    measured = measure(metric, some_maps(8) / 8 * scale, some_maps(9) / 8 * scale)
    assert np.isfinite(measured).all()


@ALL
def test_the_memory_layout_does_not_matter(metric):
    maps, reference = some_maps(10), some_maps(11)
    np.testing.assert_allclose(
        measure(metric, np.asfortranarray(maps), reference[::-1][::-1]), measure(metric, maps, reference)
    )


@ALL
def test_measured_is_within_the_documented_range(metric):
    upper = {"drift": 2.0, "drift_from_start": 2.0, "magnitude": 50 / 8}.get(metric.name, 1.0)
    measured = measure(metric, some_maps(12, (200, 3, 3)), some_maps(13, (200, 3, 3)))
    assert ((measured >= 0) & (measured <= upper)).all()
