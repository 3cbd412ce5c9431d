import numpy as np
import pytest

from keras_saliency import Gradient
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.probes.targets import OutputGradient, as_target, bind
from tests import answers


@pytest.mark.parametrize(
    "target", [0, "predicted", OutputGradient(np.ones(3)), lambda outputs: outputs[:, 1]]
)
def test_it_is_the_gradient_of_the_engine(target, model, images):
    bound = bind(as_target(target), len(images), None)
    found = answers.explained(Gradient(), ScoredModel(model), images, bound, np.random.default_rng(0))
    np.testing.assert_array_equal(found.maps, answers.gradients(ScoredModel(model), images, bound).maps)


def test_it_predicts_the_change_of_the_score(model, images):
    """A small step along the map raises the score by step × squared length."""
    scored, bound = ScoredModel(model), bind(as_target(0), len(images), None)
    found = answers.explained(Gradient(), scored, images, bound, np.random.default_rng(0))
    squared = (found.maps.astype("float64") ** 2).sum((1, 2, 3))
    step = 1e-2 / np.sqrt(squared)[:, None, None, None].astype("float32")
    raised = Question(scored, images + step * found.maps, bound).scores.values - found.scores.values
    np.testing.assert_allclose(raised, step[:, 0, 0, 0] * squared, rtol=5e-2)
