from dataclasses import FrozenInstanceError

import pytest

from keras_saliency.metrics import Metric, drift, gini


def test_metric_is_frozen():
    metric = Metric("gini", "none", gini)
    with pytest.raises(FrozenInstanceError):
        metric.better = "higher"


def test_a_metric_compares_if_it_needs_a_reference():
    assert not Metric("gini", "none", gini).compares
    assert Metric("drift", "none", drift, needs=("reference",)).compares
