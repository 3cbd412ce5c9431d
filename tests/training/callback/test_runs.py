"""A training is a run: what the log, `load_looks` and the page show of several trainings in one log directory."""

import copy

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.recent import Recent
from keras_saliency.tensorboard_plugin.trainings import Trainings


@pytest.fixture
def logs(tmp_path):
    return tmp_path / "logs"


@pytest.fixture
def other(network):
    """A function that makes a network like `network`, with other weights."""

    def make(seed=2):
        model = network()
        rng = np.random.default_rng(seed)
        model.set_weights([rng.normal(size=weights.shape) for weights in model.get_weights()])
        return model

    return make


def shown(logs):
    """The steps and phases of each run that the page lists."""
    recent = Recent(10**6)
    answers = Answers(Trainings(LogStore(logs), recent), recent)
    return {
        run["run"]: (run["methods"]["gradient"]["steps"], run["phases"]) for run in answers.runs()["runs"]
    }


def read(logs, run=None):
    """The step, epoch and phase of each look of a run, and whether it has a drift."""
    looks = ks.load_looks(logs, run)
    assert run is None or {look.run for look in looks} == {run}
    return [(look.step, look.epoch, look.phase, "gradient/drift" in look.numbers) for look in looks]


WHOLE = [(-1, -1, 1, False), (0, 0, 1, True), (1, 1, 1, True)]
STEPS = [-1, 0, 1]


def test_two_fits_of_a_script(network, other, saliency, fit, logs):
    fit(network(), saliency(), epochs=2)
    first = ks.load_looks(logs)
    fit(other(), saliency(), epochs=2)
    assert shown(logs) == {"saliency": (STEPS, []), "saliency_2": (STEPS, [])}
    assert read(logs, "saliency") == read(logs, "saliency_2") == read(logs) == WHOLE
    opening = ks.explain(other(), saliency()._settings.probes).scores
    np.testing.assert_allclose(ks.load_looks(logs)[0].methods["gradient"].scores, opening, rtol=1e-5)
    assert [look.numbers for look in ks.load_looks(logs, "saliency")] == [look.numbers for look in first]


@pytest.mark.parametrize("how", ["a callback each", "one callback", "one callback and one model"])
def test_three_folds(network, other, saliency, fit, logs, how):
    callback, model = saliency(), network()
    for seed in range(3):
        if how == "one callback and one model":
            model.set_weights(other(seed).get_weights())
        fit(
            model if how.endswith("model") else other(seed),
            saliency() if how == "a callback each" else callback,
            epochs=2,
        )
    runs = ["saliency", "saliency_2", "saliency_3"]
    assert shown(logs) == {run: (STEPS, []) for run in runs}
    assert [read(logs, run) for run in runs] == [WHOLE] * 3


@pytest.mark.filterwarnings("ignore:(currentThread|getName):DeprecationWarning")  # KerasTuner
def test_a_search_with_keras_tuner(network, other, saliency, logs, tmp_path, x, y):
    tuner = pytest.importorskip("keras_tuner")

    def build(options):
        return other(options.Int("seed", 0, 9))

    search = tuner.RandomSearch(
        build, "val_accuracy", max_trials=2, seed=0, directory=tmp_path / "search", overwrite=True
    )
    search.search(x, y, validation_data=(x, y), epochs=2, verbose=0, callbacks=[saliency()])
    assert shown(logs) == {"saliency": (STEPS, []), "saliency_2": (STEPS, [])}


@pytest.mark.parametrize("run", [None, "search"])
def test_trials_that_take_another_ones_weights_are_not_spliced(network, other, saliency, fit, logs, run):
    """As Hyperband does it: a copy of the callback each, and a later trial goes on with an earlier one's weights."""
    original, trials = saliency(run=run), [other(seed) for seed in range(2)]
    for trial in trials:
        fit(trial, copy.deepcopy(original), epochs=2)
    fit(trials[0], copy.deepcopy(original), initial_epoch=2, epochs=3)  # not the newest run
    fit(other(7), copy.deepcopy(original), initial_epoch=2, epochs=3)  # weights of nobody knows where
    assert shown(logs if run is None else logs / run) == {
        "saliency": ([*STEPS, 2], [2]),
        "saliency_2": (STEPS, []),
        "saliency_3": ([1, 2], []),
    }


@pytest.mark.parametrize("again", [True, False], ids=["one callback", "a callback each"])
def test_unfreezing_with_initial_epoch_is_a_phase(network, saliency, fit, logs, again):
    model, first = network(), saliency()
    model.layers[1].trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    fit(model, first, epochs=2)
    model.layers[1].trainable = True
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    fit(model, first if again else saliency(), initial_epoch=2, epochs=4)
    assert shown(logs) == {"saliency": ([*STEPS, 2, 3], [2])}
    assert read(logs) == [*WHOLE, (2, 2, 2, True), (3, 3, 2, True)]


def test_unfreezing_without_initial_epoch(network, saliency, fit, logs):
    model, callback = network(), saliency()
    fit(model, callback, epochs=2)
    fit(model, callback, epochs=1)  # the same callback and network: it goes on
    fit(model, saliency(), epochs=2)
    assert shown(logs) == {"saliency": ([*STEPS, 2], [2]), "saliency_2": (STEPS, [])}
    assert read(logs, "saliency") == [*WHOLE, (2, 0, 2, True)]


def test_a_training_that_was_killed_goes_on(network, saliency, fit, after_epoch, logs):
    def kill(_):
        raise KeyboardInterrupt

    model = network()
    with pytest.raises(KeyboardInterrupt):
        fit(model, saliency(every=2), after_epoch(4, kill), epochs=9)
    fit(model, saliency(every=2), initial_epoch=5, epochs=8)
    assert shown(logs) == {"saliency": ([-1, 1, 3, 4, 5, 7], [4])}


