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
    """Train twice and compare what is left behind; a refused training starts once more, without looks."""
    left, saliency, refused_in = training.with_looks()
    np.testing.assert_equal(left, training.without_looks(stopped=refused_in))
    return saliency, refused_in


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_looks_leave_no_trace_in(name):
    saliency, refused_in = assert_no_trace(KNOWN[name])
    assert bool(refused_in) == (saliency.last_look is None) == ("refused" in name)


@settings(max_examples=settings.default.max_examples // 5)  # each trains twice
@given(trainings())
def test_looks_leave_no_trace(training):
    saliency, refused_in = assert_no_trace(training)
    event(f"refused in {refused_in[1]}" if refused_in else f"lost {sorted(saliency.summary.lost)}")
