"""When a look is taken, under which step, and what it shows."""

from itertools import count

import keras
import numpy as np
import pytest
from keras import layers
from scipy.stats import spearmanr

import keras_saliency as ks

BACKEND = keras.backend.backend()


def steps(looks):
    return [look.step for look in looks]


def epochs(looks):
    return [look.epoch for look in looks]


def has_drift(looks):
    return ["drift" in look.methods["gradient"].numbers for look in looks]


def test_the_opening_look_shows_the_untrained_network(network, saliency, remember, fit, probes):
    callback = saliency()
    looks = remember(callback)
    fit(network(run_eagerly=False), callback, looks, epochs=1)
    untrained = ks.explain(network(), probes)
    opening = looks.looks[0]
    np.testing.assert_array_equal(opening.methods["gradient"].explanation.maps, untrained.maps)
    np.testing.assert_array_equal(opening.methods["gradient"].scores, untrained.scores)
    assert (opening.step, opening.epoch, has_drift([opening])) == (-1, -1, [False])


def test_each_look_shows_the_network_after_its_epoch(network, saliency, remember, fit, probes):
    class Explain(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            explained.append(ks.explain(self.model, probes).maps)

    explained = []
    callback = saliency()
    looks = remember(callback)
    fit(network(run_eagerly=False), callback, looks, Explain(), epochs=3)
    assert epochs(looks.looks) == steps(looks.looks) == [-1, 0, 1, 2]
    assert has_drift(looks.looks) == [False, True, True, True]
    for look, maps in zip(looks.looks[1:], explained, strict=True):
        np.testing.assert_array_equal(look.methods["gradient"].explanation.maps, maps)
    assert len({maps.tobytes() for maps in explained}) == 3


def test_every_counts_epochs_and_the_end_is_always_seen(network, saliency, fit):
    callback = saliency(every=5)
    fit(network(), callback, epochs=12)
    assert epochs(callback.looks) == [-1, 4, 9, 11]
    assert callback.summary.looks == 4


@pytest.mark.skipif(BACKEND == "torch", reason="nothing is compiled on torch")
def test_twenty_epochs_trace_the_network_once(network, saliency, fit):
    callback = saliency(methods=["gradient", ks.Gradient(name="again")], every=1)
    fit(network(), callback, epochs=20)
    assert callback._fit.observer.model.traces == 1
    assert callback.summary.looks == 21


def test_a_source_without_end(network, saliency, x, y):
    batches = ((x[i : i + 8], y[i : i + 8]) for i in (8 * (n % 2) for n in count()))
    callback = saliency(every=2)
    network().fit(batches, steps_per_epoch=2, epochs=3, shuffle=False, verbose=0, callbacks=[callback])
    assert epochs(callback.looks) == [-1, 1, 2]


def test_initial_epoch_counts_on(network, saliency, fit):
    callback = saliency()
    fit(network(), callback, initial_epoch=3, epochs=5)
    assert steps(callback.looks) == epochs(callback.looks) == [2, 3, 4]


def test_no_epochs_no_looks(network, saliency, fit):
    callback = saliency()
    fit(network(), callback, epochs=0)
    assert (callback.looks, callback.last_look, callback.summary.looks) == ([], None, 0)


def test_a_second_fit_with_the_same_callback_goes_on(network, saliency, remember, fit, tmp_path):
    callback, model = saliency(), network()
    fit(model, callback, epochs=2)
    first = callback.last_look
    looks = remember(callback)
    fit(model, callback, looks, epochs=2)
    assert steps(callback.looks) == [-1, 0, 1, 2, 3]
    assert steps(ks.load_looks(tmp_path / "logs")) == [-1, 0, 1, 2, 3]
    assert epochs(callback.looks) == [-1, 0, 1, 0, 1]
    assert has_drift(callback.looks) == [False, True, True, True, True]
    opening = looks.looks[0]
    assert not has_drift([opening])[0]  # the same weights again: a drift of 0 would be no news
    np.testing.assert_array_equal(opening.heatmaps("gradient"), first.heatmaps("gradient"))


def test_drift_from_start_reaches_back_over_fits(network, saliency, remember, fit):
    callback, model = saliency(), network()
    looks = remember(callback)
    fit(model, callback, looks, epochs=1)
    fit(model, callback, looks, epochs=1)
    start, end = looks.looks[0], looks.looks[-1]
    pairs = zip(end.heatmaps("gradient", "signed"), start.heatmaps("gradient", "signed"), strict=True)
    expected = [1 - spearmanr(one.ravel(), other.ravel()).statistic for one, other in pairs]
    np.testing.assert_allclose(end.methods["gradient"].per_probe["drift_from_start"], expected, atol=1e-12)


def test_a_new_callback_that_counts_from_the_start_has_a_run_of_its_own(network, saliency, fit, tmp_path):
    model = network()
    fit(model, saliency(), epochs=2)
    callback = saliency()
    fit(model, callback, epochs=2)
    assert steps(callback.looks) == steps(ks.load_looks(tmp_path / "logs")) == [-1, 0, 1]
    assert has_drift(callback.looks) == [False, True, True]
    assert steps(ks.load_looks(tmp_path / "logs", run="saliency")) == [-1, 0, 1]


def test_initial_epoch_in_a_folder_that_ends_there_needs_no_offset(network, saliency, fit):
    model = network()
    fit(model, saliency(), epochs=2)
    callback = saliency()
    fit(model, callback, initial_epoch=2, epochs=4)
    assert steps(callback.looks) == epochs(callback.looks) == [2, 3]


@pytest.mark.parametrize(("last", "seen"), [(6, [-1, 4, 6]), (4, [-1, 4])], ids=["between", "at a look"])
def test_a_fit_that_stops_early_is_seen_to_its_end(network, saliency, fit, after_epoch, last, seen):
    def stop(callback):
        callback.model.stop_training = True

    callback = saliency(every=5)
    fit(network(), callback, after_epoch(last, stop), epochs=20)
    assert epochs(callback.looks) == seen
    assert callback.summary.looks == len(seen)


def test_one_callback_for_two_models_one_after_another(network, saliency, remember, fit, tmp_path):
    callback = saliency(every=2)
    fit(network(), callback, epochs=2)
    looks, other = remember(callback), network()
    history = fit(other, callback, looks, epochs=2)
    assert steps(callback.looks) == steps(ks.load_looks(tmp_path / "logs")) == [-1, 1]
    assert callback.summary.folder == tmp_path / "logs" / "saliency_2"
    assert history["saliency_gradient_drift"][0] == np.inf  # nothing of the first model is left
    assert has_drift(looks.looks) == [False, True]


def test_a_fit_after_one_that_broke_off(network, saliency, fit, after_epoch):
    def interrupt(_):
        raise KeyboardInterrupt

    callback, model = saliency(every=10), network()
    with pytest.raises(KeyboardInterrupt):
        fit(model, callback, after_epoch(2, interrupt), epochs=10)
    assert steps(callback.looks) == [-1]
    history = fit(model, callback, epochs=3)
    assert steps(callback.looks) == [-1, 2]
    assert history["saliency_gradient_drift"][:2] == [np.inf, np.inf]


def test_integer_images_are_watched(compiled, saliency, y):
    def rescaling():
        inputs = keras.Input((6, 6, 3), dtype="uint8")
        flat = layers.Flatten()(layers.Rescaling(1 / 255)(inputs))
        return keras.Model(inputs, layers.Dense(3, activation="softmax")(flat))

    x = np.random.default_rng(0).integers(0, 256, (16, 6, 6, 3), "uint8")
    callback, model = saliency(probes=(x[:4], y[:4])), compiled(rescaling)
    model.fit(x, y, epochs=2, verbose=0, callbacks=[callback])
    assert has_drift(callback.looks) == [False, True, True]
    assert callback.last_look.heatmaps("gradient").max() > 0


def test_a_model_with_several_inputs_is_watched_through_its_image(compiled, saliency, x, y):
    def two_inputs():
        inputs = {"size": keras.Input((2,), name="size"), "image": keras.Input((6, 6, 1), name="image")}
        together = layers.Concatenate()([inputs["size"], layers.Flatten()(inputs["image"])])
        return keras.Model(inputs, layers.Dense(3, activation="softmax")(together))

    given = {"size": np.ones((16, 2), "float32"), "image": x}
    probes = ks.ProbeSet({name: values[:4] for name, values in given.items()}, y[:4])
    callback = saliency(probes=probes, archive=True)
    compiled(two_inputs).fit(given, y, epochs=2, verbose=0, callbacks=[callback])
    assert has_drift(callback.looks) == [False, True, True]
    maps = callback.last_look.methods["gradient"].explanation.maps
    np.testing.assert_array_equal(callback.last_look.heatmaps("gradient", "signed"), maps["image"][..., 0])


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_one_line_sums_up_unless_the_fit_is_silent(network, saliency, fit, capsys, tmp_path, verbose):
    callback = saliency()
    fit(network(), callback, epochs=2, verbose=verbose)
    printed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("keras_saliency")]
    assert printed == [str(callback.summary)] * (verbose > 0)
    assert str(callback.summary).startswith("keras_saliency: 3 looks in ")
    assert str(tmp_path / "logs" / "saliency") in str(callback.summary)


