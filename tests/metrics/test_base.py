from dataclasses import FrozenInstanceError

import pytest

from keras_saliency.metrics import METRICS, Metric, drift, gini


def test_metric_is_frozen():
    metric = Metric("gini", gini, "0 is flat")
    with pytest.raises(FrozenInstanceError):
        metric.better = "higher"


def test_needs_are_the_arguments_without_a_default():
    assert METRICS["top_overlap"].needs == ("magnitude", "reference")
    assert METRICS["drift_from_start"].needs == ("ranked", "first")
    assert METRICS["pointing_game"].needs == ("magnitude", "region")
    assert METRICS["infidelity"].needs == ("maps", "images", "scores", "rng")


def test_a_metric_compares_if_it_needs_another_look():
    assert not Metric("gini", gini, "").compares
    assert Metric("drift", drift, "").compares
    assert METRICS["drift_from_start"].compares


def test_the_direction_as_a_sentence():
    assert METRICS["gini"].direction == "Neither way is better."
    assert METRICS["enrichment"].direction == "Which way is better depends on the region."
    assert METRICS["deletion_area"].direction == "Lower is better."
    assert METRICS["insertion_area"].direction == "Higher is better."
