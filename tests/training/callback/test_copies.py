"""Copies of a callback, and of the model that it looks at."""

import copy
import pickle

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.render import fonts

COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda original: pickle.loads(pickle.dumps(original)),
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_starts_afresh_with_the_same_settings(how, network, saliency, fit, after_epoch):
    """Tuners copy callbacks for each trial, and some do so while one is in use."""
    original, copies = saliency(methods=["gradient", ks.GuidedBackprop()], every=2, seed=3), []
    fit(network(), original, after_epoch(0, lambda _: copies.append(COPIES[how](original))), epochs=2)
    (copied,) = copies
    assert copied.last_look is copied.summary is None
    fit(network(), copied, epochs=2)
    assert [look.step for look in original.looks] == [-1, 1]
    assert [look.step for look in copied.looks] == [-1, 1]  # a run of its own
    for method in "gradient", "guided_backprop":
        looks = [callback.last_look.methods[method] for callback in (original, copied)]
        np.testing.assert_array_equal(*(look.explanation.maps for look in looks))


def test_the_model_is_copied_and_saved_while_it_is_looked_at(
    network, saliency, fit, after_epoch, tmp_path, probes
):
    copies = []

    def copy_model(callback):
        model = callback.model
        model.save(tmp_path / "model.keras")
        clone = keras.models.clone_model(model)
        clone.set_weights(model.get_weights())
        copies.extend([clone, copy.deepcopy(model), keras.saving.load_model(tmp_path / "model.keras")])

    model, plain, watched = network(), network(), saliency()
    fit(model, watched, after_epoch(1, copy_model), epochs=2, shuffle=False)
    fit(plain, epochs=2, shuffle=False)
    np.testing.assert_equal(model.get_weights(), plain.get_weights())
    for copied in copies:
        maps = ks.explain(copied, probes).maps
        np.testing.assert_array_equal(maps, watched.last_look.methods["gradient"].explanation.maps)


def test_a_copy_is_made_of_every_setting(saliency):
    """Those that differ from the default, so that a forgotten one shows."""
    given = {
        "methods": ["gradient", "smoothgrad"],
        "target": "predicted",
        "output": 0,
        "logits": "output",
        "every": ks.Batches(7),
        "checks": ["finite"],
        "stop_on_failure": True,
        "log_keys": "all",
        "missing": "absent",
        "images": False,
        "store_images": False,
        "archive": True,
        "font": fonts.dejavu(),
        "writers": ["folder"],
        "run": "trials",
        "max_disk": "1 GB",
        "on_error": "raise",
        "seed": 3,
    }
    original = saliency(**given)
    copied = pickle.loads(pickle.dumps(original))
    settings = [{**vars(callback._settings), "probes": None} for callback in (original, copied)]
    assert settings[0] == settings[1]
    assert settings[0].keys() == given.keys() | {"probes", "log_dir"}
    for name in given.keys() - {"methods", "target"}:
        assert settings[1][name] == given[name]
