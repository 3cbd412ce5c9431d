import numpy as np
import pytest

from keras_saliency.looks.look import Look, MethodLook
from keras_saliency.records.scores import Scores

MAPS = np.arange(12, dtype="float32").reshape(3, 2, 2)
VIEWS = {"magnitude": MAPS, "positive": MAPS, "negative": 0 * MAPS, "signed": -MAPS}


def method_look(**per_probe):
    return MethodLook(
        heatmaps=VIEWS,
        model_scores=Scores(
            values=np.zeros(3),
            target_classes=np.zeros(3, int),
            predicted_classes=np.zeros(3, int),
            probabilities=np.ones(3),
            kind="logit",
        ),
        per_probe={name: np.array(values) for name, values in per_probe.items()},
    )


@pytest.fixture
def look():
    one = method_look(drift=[0.5, np.nan, 1.0], gini=[0.1, 0.2, 0.3], entropy=[np.nan] * 3)
    return Look(4, 3, 1.7e9, {"one": one, "other": method_look(gini=[0, 0, 0.6])}, probe_accuracy=0.25)


def test_a_number_is_the_mean_over_the_probes_that_have_it(look):
    assert look.methods["one"].numbers == pytest.approx({"drift": 0.75, "gini": 0.2})


def test_a_number_that_no_probe_has_is_absent(look):
    assert "entropy" not in look.methods["one"].numbers


def test_the_numbers_of_a_look_are_those_of_its_methods_and_the_accuracy(look):
    expected = {"one/drift": 0.75, "one/gini": 0.2, "other/gini": 0.2, "probe_accuracy": 0.25}
    assert look.numbers == pytest.approx(expected)
    assert all(type(value) is float for value in look.numbers.values())


def test_without_labels_there_is_no_accuracy():
    assert Look(0, 0, 0.0, {"one": method_look(gini=[1, 1, 1])}).numbers == {"one/gini": 1.0}


def test_heatmaps_are_found_by_method_and_view(look):
    np.testing.assert_array_equal(look.heatmaps("one"), MAPS)
    np.testing.assert_array_equal(look.heatmaps("other", "signed"), -MAPS)


def test_unknown_methods_and_views_are_refused(look):
    with pytest.raises(ValueError, match="No method 'gradient' in this look. It has: one, other"):
        look.heatmaps("gradient")
    with pytest.raises(ValueError, match="No view 'abs'. Views: magnitude, positive, negative, signed"):
        look.heatmaps("one", "abs")
