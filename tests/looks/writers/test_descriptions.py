import pytest

from keras_saliency.looks.writers.descriptions import describe

NUMBERS = [
    "drift",
    "drift_from_start",
    "top_overlap",
    "center_shift",
    "magnitude",
    "entropy",
    "gini",
    "zero_fraction",
]


@pytest.mark.parametrize("number", NUMBERS)
def test_no_number_of_a_map_has_a_better_direction(number):
    assert describe(number).endswith("Mean over the probes. Neither way is better.")


def test_enrichment_names_its_region():
    assert "the region `top_left` ÷" in describe("top_left_enrichment")
    assert "Which way is better depends on the region." in describe("top_left_enrichment")


def test_an_unknown_number_has_none():
    assert describe("something_new") == ""
