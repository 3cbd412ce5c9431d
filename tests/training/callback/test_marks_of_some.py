"""A region that only some of the probes have, through a training: its numbers, logs, checks, and the tab."""

import json

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.recent import Recent
from keras_saliency.tensorboard_plugin.trainings import Trainings

KEY = "saliency_gradient_ruler_enrichment"
HAVE_IT = np.array([True, False, True, False, False])


@pytest.fixture
def marked(x, y):
    """A function that makes five probes, of which these have a ruler of two pixels, each at its own place."""

    def make(have_it=HAVE_IT):
        masks = np.zeros((5, 6, 6), bool)
        for row in np.flatnonzero(have_it):
            masks[row, row, 2:4] = True
        if have_it.any():
            return ks.ProbeSet(x[:5], y[:5], regions={"ruler": masks})
        return ks.ProbeSet.sample(
            x[:5], y[:5], per_class=5, regions={"ruler": lambda drawn: np.zeros((len(drawn), 6, 6), bool)}
        )

    return make


def test_the_numbers_are_those_of_the_probes_that_have_it(network, saliency, fit, marked, tmp_path):
    probes = marked()
    callback = saliency(probes=probes, checks=[ks.Region("ruler", fill=0.0)])
    history = fit(network(), callback, epochs=2)
    magnitude = callback.last_look.heatmaps("gradient").astype("float64")
    by_hand = [
        magnitude[row, row, 2:4].sum() / magnitude[row].sum() / (2 / 36) for row in np.flatnonzero(HAVE_IT)
    ]
    seen = callback.last_look.methods["gradient"]
    np.testing.assert_allclose(seen.per_probe["ruler_enrichment"][HAVE_IT], by_hand, rtol=1e-5)
    assert np.isnan(seen.per_probe["ruler_enrichment"]).tolist() == (~HAVE_IT).tolist()
    assert history[KEY][-1] == pytest.approx(np.mean(by_hand))
    (checked,) = callback.last_look.checks
    assert checked.status != "errored"
    assert np.isnan(checked.per_probe["enrichment"]).tolist() == (~HAVE_IT).tolist()

    read = ks.load_looks(tmp_path / "logs")[-1].methods["gradient"]
    np.testing.assert_allclose(
        read.per_probe["ruler_enrichment"], seen.per_probe["ruler_enrichment"], rtol=1e-6
    )
    assert read.numbers["ruler_enrichment"] == pytest.approx(np.mean(by_hand))


def test_the_tab_has_no_number_for_the_others(network, saliency, fit, marked, tmp_path):
    fit(network(), saliency(probes=marked()), epochs=1)
    recent = Recent(10**6)
    answers = Answers(Trainings(LogStore(tmp_path / "logs"), recent), recent)
    assert answers.runs()["runs"][0]["regions"] == ["ruler"]
    found = answers.looks("saliency", "gradient")
    found = json.loads(found) if isinstance(found, (bytes, str)) else found
    for values in found["per_probe"]["ruler_enrichment"]:
        assert [value is not None for value in values] == HAVE_IT.tolist()


@pytest.mark.parametrize(("missing", "expected"), [("inf", [np.inf] * 2), ("absent", None)])
def test_probes_that_are_all_without_it_are_warned_of_and_train_on(
    network, saliency, fit, marked, missing, expected
):
    callback = saliency(probes=marked(HAVE_IT & False), missing=missing, checks="region")
    refused = pytest.raises(ks.CheckDoesNotApplyError, match="None of the probes has the region 'ruler'")
    with pytest.warns(ks.SaliencyWarning), refused:
        fit(network(), callback, epochs=2)
    callback = saliency(probes=marked(HAVE_IT & False), missing=missing)
    with pytest.warns(
        ks.SaliencyWarning, match="None of the probes has the region 'ruler': there is no"
    ) as told:
        history = fit(network(), callback, epochs=2)
    assert len([one for one in told if one.category is ks.SaliencyWarning]) == 1
    assert history.get(KEY) == expected
    assert "gradient/ruler_enrichment" not in callback.last_look.numbers
