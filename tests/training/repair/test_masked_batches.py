"""How `fit` reads the batches, and what is refused."""

import copy
import pickle
from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from keras import layers

import keras_saliency as ks
from tests.training.repair.test_mask_salient import SIDE, Recorder, X, Y, compiled, linear

COUNT = len(X)


@pytest.fixture
def saliency(tmp_path):
    def make(**options):
        return ks.SaliencyCallback(
            **{"probes": (X[:5], Y[:5]), "log_dir": tmp_path, "images": False} | options
        )

    return make


@pytest.fixture
def model():
    return compiled(linear())


def read(saliency, epochs=1, batches=None, fit=None, **options):
    """What a training reads, epoch by epoch: the images, the labels, …"""
    masks = ks.MaskSalient(saliency(), **{"probability": 0.5} | options)
    recorder = Recorder(masks.batches(X, Y, **{"batch_size": 5} | (batches or {})))
    compiled(model := linear())
    model.fit(recorder, epochs=epochs, verbose=0, shuffle=False, callbacks=[masks], **(fit or {}))
    whole = [epoch for epoch in recorder.read if len(epoch) == len(recorder)]  # Keras may read one before
    parts = [zip(*(epoch[index] for index in sorted(epoch)), strict=True) for epoch in whole]
    return [[np.concatenate(part) for part in epoch] for epoch in parts]


def assert_same(ours, theirs):
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_the_seed_decides(saliency):
    ours, same, other = (read(saliency, seed=seed) for seed in (1, 1, 2))
    assert_same(ours[0], same[0])
    assert (ours[0][1] != other[0][1]).any()


def test_each_epoch_has_an_order_and_draws_of_its_own(saliency):
    first, second = read(saliency, epochs=2)
    assert (first[1] != second[1]).any()
    assert sorted(first[1]) == sorted(second[1]) == sorted(Y)


def test_without_shuffling_the_order_is_kept(saliency):
    epochs = read(saliency, epochs=2, batches={"shuffle": False})
    are_masked = [(images != X).any((1, 2, 3)) for images, _ in epochs]
    assert_same([labels for _, labels in epochs], [Y, Y])
    assert all(0 < masked.sum() < COUNT for masked in are_masked)
    assert (are_masked[0] != are_masked[1]).any()


def test_a_training_that_goes_on_reads_what_it_would_have_read(saliency):
    """The network stands still, so that its maps are the same."""
    last = []
    for since in (0, 2):
        masks = ks.MaskSalient(saliency())
        recorder = Recorder(masks.batches(X, Y))
        still = compiled(linear(), optimizer=keras.optimizers.SGD(0.0))
        still.fit(recorder, initial_epoch=since, epochs=3, verbose=0, callbacks=[masks])
        last.append(recorder.read[-1][0])
    assert_same(*last)


@pytest.mark.parametrize("processes", [False, pytest.param(True, marks=pytest.mark.repeats)])
@pytest.mark.filterwarnings("ignore:os.fork")  # JAX warns of it, where another test has called it
def test_workers_read_the_same(saliency, processes):
    """Those that are processes are copies of the batches, made anew for every epoch."""
    logs = []
    for workers in (1, 3):
        masks, model = ks.MaskSalient(saliency(), share=0.4, probability=1), compiled(linear())
        batches = masks.batches(X, Y, batch_size=2)
        if workers > 1:
            batches.workers, batches.use_multiprocessing = workers, processes
        model.fit(batches, epochs=2, verbose=0, shuffle=False, callbacks=[masks])
        logs.append(model.get_weights())
    assert_same(*logs)


def test_steps_of_an_epoch(saliency, model):
    masks = ks.MaskSalient(saliency(), probability=1)
    batches = masks.batches(X, Y, batch_size=2)
    history = model.fit(
        batches, epochs=4, steps_per_epoch=2, verbose=0, callbacks=[masks], validation_data=(X, Y)
    )
    assert history.epoch == [0, 1, 2, 3]


