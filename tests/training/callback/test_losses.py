"""After the first update nothing of ours ends a training: a loss is warned of once, and counted."""

import shutil
import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.methods import MethodResult

EPOCHS = 4


@dataclass(frozen=True, eq=False)
class ThirdParty:
    """Another package's method: the images themselves, until it raises at one look and all that follow."""

    name: str = "third_party"
    fails_at: int = 10**9
    error: type[BaseException] = RuntimeError

    registered: ClassVar[str] = "third_party"
    cost: ClassVar[str] = "1 forward pass"
    uses_target: ClassVar[bool] = False
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = False
    looks: ClassVar[list] = []

    def explain(self, question, rng):
        self.looks.append(self.name)
        if self.looks.count(self.name) >= self.fails_at:
            raise self.error("out of luck")
        return MethodResult(question.inputs)


class Writer:
    """Another package's writer: raises at one look and all that follow."""

    def __init__(self, fails_at):
        self.fails_at, self.steps = fails_at, []

    def open(self, run):
        self.steps = []

    def write(self, look, previous):
        self.steps.append(look.step)
        if len(self.steps) >= self.fails_at:
            raise OSError(28, "No space left on device")
        return 1

    def close(self):
        pass


@pytest.fixture(autouse=True)
def _no_looks_yet():
    ThirdParty.looks.clear()


@pytest.fixture
def undisturbed(network, fit, weights):
    """The weights after a training without the callback."""

    def train(*callbacks):
        model = network()
        fit(model, *callbacks, epochs=EPOCHS)
        return weights(model)

    return train


def ours(caught):
    return [str(warning.message) for warning in caught if warning.category is ks.SaliencyWarning]


def the_warning(caught):
    [only] = ours(caught)
    return only


def steps_of(looks, method):
    return [look.step for look in looks if method in look.methods]


def test_a_method_that_fails_costs_its_looks_and_nothing_else(network, saliency, fit, weights, undisturbed):
    callback, model = saliency(methods=[ThirdParty(fails_at=3), "gradient"]), network()
    with pytest.warns(ks.SaliencyWarning) as caught:
        history = fit(model, callback, epochs=EPOCHS)
    assert the_warning(caught) == (
        "third_party failed after epoch 2 (step 1): RuntimeError: out of luck. Training goes on; further "
        "failures of third_party are only counted."
    )
    assert steps_of(callback.looks, "gradient") == [-1, 0, 1, 2, 3]
    assert steps_of(callback.looks, "third_party") == [-1, 0]
    assert callback.last_look.lost == {"third_party": "RuntimeError: out of luck"}
    assert callback.summary.lost == {"third_party": 3}
    assert str(callback.summary).endswith(
        "; lost: third_party at 3 of 5 looks (60 %); the last loss: third_party after epoch 4 (step 3): "
        "RuntimeError: out of luck"
    )
    assert len(history["loss"]) == len(history["saliency_third_party_drift"]) == EPOCHS
    np.testing.assert_equal(weights(model), undisturbed())


def test_a_writer_that_fails_costs_its_looks_and_nothing_else(network, saliency, fit, weights, undisturbed):
    writer, model = Writer(fails_at=3), network()
    callback = saliency(writers=[writer, "tensorboard"])
    with pytest.warns(ks.SaliencyWarning) as caught:
        fit(model, callback, epochs=EPOCHS)
    assert "Writer failed after epoch 2 (step 1): OSError: [Errno 28] No space" in the_warning(caught)
    assert writer.steps == [-1, 0, 1, 2, 3]
    assert len(callback.looks) == 5
    assert callback.summary.lost == {"Writer": 3}
    np.testing.assert_equal(weights(model), undisturbed())


@pytest.mark.parametrize("writer", ["folder", "archive", "tensorboard"])
def test_a_log_folder_that_becomes_a_file_ends_no_training(
    network, saliency, fit, weights, undisturbed, after_epoch, tmp_path, writer
):
    def replace(_):
        shutil.rmtree(tmp_path / "logs")
        (tmp_path / "logs").write_text("in the way")

    callback, model = saliency(writers=writer), network()
    with pytest.warns(ks.SaliencyWarning) as caught:
        fit(model, callback, after_epoch(1, replace), epochs=EPOCHS)
    assert f"{writer} failed after epoch 3 (step 2)" in the_warning(caught)
    assert callback.summary.lost == {writer: 2}
    np.testing.assert_equal(weights(model), undisturbed())


