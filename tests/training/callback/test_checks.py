"""Cheap checks at every look of a training."""

import re
import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

import keras_saliency as ks
from keras_saliency import records
from keras_saliency.checks.gate.suites import SUITES
from keras_saliency.looks.event_file import event_files, read_events
from keras_saliency.reports.result import CheckResult

STRUCTURE = 7


def scalars(folder):
    log = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    log.Reload()
    return {
        tag: [(event.step, float(make_ndarray(event.tensor_proto))) for event in log.Tensors(tag)]
        for tag in log.Tags()["tensors"]
        if tag.startswith("saliency/checks/")
    }


def test_every_look_has_the_results(network, saliency, remember, fit):
    callback = saliency(checks=["structure", ks.Region("corner")])
    looks = remember(callback)
    fit(network(), callback, looks, epochs=2)
    assert [len(look.checks) for look in looks.looks] == [STRUCTURE + 1] * 3
    assert looks.looks[-1].checks[-1].name == "region_corner"
    assert {check.status for look in looks.looks for check in look.checks} <= {"passed", "warned", "skipped"}


def test_curves_tell_what_was_held(network, saliency, fit, tmp_path):
    with pytest.warns(ks.SaliencyWarning, match="The check accuracy failed"):
        fit(network(), saliency(checks=["finite", ks.Accuracy(1.0)]), epochs=2)
    assert scalars(tmp_path / "logs" / "saliency") == {
        "saliency/checks/finite": [(-1, 1.0), (0, 1.0), (1, 1.0)],
        "saliency/checks/accuracy": [(-1, 0.0), (0, 0.0), (1, 0.0)],
    }


@pytest.mark.filterwarnings("ignore::keras_saliency.SaliencyWarning")
def test_the_tab_gets_every_result(network, saliency, remember, fit, tmp_path):
    callback = saliency(checks=["finite", ks.Accuracy(1.0), "finite_difference"])
    looks = remember(callback)
    fit(network(), callback, looks, epochs=1)
    (file,) = event_files(tmp_path / "logs" / "saliency")
    stored = [
        records.decode_checks(value.tensor.string_val[0])
        for event in read_events(file)
        for value in event.summary.value
        if value.tag == records.CHECKS_TAG
    ]
    assert [(record.step, record.epoch) for record in stored] == [(-1, -1), (0, 0)]
    for record, look in zip(stored, looks.looks, strict=True):
        assert [(r["name"], r["status"], r["sentence"], r["direction"]) for r in record.results] == [
            (r.name, r.status, r.sentence, r.direction) for r in look.checks
        ]
        assert [r["limit"] for r in record.results] == [r.limit for r in look.checks]


def test_a_failure_is_warned_of_once(network, saliency, fit):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(network(), saliency(checks=ks.Accuracy(1.0)), epochs=3)
    told = [str(warning.message) for warning in caught if issubclass(warning.category, ks.SaliencyWarning)]
    assert len(told) == 1
    assert told[0].startswith("The check accuracy failed after epoch 1 (step 0): ")


@pytest.mark.filterwarnings("ignore::keras_saliency.SaliencyWarning")
@pytest.mark.parametrize(("stop", "epochs"), [(True, 1), (False, 3)])
def test_a_failure_may_stop_the_training_but_not_before_it_began(network, saliency, fit, stop, epochs):
    history = fit(network(), saliency(checks=ks.Accuracy(1.0), stop_on_failure=stop), epochs=3)
    assert len(history["loss"]) == epochs


@pytest.mark.filterwarnings("ignore::keras_saliency.SaliencyWarning")
def test_a_training_with_checks_is_the_same_training(network, saliency, fit, weights):
    alone = network()
    fit(alone)
    watched = network()  # the random seeds are set again
    fit(watched, saliency(checks=["structure", "region"]))
    for value, other in zip(weights(watched), weights(alone), strict=True):
        np.testing.assert_array_equal(value, other)


def test_costly_checks_are_refused_with_the_cheap_ones(saliency):
    with pytest.raises(
        ValueError, match="parameter_randomization cost too much.*Cheap ones: accuracy, .*, region, "
    ):
        saliency(checks="parameter_randomization")
    with pytest.raises(ValueError, match=r"No check 'finit'. Did you mean 'finite'"):
        saliency(checks=["finit"])


def test_without_checks_nothing_is_checked(network, saliency, fit, tmp_path):
    callback = saliency()
    fit(network(), callback, epochs=1)
    assert callback.last_look.checks == ()
    assert scalars(tmp_path / "logs" / "saliency") == {}


