"""What a question and a method answer, with the scores beside it."""

from types import SimpleNamespace

from keras_saliency.engine import Question


def gradients(scored, inputs, target, **rule):
    """The gradients, and the scores that they came with."""
    question = Question(scored, inputs, target)
    return SimpleNamespace(**vars(question.gradients(**rule)), scores=question.scores)


def layer_gradients(scored, inputs, target, *layer):
    """The output of a layer and the gradients for it, and the scores."""
    question = Question(scored, inputs, target)
    return SimpleNamespace(**vars(question.layer(*layer)), scores=question.scores)


def layer_output(scored, inputs, target, *layer):
    """The output of a layer, and the scores."""
    question = Question(scored, inputs, target)
    return SimpleNamespace(**vars(question.layer_output(*layer)), scores=question.scores)


def explained(method, scored, inputs, target, rng):
    """The maps and diagnostics of a method, and the scores."""
    question = Question(scored, inputs, target)
    return SimpleNamespace(**vars(method.explain(question, rng)), scores=question.scores)


def scores(scored, inputs, target):
    """The scores alone."""
    return Question(scored, inputs, target).scores
