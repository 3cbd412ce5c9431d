"""Several threads at once: each explains its own model by its own method."""

import threading

import keras
import numpy as np
from keras import layers

import keras_saliency as ks
from keras_saliency.probes.randomness import undisturbed_random_state
from tests.patience import LIMIT

METHODS = ["gradient", "guided_backprop", "grad_cam", "deconvnet"]
X = np.random.default_rng(0).normal(size=(4, 6, 6, 1)).astype("float32")


def network(seed):
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(3, 3, activation="relu"),
            layers.Conv2D(3, 2, activation="relu"),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )


def at_once(*tasks):
    """Run each in a thread of its own; raise what one raised."""
    failures = []

    def guarded(task):
        try:
            task()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(task,), daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=LIMIT)
        assert not thread.is_alive()
    for failure in failures:
        raise failure


def test_methods_with_other_gradients_do_not_meet():
    models = {method: network(seed) for seed, method in enumerate(METHODS)}
    alone = {method: ks.explain(model, X, method).maps for method, model in models.items()}
    start, found = threading.Barrier(len(METHODS)), {}

    def explain(method):
        start.wait(timeout=LIMIT)
        found[method] = ks.explain(models[method], X, method).maps

    at_once(*(lambda method=method: explain(method) for method in METHODS))
    for method in METHODS:
        np.testing.assert_array_equal(found[method], alone[method])


def test_a_fit_in_a_thread_while_another_explains(tmp_path):
    y, ended, explained = np.arange(4) % 2, threading.Event(), []
    models = [network(0), network(0)]
    for model in models:
        model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    saliency = ks.SaliencyCallback((X, y), tmp_path, METHODS, images=False)

    def watch():
        try:
            models[1].fit(X, y, epochs=2, verbose=0, shuffle=False, callbacks=[saliency])
        finally:
            ended.set()

    def explain():
        other = network(1)
        while not ended.is_set():
            explained.append(ks.explain(other, X, "guided_backprop").maps)

    models[0].fit(X, y, epochs=2, verbose=0, shuffle=False)
    at_once(watch, explain)
    np.testing.assert_equal(models[1].get_weights(), models[0].get_weights())
    assert [look.step for look in saliency.looks] == [-1, 0, 1]
    assert saliency.summary.lost == {}
    for maps in explained[1:]:
        np.testing.assert_array_equal(maps, explained[0])


def test_looks_in_two_threads_leave_the_random_states_as_they_were():
    """Else the one that ends last would restore what the first one had drawn."""
    drew, entered, left = threading.Event(), threading.Event(), threading.Event()

    def first():
        with undisturbed_random_state():
            np.random.rand()
            drew.set()
            entered.wait(timeout=0.2)
        left.set()

    def second():
        drew.wait(timeout=LIMIT)
        with undisturbed_random_state():
            entered.set()
            left.wait(timeout=LIMIT)

    before = np.random.get_state()
    at_once(first, second)
    np.testing.assert_equal(np.random.get_state(), before)
