"""What a callback keeps alive, and what can be copied."""

import copy
import gc
import pickle
import weakref

import keras
import numpy as np

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


def test_probes_and_methods_can_be_copied(probes):
    for copied in copy.deepcopy(probes), pickle.loads(pickle.dumps(probes)):
        assert copied.fingerprint == probes.fingerprint
        np.testing.assert_array_equal(copied.regions["corner"], probes.regions["corner"])
    method = ks.Gradient(name="mine")
    assert copy.deepcopy(method) == pickle.loads(pickle.dumps(method)) == method
