"""What hooks are told, in which thread, and that everything is as before when the last hook is gone."""

import threading
from contextlib import ExitStack

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_saliency.engine import seams
from keras_saliency.engine.interception import (
    ACTIVATIONS,
    Hook,
    hooked,
)
from tests.patience import LIMIT


class Hears(Hook):
    """Notes every activation and every layer."""

    def __init__(self):
        self.heard = []

    def activation(self, name, axis, inputs, output):
        self.heard.append((name, axis))

    def layer_output(self, layer, output):
        self.heard.append(layer.name)
        return output


def functions():
    """What is replaced while there are hooks."""
    return [*(getattr(seams.functions.nn, name) for name in ACTIVATIONS), keras.layers.Layer.__call__]


@pytest.fixture(autouse=True)
def untouched_afterwards():
    before = functions()
    yield
    assert all(now is then for now, then in zip(functions(), before, strict=True))


def some_probabilities(name="watched"):
    return layers.Softmax(name=name)(ops.convert_to_tensor(np.eye(3, dtype="float32")))


def test_watchers_hear_activations_and_layers():
    hook = Hears()
    some_probabilities()
    with hooked(hook):
        some_probabilities()
        ops.sigmoid(np.zeros(3))
        ops.log_softmax(np.zeros((3, 3)), axis=0)
    some_probabilities()
    assert hook.heard == [("softmax", -1), "watched", ("sigmoid", -1), ("log_softmax", 0)]


def test_nested_watchers():
    outer, inner = Hears(), Hears()
    with hooked(outer):
        with hooked(inner):
            some_probabilities("both")
        some_probabilities("outer")
    assert inner.heard == [("softmax", -1), "both"]
    assert outer.heard == [("softmax", -1), "both", ("softmax", -1), "outer"]


def test_exceptions_leave_nothing_behind():
    hook = Hears()
    with pytest.raises(RuntimeError, match="on purpose"), hooked(hook):
        raise RuntimeError("on purpose")
    some_probabilities()
    assert hook.heard == []


def test_a_failing_layer_leaves_nothing_behind():
    with pytest.raises(ValueError, match="incompatible"), hooked(Hears()):
        layers.Conv2D(1, 3)(ops.zeros((2, 3)))


def test_nothing_is_left_replaced_if_keras_lacks_a_function(monkeypatch):
    with monkeypatch.context() as patch:
        patch.delattr(seams.functions.nn, ACTIVATIONS[-1])
        with pytest.raises(AttributeError, match=ACTIVATIONS[-1]), hooked(Hears()):
            pass
    with hooked(hook := Hears()):
        some_probabilities()
    assert hook.heard == [("softmax", -1), "watched"]


def in_turns(*steps):
    """Run the steps one after the other, each in its thread: `(thread, function)`, with an ExitStack per thread."""
    turn, failures = threading.Condition(), []
    position = [0]

    def run(thread):
        with ExitStack() as stack:
            for number, (owner, step) in enumerate(steps):
                if owner != thread:
                    continue
                with turn:
                    assert turn.wait_for(
                        lambda number=number: position[0] == number or failures, timeout=LIMIT
                    )
                    try:
                        step(stack)
                    except Exception as error:
                        failures.append(error)
                    position[0] += 1
                    turn.notify_all()

    threads = [threading.Thread(target=run, args=(name,)) for name in sorted({owner for owner, _ in steps})]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=LIMIT)
    assert not failures, failures


@pytest.mark.parametrize("leaves_first", ["one", "two"])
def test_two_threads_watch_at_once(leaves_first):
    """Whoever leaves first, the other goes on hearing, and hears its own thread alone."""
    heard = {"one": Hears(), "two": Hears()}
    stays = "two" if leaves_first == "one" else "one"
    in_turns(
        ("one", lambda stack: stack.enter_context(hooked(heard["one"]))),
        ("two", lambda stack: stack.enter_context(hooked(heard["two"]))),
        ("one", lambda stack: some_probabilities("by one")),
        ("two", lambda stack: some_probabilities("by two")),
        (leaves_first, lambda stack: stack.close()),
        (leaves_first, lambda stack: some_probabilities("afterwards")),
        (stays, lambda stack: some_probabilities("still")),
        (stays, lambda stack: stack.close()),
    )
    softmax = ("softmax", -1)
    assert heard[leaves_first].heard == [softmax, f"by {leaves_first}"]
    assert heard[stays].heard == [softmax, f"by {stays}", softmax, "still"]


def test_a_watcher_hears_nothing_of_a_thread_that_does_not_watch():
    hook = Hears()
    in_turns(
        ("hooked", lambda stack: stack.enter_context(hooked(hook))),
        ("training", lambda stack: some_probabilities("elsewhere")),
        ("hooked", lambda stack: some_probabilities("here")),
        ("hooked", lambda stack: stack.close()),
    )
    assert hook.heard == [("softmax", -1), "here"]
