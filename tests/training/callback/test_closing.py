"""A look that ends the training closes what was open: Keras calls no `on_train_end` then."""

from dataclasses import dataclass, field
from typing import ClassVar

import pytest

import keras_saliency as ks
from keras_saliency.methods import MethodResult


@dataclass(frozen=True)
class Breaking:
    """A method that fails from its third look on, in a way that can be chosen."""

    error: type = ValueError
    calls: list = field(default_factory=list)
    name: str = "breaking"

    registered: ClassVar[str] = "breaking"
    cost: ClassVar[str] = "nothing"
    uses_target: ClassVar[bool] = False
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False

    def explain(self, question, rng):
        self.calls.append(len(self.calls))
        if len(self.calls) > 2:
            raise self.error("broken")
        (images,) = question.values
        return MethodResult(images)


class Noting:
    """A writer that notes what is asked of it."""

    def __init__(self):
        self.said = []

    def open(self, run):
        self.said.append("open")

    def write(self, look, previous):
        self.said.append(look.step)
        return 0

    def close(self):
        self.said.append("close")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_writers_are_closed_and_the_folder_is_free(network, saliency, fit, error):
    noting = Noting()
    callback = saliency(methods=[Breaking(error)], on_error="raise", writers=["tensorboard", noting])
    with pytest.raises(error, match="broken"):
        fit(network(), callback)
    opened = len(noting.said) - 1 - noting.said[::-1].index("open")
    assert noting.said[opened:] == ["open", -1, 0, "close"]
    assert [look.step for look in ks.load_looks(callback.summary.folder)] == [-1, 0]
    again = saliency(writers=["tensorboard"])
    fit(network(), again, epochs=1)
    assert [look.step for look in again.looks] == [-1, 0]


def test_an_opening_look_that_fails_closes_too(network, saliency, fit):
    noting = Noting()
    callback = saliency(methods=[Breaking(calls=[0, 1, 2])], writers=["tensorboard", noting])
    with pytest.raises(ValueError, match="broken"):
        fit(network(), callback)
    assert noting.said[-2:] == ["open", "close"]


def test_what_ended_so_begins_anew_with_an_opening_look(network, saliency):
    noting, method = Noting(), Breaking()
    callback, model = saliency(methods=[method], on_error="raise", writers=["tensorboard", noting]), network()
    callback.look(model, 1)
    callback.look(model, 2)
    with pytest.raises(ValueError, match="broken"):
        callback.look(model, 3)
    assert noting.said[-1] == "close"
    method.calls.clear()
    callback.look(model, 4)
    assert noting.said[-2:] == ["open", 4]
