import math

import numpy as np
import pytest

from keras_saliency.looks.look import Look, MethodLook
from keras_saliency.metrics import NUMBERS
from keras_saliency.records.scores import Scores
from keras_saliency.training.log_keys import LogKeys

METHODS, REGIONS = ("gradient", "smoothgrad"), ("corner", "sky")
ACCURACY = "saliency_probe_accuracy"


def keys(log_keys="default", *, labelled=True, methods=METHODS, regions=REGIONS, **options):
    return LogKeys(log_keys, methods, regions, labelled=labelled, **options)


def look(accuracy=None, **numbers):
    """A look of the method gradient with these numbers."""
    seen = MethodLook(
        heatmaps={},
        model_scores=Scores(
            values=np.zeros(1),
            target_classes=np.zeros(1, int),
            predicted_classes=np.zeros(1, int),
            probabilities=np.zeros(1),
            kind="logit",
        ),
        per_probe={name: np.array([value]) for name, value in numbers.items()},
    )
    return Look(0, 0, 0.0, {"gradient": seen}, accuracy)


def complete(found):
    found.update(look(0.5))
    return list(found.values)


def test_the_default_is_drift_enrichments_and_accuracy():
    numbers = ("drift", "corner_enrichment", "sky_enrichment")
    assert complete(keys()) == [*(f"saliency_{m}_{n}" for m in METHODS for n in numbers), ACCURACY]


def test_all_is_every_number():
    numbers = (*NUMBERS, "corner_enrichment", "sky_enrichment")
    assert complete(keys("all")) == [*(f"saliency_{m}_{n}" for m in METHODS for n in numbers), ACCURACY]


def test_none_is_nothing():
    assert complete(keys("none")) == []


@pytest.mark.parametrize(
    "chosen", [["saliency_gradient_gini", ACCURACY], ("saliency_gradient_gini", ACCURACY)]
)
def test_a_list_is_just_that(chosen):
    assert complete(keys(chosen)) == list(chosen)


def test_one_key_may_stand_alone():
    assert complete(keys("saliency_smoothgrad_sky_enrichment")) == ["saliency_smoothgrad_sky_enrichment"]


def test_unlabelled_probes_have_no_accuracy():
    assert ACCURACY not in complete(keys("all", labelled=False))
    with pytest.raises(ValueError, match=f"Received: '{ACCURACY}'"):
        keys([ACCURACY], labelled=False)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("al", "Keys: saliency_gradient_drift, saliency_gradient_drift_from_start, .*Received: 'al'"),
        (["saliency_gradient_drift", "saliency_gradient_entrpy"], "mean 'saliency_gradient_entropy'.* Keys"),
        (["saliency_gradient_sea_enrichment"], "Did you mean 'saliency_gradient_s.*_enrichment'"),
        (None, "Received: None"),
        ([3], "Received: 3"),
    ],
)
def test_a_key_that_there_is_not_is_refused(wrong, hint):
    with pytest.raises(ValueError, match='Expected log_keys to be "default", "all", "none" or some.*' + hint):
        keys(wrong)


def test_values_are_infinite_until_there_are_some_and_then_repeated():
    found = keys(["saliency_gradient_drift", "saliency_gradient_gini"])
    assert set(found.values.values()) == {math.inf}
    found.update(look(gini=0.5))
    assert found.values == {"saliency_gradient_drift": math.inf, "saliency_gradient_gini": 0.5}
    found.update(look(drift=0.25, gini=0.5))
    for _ in range(2):
        assert found.values == {"saliency_gradient_drift": 0.25, "saliency_gradient_gini": 0.5}


@pytest.mark.parametrize(
    ("missing", "expected"), [("inf", {"saliency_gradient_drift": math.inf}), ("absent", {})]
)
def test_a_number_that_the_last_look_lacks_is_never_an_older_one(missing, expected):
    found = keys(["saliency_gradient_drift", ACCURACY], missing=missing)
    assert found.values == expected
    for lost in (look(drift=np.nan), Look(1, 1, 0.0, {})):
        found.update(look(drift=0.25, accuracy=0.5))
        assert found.values == {"saliency_gradient_drift": 0.25, ACCURACY: 0.5}
        found.update(lost)
        assert found.values == expected


def test_models_that_predict_no_class_have_no_accuracy():
    found = keys([ACCURACY])
    found.update(look(gini=0.5))
    assert found.values == {}
    found.update(look(0.75))
    assert found.values == {ACCURACY: 0.75}


def test_forgetting_starts_again():
    found = keys("saliency_gradient_drift")
    found.update(look(drift=0.25))
    found.forget()
    assert found.values == {"saliency_gradient_drift": math.inf}
