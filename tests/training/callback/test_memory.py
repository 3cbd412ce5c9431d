"""What a callback keeps alive, and what can be copied."""

import copy
import gc
import pickle
import tracemalloc
import weakref

import keras
import numpy as np
import pytest

import keras_saliency as ks


def test_only_the_last_look_is_kept_alive(network, saliency, fit):
    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.watch()

        def on_epoch_end(self, epoch, logs=None):
            self.watch()

        def watch(self):
            look = callback.last_look
            seen = look.methods["gradient"]
            whole = (look, seen, seen.explanation, seen.explanation.maps, seen.heatmaps["signed"])
            watched[look.step] = [weakref.ref(part) for part in whole]

    watched = {}
    callback = saliency()
    fit(network(), callback, Watch(), epochs=4)
    gc.collect()
    alive = {step for step, parts in watched.items() if any(part() is not None for part in parts)}
    assert (sorted(watched), alive) == ([-1, 0, 1, 2, 3], {3})


@pytest.mark.parametrize("eager", [True, False])
def test_repeated_fits_keep_nothing_alive(network, saliency, fit, tmp_path, eager):
    def train(number):
        model, callback = network(run_eagerly=eager), saliency(log_dir=tmp_path / str(number))
        fit(model, callback, epochs=1)
        parts = (model, callback, callback.last_look, callback._fit.observer, callback._fit.observer.model)
        return [weakref.ref(part) for part in parts]

    trained = [train(number) for number in range(3)]
    gc.collect()
    assert [part() for parts in trained for part in parts if part() is not None] == []


def test_looks_leave_nothing_in_memory(network, saliency):
    def held_after(steps):
        for step in steps:
            callback.look(model, step)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    callback, model = saliency(methods=["gradient", "smoothgrad"]), network()
    tracemalloc.start()
    try:
        before, after = held_after(range(10)), held_after(range(10, 60))
    finally:
        tracemalloc.stop()
    one_look = sum(maps.nbytes for maps in callback.last_look.methods["gradient"].heatmaps.values())
    assert (after - before) / 50 < one_look  # a look that is kept holds two of these


def test_probes_and_methods_can_be_copied(probes):
    for copied in copy.deepcopy(probes), pickle.loads(pickle.dumps(probes)):
        assert copied.fingerprint == probes.fingerprint
        np.testing.assert_array_equal(copied.regions["corner"], probes.regions["corner"])
    method = ks.Gradient(name="mine")
    assert copy.deepcopy(method) == pickle.loads(pickle.dumps(method)) == method
