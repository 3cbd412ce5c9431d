from dataclasses import FrozenInstanceError

import pytest

from keras_saliency.metrics import Metric, gini


def test_metric_is_frozen():
    metric = Metric("gini", "none", gini, compares=False)
    with pytest.raises(FrozenInstanceError):
        metric.better = "higher"
