"""A training with looks is, bit for bit, the training without them: whatever network, training and looks are drawn."""

import numpy as np
import pytest
from hypothesis import event, given, settings

from tests.properties.networks import Network
from tests.properties.trainings import WAYS, Training, trainings

pytestmark = pytest.mark.filterwarnings("ignore")

DROPOUT = Network(("dropout",))
STATEFUL = Network(("batch normalization", "dropout at inference", "noise at inference", "dropout"))
KNOWN = {
    "stateful": Training(STATEFUL, way="compiled"),
    "deferred": Training(Network(("dropout",), kind="deferred"), way="compiled"),
    "subclassed": Training(Network(("dropout",), kind="subclassed")),
    "late": Training(Network(("dropout",), kind="late"), way="compiled"),
    "shuffled, validated, twice": Training(DROPOUT, optimizer="adam", shuffle=True, validated=True, fits=2),
    "refused before": Training(STATEFUL, output="nothing"),
    "refused at the first look": Training(Network(("dropout",), stem="dense"), methods=("deconvnet",)),
    **{way: Training(DROPOUT, way=way) for way in WAYS.keys() - {"eager", "compiled"}},
}


def assert_no_trace(training):
    """Train twice and compare what is left behind; a refused training starts once more, without looks.

    Some trainings with shared layers end with other last bits every time on TensorFlow, looks or no looks: a difference
    counts if several trainings without looks agree.
    """
    left, saliency, refused_in = training.with_looks()
    without = training.without_looks(stopped=refused_in)
    if not are_equal(left, without):
        if all(are_equal(without, training.without_looks(stopped=refused_in)) for _ in range(5)):
            np.testing.assert_equal(left, without)
        event("does not train the same every time without looks")
    return saliency, refused_in


def are_equal(one, other):
    try:
        np.testing.assert_equal(one, other)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_looks_leave_no_trace_in(name):
    saliency, refused_in = assert_no_trace(KNOWN[name])
    assert bool(refused_in) == (saliency.last_look is None) == ("refused" in name)


@settings(max_examples=settings.default.max_examples // 5)  # each trains twice
@given(trainings())
def test_looks_leave_no_trace(training):
    saliency, refused_in = assert_no_trace(training)
    event(f"refused in {refused_in[1]}" if refused_in else f"lost {sorted(saliency.summary.lost)}")
