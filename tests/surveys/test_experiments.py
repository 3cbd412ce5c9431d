"""Strategies before a network with hand-made weights: what decides is known."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy.spatial.distance import pdist

from keras_saliency.checks.experiment.experiment import ERROR, UNSPECIFIC
from keras_saliency.checks.proposals.sameness import same_content
from keras_saliency.checks.shared.statistics import Proportion
from keras_saliency.methods import make_method
from keras_saliency.surveys.examples import Source
from keras_saliency.surveys.experiments import judge
from keras_saliency.surveys.measuring import Measurer
from keras_saliency.surveys.parts import Parts
from keras_saliency.surveys.strategy import Strategy

SIDE, EACH, MARKED = 16, 50, 20
CORNER = np.zeros((SIDE, SIDE), bool)
CORNER[:2, :2] = True


def network(weight):
    """A class gets the mean of four rows, and class 1 the weight × the mean of the corner."""
    kernel = np.zeros((SIDE, SIDE, 3))
    for index in range(3):
        kernel[rows_of(index), :, index] = 1 / 64
    kernel[..., 1] += weight * CORNER / CORNER.sum()
    model = keras.Sequential([keras.Input((SIDE, SIDE, 1)), layers.Flatten(), layers.Dense(3)])
    model.set_weights([kernel.reshape(-1, 3), np.zeros(3)])
    return model


def rows_of(index):
    return slice(4 + 4 * index, 8 + 4 * index)


def images(marked, alike=0.0, each=EACH):
    """Fifty of each class (or so many), whose rows are bright here and there; these of class 1 with a corner of 1.

    The first twenty of class 1 are to this share one grey picture.
    """
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), each)
    found = rng.uniform(0, 0.2, (len(labels), SIDE, SIDE, 1)).astype("float32")
    for image, label in zip(found, labels, strict=True):
        image[rows_of(label)] = rng.uniform(0, 1, (4, SIDE, 1))
    own = found[each : each + MARKED]
    own[:] = alike * 0.55 + (1 - alike) * own
    found[each : each + marked, CORNER] = 1
    return found, labels


def judged(tmp_path, weight, marked=MARKED, classes=slice(None), alike=0.0, **about):
    """The results for the first twenty examples of class 1 as a suspect."""
    x, y = images(marked, alike)
    x, y = x[classes], y[classes]
    model = network(weight)
    source, measurer = Source.of(model, (x, y)), Measurer(model, make_method("gradient"))
    parts = Parts(tmp_path / "parts")
    for chunk in source.chunks(64):
        parts.write(measurer.rows(chunk))
    first = int(np.flatnonzero(y == 1)[0])
    own = np.arange(first, first + MARKED)
    assigned = y.copy()
    assigned[own] = 3
    suspect = Strategy(
        class_index=1,
        number=3,
        size=MARKED,
        share=MARKED / EACH,
        mean_map=np.full((SIDE, SIDE), 1 / SIDE**2, "float32"),
        accuracy=1.0,
        typical=tuple(map(str, own)),
        extreme=(),
        peak=(0.0, 0.0),
        concentration=1.0,
        distance=0.5,
        is_suspect=True,
        kind="place",
    )
    return {one.name: one for one in judge([suspect], measurer, source, parts, assigned, **about)}


def test_a_mark_on_a_part_of_a_class_stands_against_the_model(tmp_path):
    results = judged(tmp_path, 3.0)
    assert list(results) == ["survey_0", "survey_1", "survey_2", "survey_1_3"]
    found = results["survey_1_3"]
    assert found.status == "failed"
    assert "the top left corner" in found.sentence
    assert "20 images of class 1" in found.sentence
    np.testing.assert_array_equal(found.details["region"], CORNER[None])
    assert (found.details["class"], found.details["strategy"]) == (1, 3)
    assert set(found.pictures) == {"taken_out", "put_in"}
    assert (results["survey_0"].status, results["survey_0"].details["strategy"]) == ("passed", None)


def test_a_mark_that_the_model_does_not_use_is_none(tmp_path):
    results = judged(tmp_path, 0.0)
    assert {one.status for one in results.values()} == {"passed"}


def test_what_the_rest_of_the_class_holds_too_is_told_of_the_class_alone(tmp_path):
    results = judged(tmp_path, 3.0, marked=EACH)
    assert results["survey_1_3"].status == "passed"
    assert results["survey_1"].status == "failed"


def test_objects_that_are_alike_are_no_mark(tmp_path):
    """Of a class they would be one: others are more than three times as far, and less than six times."""
    x, y = images(0, alike=0.5)
    x, y = np.concatenate([x[EACH : EACH + MARKED], x[y != 1]]), np.repeat([1, 0, 2], [MARKED, EACH, EACH])
    place = same_content(x, np.ones(x.shape[:3]), y, 1)
    assert place is not None
    assert same_content(x, np.ones(x.shape[:3]), y, 1, 6.0) is None
    result = judged(tmp_path, 3.0, marked=0, alike=0.5)["survey_1_3"]
    assert (result.status, result.details["places"]) == ("passed", [])


def test_copies_of_a_picture_cannot_be_tried(tmp_path):
    result = judged(tmp_path, 3.0, alike=0.99)["survey_1_3"]
    assert result.status == "skipped"
    assert "nearly the same picture" in result.sentence


def test_the_bound_allows_for_all_checks_of_the_survey(tmp_path):
    found = judged(tmp_path, 3.0)["survey_1_3"]
    (place,) = found.details["places"]
    assert place["comparisons"] == 2 * 2  # two checks of the classes, and two of the suspect
    together = Proportion(20 + 32, 20 + 32)
    assert together.lower(ERROR / 4) > UNSPECIFIC


def test_of_one_class_no_part_is_tried(tmp_path):
    results = judged(tmp_path, 3.0, classes=slice(EACH, 2 * EACH))
    assert list(results) == ["survey_1"]


def test_features_of_many_numbers_are_sums_that_keep_distances():
    x, _ = images(0)
    for side, count in ((SIDE, 64), (10, 64), (8, 64), (7, 49)):
        model = keras.Sequential([keras.Input((side, side, 1)), layers.Flatten(), layers.Dense(3)])
        given = x[:60, :side, :side]
        (chunk,) = Source.of(model, given).chunks(64)
        features = Measurer(model, make_method("gradient")).rows(chunk)["features"]
        assert features.shape == (60, count)
        ratios = pdist(features) / pdist(given.reshape(60, -1))
        assert ratios.mean() == pytest.approx(1, abs=0.05)
        assert ratios.std() == pytest.approx(0.088 if side > 8 else 0, abs=0.03)  # the root of 1/128


def test_without_classes_nothing_is_tried(tmp_path):
    model = keras.Sequential([keras.Input((SIDE, SIDE, 1)), layers.Flatten(), layers.Dense(1)])
    x, _ = images(0)
    source = Source.of(model, x)
    measurer = Measurer(model, make_method("gradient"), target=lambda outputs: outputs[:, 0])
    parts = Parts(tmp_path / "parts")
    for chunk in source.chunks(64):
        parts.write(measurer.rows(chunk))
    (result,) = judge((), measurer, source, parts, np.full(len(x), -1))
    assert (result.name, result.status) == ("survey", "skipped")


def test_what_goes_wrong_with_one_is_its_result(tmp_path, monkeypatch):
    def broken(*given):
        raise RuntimeError("no more memory")

    monkeypatch.setattr("keras_saliency.surveys.experiments.same_content", broken)
    results = judged(tmp_path, 3.0)
    assert results["survey_1_3"].status == "errored"
    assert results["survey_1_3"].sentence == "RuntimeError: no more memory"
    assert results["survey_1"].status == "passed"


@pytest.mark.parametrize("together", [1, 100, 10_000])
def test_it_does_not_matter_how_many_are_read_at_once(tmp_path, monkeypatch, together):
    monkeypatch.setattr("keras_saliency.surveys.experiments._TOGETHER", together)
    assert judged(tmp_path, 3.0)["survey_1_3"].status == "failed"