def test_maps_are_made_every_so_many_epochs(saliency):
    """The weights turn from epoch to epoch, and the masks only where it is time."""
    masks, model = ks.MaskSalient(saliency(), every=2, share=0.3), compiled(linear())
    seen = []

    class Turn(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(masks.hidden(range(COUNT)))
            kernel, bias = self.model.get_weights()
            self.model.set_weights([np.roll(kernel, 7 * epoch + 5, axis=0), bias])

    model.fit(masks.batches(X, Y), initial_epoch=3, epochs=7, verbose=0, callbacks=[masks, Turn()])
    changes = [(now != before).any() for before, now in pairwise(seen)]
    assert changes == [True, False, True]  # before the epochs 4, 5 and 6


def test_validation_is_not_masked(saliency):
    """Neither arrays, nor these batches themselves, nor others that were made before."""
    logs = []
    for kind in ("arrays", "the same", "others"):
        masks, model = ks.MaskSalient(saliency(), share=0.5, probability=1), compiled(linear())
        others = masks.batches(X, Y, batch_size=5)
        batches = masks.batches(X, Y, batch_size=5)
        validation = {"arrays": (X, Y), "the same": batches, "others": others}[kind]
        logs.append(
            model.fit(batches, epochs=2, verbose=0, callbacks=[masks], validation_data=validation).history
        )
        assert logs[-1]["loss"] != logs[-1]["val_loss"]
    for log in logs:
        assert log["val_loss"] == pytest.approx(logs[0]["val_loss"], rel=1e-5)
        assert log["loss"] == logs[0]["loss"]


def test_weights_and_several_inputs_and_outputs(saliency):
    """The first image is masked; what is no image, and another one, stay."""
    numbers = np.arange(COUNT, dtype="float32")
    sides = {"a": (SIDE, SIDE, 2), "b": (SIDE, SIDE, 2), "c": (1,)}
    inputs = {name: keras.Input(shape, name=name) for name, shape in sides.items()}
    flat = layers.Concatenate()([layers.Flatten()(given) for given in inputs.values()])
    outputs = {"size": layers.Dense(1)(flat), "kind": layers.Dense(3, activation="softmax")(flat)}
    model = keras.Model(inputs, outputs)
    model.compile("sgd", {"size": "mse", "kind": "sparse_categorical_crossentropy"})
    x = {"a": X, "b": X.copy(), "c": numbers[:, None]}
    y, sizes = {"size": numbers, "kind": Y}, np.linspace(0, 1, COUNT)
    probes = ks.ProbeSet({name: part[:5] for name, part in x.items()}, Y[:5])
    masks = ks.MaskSalient(saliency(probes=probes, output="kind"), probability=1)
    recorder = Recorder(masks.batches(x, y, {"size": sizes, "kind": sizes}, shuffle=False))
    model.fit(recorder, verbose=0, callbacks=[masks])
    images, labels, weights = recorder.read[-1][0]
    assert (images["a"] != X).any((1, 2, 3)).all()
    assert_same(
        [images["b"], images["c"], labels["kind"], weights["size"]], [X, x["c"], Y, sizes.astype("float32")]
    )


def test_maps_that_tell_nothing_are_warned_of_once(saliency, model):
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    masks = ks.MaskSalient(saliency(), probability=1)
    with pytest.warns(
        ks.SaliencyWarning, match="16 of 16 training examples have a map that is constant"
    ) as said:
        model.fit(masks.batches(X, Y), epochs=2, verbose=0, callbacks=[masks])
    assert [warning.category for warning in said].count(ks.SaliencyWarning) == 1


def test_a_later_failure_leaves_the_masks_before(saliency, model, monkeypatch):
    masks = ks.MaskSalient(saliency())

    class Fail(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            monkeypatch.setattr("keras_saliency.training.repair.salient_masks.shrink", lambda *_: 1 / 0)

    with pytest.warns(
        ks.SaliencyWarning, match="masks of epoch 1 could not be made, and those before stay: division"
    ) as said:
        history = model.fit(masks.batches(X, Y), epochs=3, verbose=0, callbacks=[masks, Fail()])
    assert history.epoch == [0, 1, 2]
    assert [warning.category for warning in said].count(ks.SaliencyWarning) == 1


class Untouched:
    """A model, and that it was not trained."""

    def __init__(self, model):
        self.model, self.before = model, [np.array(weight) for weight in model.get_weights()]

    def refuses(self, said, *args, **options):
        with pytest.raises(ValueError, match=said):
            self.model.fit(*args, verbose=0, **options)
        for weight, before in zip(self.model.get_weights(), self.before, strict=True):
            np.testing.assert_array_equal(weight, before)


@pytest.mark.backend
def test_a_fit_that_would_mask_nothing_is_refused_before_the_first_update(saliency, model):
    masks, untouched = ks.MaskSalient(saliency()), Untouched(model)
    untouched.refuses("Expected examples to mask", X, Y, callbacks=[masks])
    batches = masks.batches(X, Y)
    untouched.refuses("Expected a fit that reads the batches of its MaskSalient", X, Y, callbacks=[masks])
    untouched.refuses("fit with the MaskSalient that made them last", batches)
    masks.batches(X, Y)
    untouched.refuses("Expected a fit that reads the batches of its MaskSalient", batches, callbacks=[masks])


@pytest.mark.backend
def test_after_a_fit_the_batches_are_refused_elsewhere_and_taken_again(saliency, model):
    masks = ks.MaskSalient(saliency())
    batches = masks.batches(X, Y)
    for _ in range(2):
        compiled(model)
        model.fit(batches, verbose=0, callbacks=[masks])
        assert_same(batches[0], (X, Y))
        Untouched(model).refuses("fit with the MaskSalient that made them last", batches)
        with pytest.raises(ValueError, match="To evaluate or predict, give the arrays themselves"):
            model.evaluate(batches, verbose=0)


@pytest.mark.parametrize(
    ("settings", "labels", "said"),
    [
        ({"target": np.arange(5) % 3}, Y, "one for any image"),
        (
            {"target": ks.PerImage(lambda outputs, rows: outputs[:, 0] * rows, np.ones(5))},
            Y,
            "one for any image",
        ),
        ({"target": ks.OutputGradient(np.ones((5, 3)))}, Y, "Expected an output gradient"),
        ({}, Y / 3, 'Labels are class indices.*target="predicted"'),
        ({}, None, 'labels of one output. Received: 0 arrays.*target="predicted"'),
        ({"methods": ks.GradCAM("nowhere")}, Y, "nowhere"),
        ({"output": "nothing"}, Y, "nothing"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_the_first_update(
    saliency, model, settings, labels, said
):
    masks = ks.MaskSalient(saliency(**settings))
    masks.batches(X, labels)
    masks.set_model(model)
    hooks = [masks.on_train_begin, lambda: masks.on_epoch_begin(0)]
    with pytest.raises((ValueError, ks.SaliencyError), match=said):
        [hook() for hook in hooks]


def test_a_model_of_other_things_than_images_is_refused(saliency):
    table = X.reshape(COUNT, -1)
    model = compiled(keras.Sequential([keras.Input((72,)), layers.Dense(3, activation="softmax")]))
    masks = ks.MaskSalient(saliency(probes=(table[:5], Y[:5])))
    Untouched(model).refuses("Expected a model of images", masks.batches(table, Y), callbacks=[masks])


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"what": "warm"}, ValueError, '"hot" or "cold". Received: what=\'warm\''),
        ({"share": 1}, ValueError, "share"),
        ({"share": -0.1}, ValueError, "share"),
        ({"every": 0}, ValueError, "every"),
        ({"every": ks.Batches(2)}, ValueError, "every"),
        ({"probability": 1.1}, ValueError, "probability"),
        ({"side": 0}, ValueError, "side"),
        ({"seed": -1}, ValueError, "seed"),
        ({"callback": "gradient"}, TypeError, "Expected a SaliencyCallback"),
    ],
)
def test_arguments_that_cannot_work(saliency, options, kind, said):
    with pytest.raises(kind, match=said):
        ks.MaskSalient(**{"callback": saliency()} | options)


@pytest.mark.parametrize(
    ("x", "y", "kind", "said"),
    [
        (tf.data.Dataset.from_tensor_slices((X, Y)).batch(4), None, TypeError, "which example is which"),
        (torch.utils.data.DataLoader([1, 2]), None, TypeError, "which example is which"),
        (Recorder([(X, Y)]), None, TypeError, "which example is which"),
        ("photos", None, TypeError, "a path"),
        (X, Y[:5], ValueError, r"Received: \[5, 16\] examples"),
        (X[:0], Y[:0], ValueError, r"Received: \[0\] examples"),
    ],
)
def test_examples_that_cannot_work(saliency, x, y, kind, said):
    with pytest.raises(kind, match=said):
        ks.MaskSalient(saliency()).batches(x, y)


def test_floats_are_those_of_keras(saliency):
    batches = ks.MaskSalient(saliency()).batches(X.astype("float64"), Y / 2, np.ones(COUNT))
    assert [part.dtype.name for part in batches[0]] == ["float32"] * 3


def test_a_tensor_and_a_memmap_are_arrays(saliency, tmp_path):
    mapped = np.memmap(tmp_path / "x", "float32", "w+", shape=X.shape)
    mapped[:] = X
    for images in (tf.constant(X), torch.tensor(X), mapped):
        assert_same(ks.MaskSalient(saliency()).batches(images, Y)[0], (X, Y))


def test_there_are_no_masks_before_a_fit(saliency):
    with pytest.raises(ValueError, match="made there"):
        ks.MaskSalient(saliency()).hidden([0])


def test_a_copy_masks_the_same_batches_and_a_pickle_has_none(saliency, model):
    """Tuners copy callbacks, and give the same data to every trial."""
    masks = ks.MaskSalient(saliency(), "cold", 0.2, 3, probability=0.7, side=4, seed=5)
    batches = masks.batches(X, Y)
    copied, read = copy.deepcopy(masks), pickle.loads(pickle.dumps(masks))
    for other in copied, read:
        names = ("what", "share", "every", "probability", "side", "seed")
        assert [getattr(other, name) for name in names] == ["cold", 0.2, 3, 0.7, 4, 5]
    model.fit(batches, verbose=0, callbacks=[copied])
    assert copied.hidden([0]).any()
    Untouched(model).refuses("Expected examples to mask", batches, callbacks=[read])
