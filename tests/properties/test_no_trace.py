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
    "augmented": Training(
        Network((("sequential", (("nested", ("gelu",)),)), "flip"), kind="subclassed"), way="compiled"
    ),
    "late": Training(Network(("dropout",), kind="late"), way="compiled"),
    "shuffled, validated, twice": Training(DROPOUT, optimizer="adam", shuffle=True, validated=True, fits=2),
    "refused before": Training(STATEFUL, output="nothing"),
    "refused at the first look": Training(Network(("dropout",), stem="dense"), methods=("deconvnet",)),
    **{way: Training(DROPOUT, way=way) for way in WAYS.keys() - {"eager", "compiled"}},
}


def assert_no_trace(training):
    """Train twice and compare what is left behind; a refused training starts once more, without looks.

    What cannot be trained with looks has to fail in the same way without. Some trainings with shared layers end with
    other last bits every time on TensorFlow: a difference counts if several trainings without looks agree.
    """
    try:
        left, saliency, refused_in = training.with_looks()
    except Exception as error:
        with pytest.raises(type(error)):
            training.without_looks()
        return "cannot be trained without looks either"
    assert (saliency.last_look is None) == (refused_in is not None and refused_in[0] == 1)
    without = training.without_looks(stopped=refused_in)
    if not are_equal(left, without):
        if all(are_equal(without, training.without_looks(stopped=refused_in)) for _ in range(5)):
            np.testing.assert_equal(left, without)
        return "does not train the same every time without looks either"
    return f"refused in {refused_in[1]}" if refused_in else f"lost {sorted(saliency.summary.lost)}"


def are_equal(one, other):
    try:
        np.testing.assert_equal(one, other)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_looks_leave_no_trace_in(name):
    refused = {
        "refused before": "refused in on_train_begin",
        "refused at the first look": "refused in on_epoch_begin",
    }
    assert assert_no_trace(KNOWN[name]) == refused.get(name, "lost []")


@pytest.mark.repeats
@settings(max_examples=settings.default.max_examples // 5)  # each trains twice
@given(trainings())
def test_looks_leave_no_trace(training):
    event(assert_no_trace(training))
