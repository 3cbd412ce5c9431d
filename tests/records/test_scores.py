import numpy as np

from keras_saliency.records.scores import HasScores, Scores

SCORES = Scores(np.float32([1, 2]), "logit", np.array([3, 4]), np.array([5, 6]), np.float32([0.7, 0.8]))


class Explained(HasScores):
    model_scores = SCORES


def test_what_holds_scores_reads_them_under_their_names_and_people_see_what_is_short():
    held = Explained()
    assert held.scores is SCORES.values
    assert held.score_kind == "logit"
    assert held.target_classes is SCORES.target_classes
    assert held.predicted_classes is SCORES.predicted_classes
    assert held.probabilities is SCORES.probabilities
    assert repr(held.model_scores) == (
        "Scores(values=array([1., 2.], dtype=float32), kind='logit', target_classes=array([3, 4]), "
        "predicted_classes=array([5, 6]))"
    )