def test_a_silent_fit_prints_nothing(network, saliency, fit, capfd):
    model = network()
    capfd.readouterr()
    fit(model, saliency(), epochs=1)
    assert capfd.readouterr().out == ""


def test_the_summary_tells_the_cost(network, saliency, fit):
    callback = saliency(archive=True)
    assert callback.summary is None
    fit(network(), callback, epochs=2)
    summary = callback.summary
    sizes = [path.stat().st_size for path in summary.folder.rglob("*") if path.is_file()]
    assert (summary.looks, summary.lost) == (3, {})
    assert 0 < summary.written < sum(sizes)
    assert 0 < summary.seconds < 60
    assert summary.percent > 0


def test_maps_that_miss_the_change_of_the_score_are_warned_of_once(network, saliency, remember, fit):
    callback = saliency(methods=ks.IntegratedGradients(tolerance=1e-9, max_steps=9))
    looks = remember(callback)
    with pytest.warns(ks.SaliencyWarning, match="miss the change of the score") as told:
        fit(network(), callback, looks, epochs=2)
    (ours,) = [warning.message for warning in told if isinstance(warning.message, ks.SaliencyWarning)]
    assert str(ours).startswith("integrated_gradients before training (step -1): The maps of")
    assert len(looks.looks) == 3
    assert all(len(look.methods["integrated_gradients"].diagnostics["evaluations"]) for look in looks.looks)