@pytest.mark.parametrize(
    ("checks", "sentence"),
    [
        (ks.Region("nope"), "The check region_nope cannot be made: No region 'nope'. Regions: corner"),
        (ks.Region("corner", means=99), "below 3. Received: means=99"),
        (["structure", "finite_difference"], "Maps of input_x_gradient are not the gradient of the score"),
    ],
)
def test_what_was_asked_for_and_cannot_be_made_is_refused_before_the_first_update(
    network, saliency, fit, weights, checks, sentence
):
    model, untouched = network(), network()
    with pytest.raises(ks.SaliencyError, match=re.escape(sentence)):
        fit(model, saliency(checks=checks, methods="input_x_gradient"), epochs=1)
    for value, other in zip(weights(model), weights(untouched), strict=True):
        np.testing.assert_array_equal(value, other)


def test_a_stop_without_a_check_is_refused(saliency):
    with pytest.raises(ValueError, match="Expected checks= whose failure stops .*stop_on_failure=True"):
        saliency(stop_on_failure=True)


@dataclass(frozen=True)
class Undecided:
    """Finds nothing to judge at any look."""

    name: str = "undecided"
    registered: ClassVar[str] = "undecided"
    cheap: ClassVar[bool] = True

    def run(self, subject):
        return CheckResult(self.name, "skipped", "There is nothing to judge.")


def test_what_finds_nothing_to_judge_may_begin_so_and_is_missed_later(network, saliency, remember, fit):
    looks = remember(callback := saliency(checks=Undecided()))
    with pytest.warns(ks.SaliencyWarning, match="The check undecided errored after epoch 1 .*asked for"):
        fit(network(), callback, looks, epochs=1)
    assert [look.checks[0].status for look in looks.looks] == ["skipped", "errored"]


@dataclass(frozen=True)
class OfMaps:
    """Fails about the maps, from a look on; a suite might bring it along."""

    name: str = "of_maps"
    registered: ClassVar[str] = "of_maps"
    cheap: ClassVar[bool] = True
    about: ClassVar[str] = "maps"

    def run(self, subject):
        return CheckResult(self.name, "failed", "These maps move.", 1.5, 0.5, "at_most")


@pytest.mark.filterwarnings("ignore::keras_saliency.SaliencyWarning")
def test_what_failed_is_in_the_summary_and_read_back(network, saliency, remember, fit, tmp_path):
    callback = saliency(checks=["structure", ks.Accuracy(1.0), OfMaps()])
    looks = remember(callback)
    fit(network(), callback, looks, epochs=2)
    assert callback.summary.failed == {"accuracy": 2, "of_maps": 2}
    assert str(callback.summary).endswith(
        "; checks that failed: accuracy at 2 of 3 looks, of_maps at 2 of 3 looks"
    )
    stored = ks.load_looks(tmp_path / "logs")
    assert len(stored) == 3
    told = ("name", "status", "sentence", "limit", "direction", "about", "counts")
    for look, original in zip(stored, looks.looks, strict=True):
        assert [[getattr(r, key) for key in told] for r in look.checks] == [
            [getattr(r, key) for key in told] for r in original.checks
        ]
        assert look.checks[-1].about == "maps"
        assert look.checks[-1].value == 1.5


def test_a_log_of_an_older_version_is_read(network, saliency, fit, monkeypatch, tmp_path):
    from keras_saliency.looks.writers import tensorboard

    monkeypatch.setattr(
        tensorboard, "_OF_A_RESULT", ("name", "status", "sentence", "value", "limit", "direction")
    )
    fit(network(), saliency(checks="finite_difference"), epochs=1)
    (result,) = ks.load_looks(tmp_path / "logs")[-1].checks
    assert (result.name, result.about, result.counts) == ("finite_difference", "model", True)


@pytest.mark.filterwarnings("ignore::keras_saliency.SaliencyWarning")
@pytest.mark.parametrize(("rule", "epochs"), [(True, 3), ("failed", 3), ("any", 1), (False, 3)])
def test_a_training_stops_by_the_rule_of_reports(network, saliency, fit, offer, monkeypatch, rule, epochs):
    offer("keras_saliency.checks", of_maps=OfMaps)
    monkeypatch.setitem(SUITES, "structure", ("finite", "of_maps"))
    history = fit(network(), saliency(checks="structure", stop_on_failure=rule), epochs=3)
    assert len(history["loss"]) == epochs


def test_a_rule_that_there_is_not_is_refused(saliency):
    with pytest.raises(ValueError, match="stop_on_failure to be True, False, 'failed', 'any', 'warned'"):
        saliency(checks="finite", stop_on_failure="sometimes")
