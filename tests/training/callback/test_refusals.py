"""What cannot work is refused in one clear sentence, before the first update and without a trace."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.errors import (
    LogitsNotFoundError,
    ModelRejectedInputsError,
    NoGradientError,
    UnreadableFileError,
    UnwritableFolderError,
)
from keras_saliency.render.fonts import dejavu

SHAPE = (6, 6, 1)


class HandWrittenSoftmax(layers.Layer):
    def call(self, inputs):
        exponentials = keras.ops.exp(inputs)
        return exponentials / keras.ops.sum(exponentials, axis=-1, keepdims=True)


class CutOff(layers.Layer):
    def call(self, inputs):
        return keras.ops.stop_gradient(inputs)


def through(*inside):
    return keras.Sequential(
        [keras.Input(SHAPE), layers.Flatten(), *inside, layers.Dense(3, activation="softmax")]
    )


def hidden_logits():
    return keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(3), HandWrittenSoftmax()])


def two_outputs():
    inputs = keras.Input(SHAPE)
    flat = layers.Flatten()(inputs)
    heads = {name: layers.Dense(3, activation="softmax", name=name)(flat) for name in ("animal", "colour")}
    return keras.Model(inputs, heads)


def not_finite():
    return through(layers.Rescaling(1e30), layers.Rescaling(1e30))


def of_numbers():
    return keras.Sequential([keras.Input((36,)), layers.Dense(3, activation="softmax")])


IMAGES = np.random.default_rng(0).normal(size=(4, *SHAPE)).astype("float32")

REFUSED = {
    "label that the model lacks": (
        through,
        {"probes": (IMAGES, [0, 1, 2, 3])},
        ValueError,
        r"Expected class indices below 3.*Received: class 3",
    ),
    "class that the model lacks": (
        through,
        {"target": 3},
        ValueError,
        r"Expected class indices below 3.*Received: class 3",
    ),
    "labels that are not there": (
        through,
        {"probes": IMAGES, "target": "label"},
        ValueError,
        'target="label" needs labels',
    ),
    "images that the model refuses": (
        through,
        {"probes": IMAGES[:, :5]},
        ModelRejectedInputsError,
        r"'sequential.*' cannot be called on these images. Received: input: \(n, 5, 6, 1\) float32. Keras says",
    ),
    "several outputs": (
        two_outputs,
        {},
        ValueError,
        "The model has 2 outputs; name one of them. Outputs: 'animal', 'colour'. Received: output=None",
    ),
    "an output that is not there": (
        two_outputs,
        {"output": "size"},
        ValueError,
        "Outputs: 'animal', 'colour'. Received: output='size'",
    ),
    "numbers instead of images": (
        of_numbers,
        {"probes": IMAGES.reshape(4, -1)},
        ValueError,
        r"None of the inputs is an image, so there is nothing to watch. .*Received: input of shape \(36,\)",
    ),
    "a model without a gradient": (
        lambda: through(CutOff()),
        {},
        NoGradientError,
        "No gradient reaches input",
    ),
    "logits that cannot be found": (
        hidden_logits,
        {},
        LogitsNotFoundError,
        "looks like probabilities.* logits=.output.*; or give a callable target",
    ),
    "logits of another kind": (hidden_logits, {"logits": "odds"}, ValueError, "Expected logits to be one of"),
    "maps that are not finite": (
        not_finite,
        {},
        ks.SaliencyError,
        "None of the maps of gradient is finite: on every probe",
    ),
}


@pytest.fixture
def train():
    """A function that trains any model, on zeros of its own shape."""

    def on_zeros(model, callback):
        x, y = np.zeros((8, *model.input_shape[1:])), np.zeros(8, int)
        targets = dict.fromkeys(model.output_names, y) if len(model.outputs) > 1 else y
        model.fit(x, targets, verbose=0, callbacks=[callback])

    return on_zeros


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_the_model_is_refused(compiled, saliency, train, weights, case):
    make, options, error, sentence = REFUSED[case]
    model = compiled(make, metrics=None)
    before = weights(model)
    callback = saliency(**({"probes": IMAGES} | options))
    with pytest.raises(error, match=sentence):
        train(model, callback)
    np.testing.assert_equal(weights(model), before)
    assert int(model.optimizer.iterations.numpy()) == 0
    assert callback.last_look is None


def test_a_region_of_another_size_than_the_maps_is_refused(compiled, saliency, train):
    model = compiled(lambda: keras.Sequential([keras.Input((6, 6, 4)), layers.Flatten(), layers.Dense(3)]))
    sideways = np.ones((6, 4), bool)  # could be the size of an image with the channels first
    callback = saliency(probes=ks.ProbeSet(np.zeros((2, 6, 6, 4), "float32"), regions={"corner": sideways}))
    with pytest.raises(ValueError, match=r"region 'corner' to have the size of the maps, \(6, 6\)"):
        train(model, callback)


def test_a_folder_that_cannot_be_made_is_refused(network, saliency, fit, weights, tmp_path):
    (tmp_path / "file").write_text("in the way")
    model = network()
    before = weights(model)
    with pytest.raises(UnwritableFolderError, match=r"Cannot write the looks to .*file.logs.saliency: \w+"):
        fit(model, saliency(log_dir=tmp_path / "file" / "logs"))
    np.testing.assert_equal(weights(model), before)


@pytest.mark.parametrize("when", ["open", "write"])
def test_a_writer_that_fails_at_once_is_refused(network, saliency, fit, weights, when):
    class Fails:
        closed = False

        def open(self, run):
            assert when != "open", "no room"

        def write(self, look, previous):
            raise AssertionError("no room")

        def close(self):
            self.closed = True

    model, writer = network(), Fails()
    before = weights(model)
    with pytest.raises(AssertionError, match="no room"):
        fit(model, saliency(writers=["tensorboard", writer]))
    np.testing.assert_equal(weights(model), before)
    assert writer.closed


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"methods": "gradiant"}, ValueError, "No method 'gradiant'. Did you mean 'gradient'"),
        ({"methods": []}, ValueError, "Expected at least one method"),
        ({"methods": ["gradient", "gradient"]}, ValueError, "Two methods have the name 'gradient'"),
        ({"methods": ks.Gradient}, TypeError, "Expected the name of a method or a method"),
        ({"target": "lable"}, ValueError, "Expected target to be .*Received: target='lable'"),
        (
            {"every": 0},
            ValueError,
            r"Expected every to be a whole number of at least 1, or ks.Batches\(count\). Received: every=0",
        ),
        ({"every": 2.5}, ValueError, "Received: every=2.5"),
        ({"every": True}, ValueError, "Received: every=True"),
        ({"on_error": "ignore"}, ValueError, 'Expected on_error to be "warn" or "raise"'),
        (
            {"log_keys": ["saliency_gradient_drfit"]},
            ValueError,
            "Did you mean 'saliency_gradient_drift'.*Received: 'saliency_gradient_drfit'",
        ),
        ({"log_keys": None}, ValueError, "Expected log_keys to be .*Received: None"),
        ({"writers": "tensorbord"}, ValueError, "No writer 'tensorbord'. Did you mean 'tensorboard'"),
        ({"writers": [3]}, TypeError, "Expected the name of a writer, or an object with open.*Received: 3"),
        ({"probes": None}, ValueError, "Expected at least one image"),
        ({"probes": np.zeros((0, 6, 6, 1))}, ValueError, "Received: an empty probe set"),
        ({"probes": (IMAGES, [1, 2])}, ValueError, "Expected one label per image, 4 in all"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_wrong_arguments_are_refused_at_once(saliency, options, error, sentence):
    with pytest.raises(error, match=sentence):
        saliency(**options)


def test_looks_cannot_be_read_back_without_an_event_file(saliency):
    with pytest.raises(ks.SaliencyError, match='add "tensorboard" to writers='):
        _ = saliency(writers="folder").looks


def test_a_font_is_read_at_once_and_its_path_is_fixed(saliency, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="No such font: "):
        saliency(font=tmp_path / "none.ttf")
    (tmp_path / "text.ttf").write_text("no font")
    with pytest.raises(UnreadableFileError, match="text.ttf cannot be drawn as a font: "):
        saliency(font=tmp_path / "text.ttf")
    with pytest.raises(TypeError, match="Expected font to be the path of a font file"):
        saliency(font=12)
    (tmp_path / "DejaVu.ttf").write_bytes(Path(dejavu()).read_bytes())
    monkeypatch.chdir(tmp_path)
    assert saliency(font="DejaVu.ttf")._settings.font == str(tmp_path / "DejaVu.ttf")