def test_maps_that_are_not_finite_are_a_failure(
    network, saliency, fit, weights, undisturbed, after_epoch, probes
):
    def break_down(callback):
        callback.model.set_weights([np.full_like(w, np.nan) for w in callback.model.get_weights()])

    callback, model = saliency(methods=["gradient", ThirdParty()]), network()
    with pytest.warns(ks.SaliencyWarning) as caught:
        history = fit(model, callback, after_epoch(1, break_down), epochs=EPOCHS)
    assert "gradient failed after epoch 3 (step 2): SaliencyError: None of the maps" in the_warning(caught)
    assert steps_of(callback.looks, "gradient") == [-1, 0, 1]
    assert steps_of(callback.looks, "third_party") == [-1, 0, 1, 2, 3]
    assert callback.summary.lost == {"gradient": 2}
    assert not np.isnan(history["saliency_gradient_drift"]).any()
    np.testing.assert_equal(weights(model), undisturbed(after_epoch(1, break_down)))


def test_single_maps_that_are_not_finite_are_counted_and_left_out(network, saliency, fit, probes):
    @dataclass(frozen=True, eq=False)
    class OneNaN(ThirdParty):
        def explain(self, question, rng):
            result = super().explain(question, rng)
            maps = np.array(result.maps)
            maps[2, 0, 0] = np.nan
            return MethodResult(maps)

    callback = saliency(methods=OneNaN())
    with pytest.warns(ks.SaliencyWarning) as caught:
        fit(network(), callback, epochs=1)
    assert "before training (step -1): 1 of its 5 maps are not finite" in the_warning(caught)
    assert callback.summary.lost == {"third_party": 2}
    for look in callback.looks:
        seen = look.methods["third_party"]
        assert np.isfinite(list(seen.numbers.values())).all()
        assert all(np.flatnonzero(np.isnan(values)).tolist() == [2] for values in seen.per_probe.values())
        assert np.flatnonzero(np.isnan(seen.heatmaps["signed"]).any((1, 2))).tolist() == [2]


@pytest.mark.parametrize("fails", ["method", "writer"])
def test_on_error_raise_ends_the_training(network, saliency, fit, fails):
    failing = {"method": {"methods": ThirdParty(fails_at=3)}, "writer": {"writers": [Writer(fails_at=3)]}}
    model = network()
    with pytest.raises((RuntimeError, OSError), match="out of luck|No space left"):
        fit(model, saliency(on_error="raise", **failing[fails]), epochs=EPOCHS)
    assert int(model.optimizer.iterations.numpy()) == 4


def test_warnings_that_are_errors_end_no_training(network, saliency, fit, weights, undisturbed, capsys):
    callback = saliency(methods=[ThirdParty(fails_at=2), "gradient"], writers=[Writer(fails_at=4)])
    model = network()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(model, callback, epochs=EPOCHS)
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(" failed")[0] for line in printed] == [
        "keras_saliency: third_party",
        "keras_saliency: Writer",
    ]
    assert callback.summary.lost == {"third_party": 4, "Writer": 2}
    np.testing.assert_equal(weights(model), undisturbed())


def test_an_interrupt_in_a_look_ends_the_training_and_keeps_what_was_written(
    network, saliency, fit, tmp_path
):
    callback = saliency(methods=[ThirdParty(fails_at=3, error=KeyboardInterrupt)])
    with pytest.raises(KeyboardInterrupt):
        fit(network(), callback, epochs=EPOCHS)
    assert [look.step for look in ks.load_looks(tmp_path / "logs")] == [-1, 0]
    assert [look.step for look in callback.looks] == [-1, 0]
    ThirdParty.looks.clear()
    fit(network(), callback, epochs=1)
    assert [look.step for look in callback.looks] == [-1, 0]
    assert callback.summary.folder == tmp_path / "logs" / "saliency_2"


def test_two_writers_of_one_kind_are_both_kept(network, saliency, fit):
    writers = [Writer(fails_at=2), Writer(fails_at=3)]
    callback = saliency(writers=writers)
    with pytest.warns(ks.SaliencyWarning) as caught:
        fit(network(), callback, epochs=2)
    assert [message.split(" failed")[0] for message in ours(caught)] == ["Writer", "Writer 2"]
    assert callback.summary.lost == {"Writer": 2, "Writer 2": 1}
