import pytest

from keras_saliency.looks.numbers import descriptions, enrichments
from keras_saliency.metrics import METRICS, NUMBERS


def test_every_number_of_a_look_is_described_in_the_order_shown():
    assert list(descriptions(["sky", "corner"])) == [
        *NUMBERS,
        "sky_enrichment",
        "corner_enrichment",
        "probe_accuracy",
    ]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_words_are_those_of_the_metric(number):
    words = descriptions([])[number]
    assert words == f"{METRICS[number].description} Neither way is better."


def test_an_enrichment_names_its_region():
    words = descriptions(["top_left"])["top_left_enrichment"]
    assert words.startswith(METRICS["enrichment"].description)
    assert words.endswith("This is the region `top_left`. Which way is better depends on the region.")


def test_an_enrichment_is_the_metric_under_another_name():
    metric = enrichments(["sky"])["sky"]
    assert metric.name == "sky_enrichment"
    assert metric.function is METRICS["enrichment"].function