def test_an_epoch_that_was_not_backed_up_is_repeated_in_the_same_run(network, saliency, fit, logs):
    model = network()
    fit(model, saliency(), epochs=2)
    fit(model, saliency(), initial_epoch=1, epochs=3)
    assert [(step, epoch) for step, epoch, *_ in read(logs)] == [(-1, -1), (0, 0), (1, 1), (2, 1), (3, 2)]


def test_an_earlier_checkpoint_and_another_network_have_runs_of_their_own(
    network, other, saliency, fit, logs
):
    sentence = 'None of the runs saliency is known to end with the network .* as in run="saliency"'
    fit(network(), saliency(), epochs=4)
    for model, epoch in ((network(), 2), (other(), 4)):
        with pytest.warns(
            ks.SaliencyWarning, match=sentence if epoch == 2 else "saliency_2, saliency is known"
        ):
            fit(model, saliency(), initial_epoch=epoch, epochs=epoch + 1)
    assert {run: steps for run, (steps, _) in shown(logs).items()} == {
        "saliency": [-1, 0, 1, 2, 3],
        "saliency_2": [1, 2],
        "saliency_3": [3, 4],
    }


def test_a_run_that_is_named_is_gone_on_with(network, other, saliency, fit, logs):
    fit(network(), saliency(), epochs=2)
    fit(network(), saliency(), epochs=2)
    fit(other(), saliency(run="saliency"), initial_epoch=2, epochs=3)
    assert shown(logs) == {"saliency": ([*STEPS, 2], [2]), "saliency_2": (STEPS, [])}


def test_names_of_runs(network, other, saliency, fit, logs):
    for name in ("fold_1", "fold_2", "fold_2"):
        fit(other(), saliency(run=name), epochs=2)
    assert list(shown(logs)) == ["fold_1/saliency", "fold_2/saliency", "fold_2/saliency_2"]
    assert read(logs, "fold_2/saliency_2") == WHOLE
    # Each look has the name that the tab shows; asked for by it, the same looks are found again.
    assert ks.load_looks(logs, "fold_1/")[0].run == ks.load_looks(logs, "fold_1/saliency")[0].run == "fold_1"
    assert ks.load_looks(logs, "fold_2")[0].run == ks.load_looks(logs, "fold_2/saliency_2")[0].run
    assert ks.load_looks(logs, "fold_2")[0].run == "fold_2/saliency_2"
    assert ks.load_looks(logs / "fold_2")[0].run == "saliency_2"  # as the tab of that folder shows it
    with pytest.raises(FileNotFoundError, match=r"No folder .*nowhere. .* Runs: fold_1, fold_2. Received"):
        ks.load_looks(logs, "nowhere")


@pytest.mark.parametrize("run", ["", ".", "../x", "/x", "a//b", 'a"b', "a\\b", "C:x", "a\nb"])
def test_what_is_no_name_of_a_run(saliency, run):
    with pytest.raises(ValueError, match="Expected run to be the name of a folder below log_dir"):
        saliency(run=run)


def test_a_run_that_is_no_text(saliency):
    with pytest.raises(TypeError, match="Expected run to be a name. Received: run=3"):
        saliency(run=3)


def test_numbers_of_runs_are_not_used_again(network, saliency, fit, logs):
    for _ in range(2):
        fit(network(), saliency(), epochs=1)
    (logs / "saliency").rename(logs / "kept")
    fit(network(), saliency(), epochs=1)
    assert {path.name for path in logs.iterdir()} == {"kept", "saliency_2", "saliency_3"}


def test_a_training_that_was_refused_leaves_no_run(network, saliency, fit, logs):
    class Broken:
        def open(self, run):
            raise OSError(28, "No space left on device")

        def write(self, look, previous): ...

        def close(self): ...

    with pytest.raises(
        ks.SaliencyError, match="Cannot write the looks to .*saliency: No space left on device"
    ):
        fit(network(), saliency(writers=["tensorboard", Broken()]))
    callback = saliency()
    fit(network(), callback, epochs=1)
    assert callback.summary.folder == logs / "saliency"


def test_a_relative_log_dir_is_fixed_once(network, saliency, fit, after_epoch, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    callback, model = saliency(log_dir="logs"), network()
    fit(model, callback, after_epoch(0, lambda _: monkeypatch.chdir(tmp_path / "elsewhere")), epochs=2)
    fit(model, callback, epochs=2)
    assert [look.step for look in callback.looks] == [-1, 0, 1, 2, 3]
    assert not list((tmp_path / "elsewhere").iterdir())


def test_plain_files_alone_go_on_too(network, saliency, fit, logs):
    model = network()
    fit(model, saliency(writers="folder"), epochs=2)
    fit(model, saliency(writers="folder"), initial_epoch=2, epochs=3)
    assert [path.name for path in logs.iterdir()] == ["saliency"]
    table = (logs / "saliency" / "numbers.csv").read_text().splitlines()
    assert {line.split(",")[0] for line in table[1:]} == {"-1", "0", "1", "2"}


def test_backup_and_restore_goes_on(network, saliency, fit, after_epoch, logs, tmp_path):
    def crash(_):
        raise RuntimeError("crashed")

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "backup")

    with pytest.raises(RuntimeError, match="crashed"):
        fit(network(), saliency(), backup(), after_epoch(2, crash), epochs=5)
    fit(network(), saliency(), backup(), epochs=5)
    assert list(shown(logs)) == ["saliency"]
    assert [step for step, *_ in read(logs)] == list(range(-1, len(read(logs)) - 1))
