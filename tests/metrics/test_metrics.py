"""What holds for every metric, run over the registry."""

import subprocess
import sys

import numpy as np
import pytest

from keras_saliency import metrics
from keras_saliency.metrics import METRICS, NUMBERS

from . import tables
from .tables import measure

ALL = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
COMPARING = pytest.mark.parametrize(
    "metric", [metric for metric in METRICS.values() if metric.compares], ids=lambda metric: metric.name
)
SHAPE = (5, 12, 13)
RANGES = {
    "drift": (0, 2),
    "drift_from_start": (0, 2),
    "rank_correlation": (-1, 1),
    "absolute_rank_correlation": (-1, 1),
    "cosine_similarity": (-1, 1),
    "ssim": (-1, 1),
    "total_variation": (0, 4),
    "magnitude": (0, 50 / 8),
    "enrichment": (0, 156 / 9),
    "border_enrichment": (0, 2.5),
    "corner_enrichment": (0, 10),
    "deletion_area": (0, 156),
    "insertion_area": (0, 156),
    "infidelity": (0, np.inf),
    "max_sensitivity": (0, np.inf),
}


def some_maps(seed: int, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Magnitudes with ties, each exact in float16."""
    return np.random.default_rng(seed).integers(0, 50, size=shape) / 8


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
    assert METRICS[metric.name] is metric
    judges = {"deletion_area", "insertion_area", "infidelity", "max_sensitivity"}
    assert (metric.better != "none") is (metric.name in judges)
    assert metric.source
    assert metric.description.endswith(".")
    assert metric.cost


def test_the_numbers_of_a_look_are_metrics_that_need_other_looks_at_most():
    assert {name: METRICS[name] for name in NUMBERS} == dict(NUMBERS)
    assert {metric.needs[1:] for metric in NUMBERS.values()} == {(), ("reference",), ("first",)}
    assert {metric.better for metric in NUMBERS.values()} == {"none"}


@ALL
def test_maps_come_first_and_then_what_else_is_known(metric):
    measured, *others = metric.needs
    assert measured in ("maps", "magnitude", "ranked")
    assert set(others) <= {"reference", "first", "region", "images", "scores", "explain", "rng"}


@ALL
def test_the_docstring_says_what_the_docs_promise(metric):
    assert "NaN" in metric.function.__doc__


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
    alone = [measure(metric, maps, reference, slice(i, i + 1))[0] for i in range(len(maps))]
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
    assert measure(metric, np.zeros((0, 12, 12)), np.zeros((0, 12, 12))).shape == (0,)


@COMPARING
def test_a_reference_is_never_broadcast(metric):
    with pytest.raises(
        ValueError, match=r"same shape\. Received: shape=\(5, 12, 13\), reference shape=\(1, 12, 13\)"
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
    if metric.name == "infidelity" and scale == 1e307:
        pytest.skip("a forecast of the score, squared: it has the unit of the maps")
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
    low, high = RANGES.get(metric.name, (0, 1))
    shape = (200, *SHAPE[1:])
    measured = measure(metric, some_maps(12, shape), some_maps(13, shape))
    assert ((measured >= low) & (measured <= high)).all()


@ALL
@pytest.mark.parametrize("value", [0.0, 2.5])
def test_constant_maps_have_the_number_that_the_page_says_or_none(metric, value):
    """See the table in docs/metrics.md: a number that a constant map does not have is never 0."""
    constant = np.full(SHAPE, value)
    measured = measure(metric, constant, some_maps(14))
    expected = CONSTANT[metric.name][value > 0]
    if expected is SOME:
        assert np.isfinite(measured).all()
    else:
        np.testing.assert_allclose(measured, np.full(len(measured), expected), atol=1e-12)


SOME = object()
NONE = np.nan
CONSTANT = {  # of an all-zero map, of one of 2.5 everywhere
    "drift": (NONE, NONE),
    "drift_from_start": (NONE, NONE),
    "top_overlap": (NONE, NONE),
    "center_shift": (NONE, SOME),
    "magnitude": (0, 2.5),
    "entropy": (NONE, 1),
    "gini": (NONE, 0),
    "zero_fraction": (1, 0),
    "rank_correlation": (NONE, NONE),
    "absolute_rank_correlation": (NONE, NONE),
    "cosine_similarity": (NONE, SOME),
    "ssim": (NONE, NONE),
    "total_variation": (NONE, 0),
    "mass_share": (NONE, 9 / 156),
    "enrichment": (NONE, 1),
    "pointing_game": (NONE, NONE),
    "relevance_rank_accuracy": (NONE, NONE),
    "border_enrichment": (NONE, 1),
    "corner_enrichment": (NONE, 1),
    "deletion_area": (NONE, NONE),
    "insertion_area": (NONE, NONE),
    "infidelity": (SOME, SOME),
    "max_sensitivity": (NONE, SOME),
    "gradient_reach": (NONE, SOME),
}


@pytest.mark.parametrize(("page", "title"), tables.TABLES)
def test_the_pages_say_what_the_catalogue_says(page, title):
    assert tables.written(page, title) == tables.TABLES[page, title](), "run `make matrix`"


def test_every_metric_has_a_row():
    rows = [line for key in tables.METRIC_TABLES for line in tables.TABLES[key]().splitlines()[2:]]
    assert sorted(row.split("`")[1] for row in rows) == sorted(METRICS)
