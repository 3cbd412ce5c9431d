import numpy as np
import pytest

from keras_saliency.probes import ProbeSet
from keras_saliency.probes.captions import captions
from keras_saliency.records.scores import Scores

IMAGES = np.zeros((2, 3, 3))


def answers(predicted=(1, 1), target=None, probabilities=(0.875, np.nan)):
    classes = np.array(predicted if target is None else target)
    return Scores(np.zeros(2), "logit", classes, np.array(predicted), np.array(probabilities))


def lines(probes, said):
    return [caption.lines for caption in captions(probes, said)]


def test_a_caption_is_the_name_the_label_and_the_prediction():
    probes = ProbeSet(IMAGES, [1, 0], names=["mine", "yours"], class_names=["cat", "dog"])
    found = captions(probes, answers())
    assert found[0].lines == ("mine", "label dog", "predicted dog (0.88)")
    assert found[1].lines == ("yours", "label cat", "wrong: dog")
    assert [caption.wrong for caption in found] == [False, True]


def test_without_names_probes_and_classes_are_numbered():
    assert lines(ProbeSet(IMAGES, [1, 1]), answers())[1] == ("probe 1", "label 1", "predicted 1")


def test_without_labels_no_prediction_is_wrong():
    found = captions(ProbeSet(IMAGES), answers())
    assert found[0].lines == ("probe 0", "predicted 1 (0.88)")
    assert not any(caption.wrong for caption in found)


def test_a_model_that_predicts_no_class_is_never_wrong():
    found = captions(ProbeSet(IMAGES, [0, 0]), answers((-1, -1)))
    assert [caption.lines for caption in found] == [("probe 0", "label 0"), ("probe 1", "label 0")]
    assert not any(caption.wrong for caption in found)


@pytest.mark.parametrize(("target", "explained"), [(0, ("explained: cat",)), (1, ()), (-1, ())])
def test_the_explained_class_is_named_where_it_is_not_the_predicted_one(target, explained):
    probes = ProbeSet(IMAGES, class_names=["cat", "dog"])
    assert lines(probes, answers(target=(target, 1)))[0][2:] == explained


def test_a_class_without_a_name_has_its_number():
    assert lines(ProbeSet(IMAGES, class_names=["cat"]), answers())[1][-1] == "predicted 1"


def test_names_in_letters_that_the_font_lacks_stand_behind_their_number():
    probes = ProbeSet(IMAGES, [1, 1], names=["猫", "naïve"], class_names=["cat", "狗"])
    assert lines(probes, answers())[0] == ("0: 猫", "label 1: 狗", "predicted 1: 狗 (0.88)")
    assert lines(probes, answers())[1][0] == "naïve"
