"""What is masked in a `fit`, against closed forms; and what the `fit` does not notice."""

import random

import keras
import numpy as np
import optree
import pytest
from keras import layers

import keras_saliency as ks
from tests.states import global_states

pytestmark = pytest.mark.backend

SIDE = 6
RNG = np.random.default_rng(0)
X = RNG.random((16, SIDE, SIDE, 2)).astype("float32")
Y = np.arange(16) % 3


class Recorder(keras.utils.PyDataset):
    """Reads batches, and keeps what was read in each epoch."""

    def __init__(self, batches):
        super().__init__()
        self.batches, self.read = batches, []

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        batch = self.batches[index]
        if self.read:
            self.read[-1][index] = optree.tree_map(np.array, batch)
        return batch

    def on_epoch_begin(self):
        self.read.append({})
        self.batches.on_epoch_begin()

    def on_epoch_end(self):
        self.batches.on_epoch_end()


def linear(units=3, shape=(SIDE, SIDE, 2)):
    """A dense layer on the pixels, whose gradient is its weights."""
    keras.utils.set_random_seed(3)
    return keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(units, activation="softmax")])


def compiled(model, **options):
    usual = {"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", "run_eagerly": True}
    model.compile(**usual | options)
    return model


def drawing():
    """A network that draws random numbers while it trains, and keeps statistics."""
    keras.utils.set_random_seed(4)
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 2)),
            layers.Conv2D(3, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


@pytest.fixture
def saliency(tmp_path):
    def make(**options):
        return ks.SaliencyCallback(
            **{"probes": (X[:5], Y[:5]), "log_dir": tmp_path, "images": False} | options
        )

    return make


def weights(model):
    return [np.array(weight) for weight in model.get_weights()]


def trained(model, masks, batches, epochs=1, **options):
    model.fit(batches, epochs=epochs, verbose=0, callbacks=[masks], **options)
    return weights(model)


def rows_like(images, image):
    """The only row of the images that is this one."""
    (row,) = np.flatnonzero((images == image).all((1, 2)))
    return int(row)


def brute_force(image, mask):
    """The image with the mean of what is at most two pixels away from the mask in it."""
    near = np.zeros_like(mask)
    for y, x in np.argwhere(mask):
        near[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3] = True
    filled = image.copy()
    filled[mask] = image[near & ~mask].mean(0, dtype="float64")
    return filled


@pytest.mark.parametrize("what", ["hot", "cold"])
def test_the_weights_of_a_linear_model_tell_what_is_masked(saliency, what):
    """The gradient of a logit is the class' weights, so each image's mask is known, and so is its fill."""
    model, masks = compiled(linear()), ks.MaskSalient(saliency(), what, share=1 / 6, probability=1)
    kernel = np.abs(np.array(model.get_weights()[0])).reshape(SIDE, SIDE, 2, 3).max(2)
    recorder = Recorder(masks.batches(X, Y, batch_size=5))
    trained(model, masks, recorder)
    order = np.argsort(kernel.reshape(-1, 3), axis=0)
    hidden = np.zeros((3, SIDE * SIDE), bool)
    for index in range(3):
        hidden[index, order[-6:, index] if what == "hot" else order[:6, index]] = True
    hidden = hidden.reshape(3, SIDE, SIDE)
    np.testing.assert_array_equal(masks.hidden(range(16)), hidden[Y])

    (read,) = [epoch for epoch in recorder.read if len(epoch) == 4]
    images, labels = (np.concatenate([read[index][part] for index in range(4)]) for part in (0, 1))
    rows = [rows_like(X[:, ~hidden[y]], image[~hidden[y]]) for image, y in zip(images, labels, strict=True)]
    assert sorted(rows) == list(range(16))
    assert rows != sorted(rows)
    by_hand = [brute_force(X[row], hidden[Y[row]]) for row in rows]
    np.testing.assert_allclose(images, by_hand, rtol=1e-6)
    np.testing.assert_array_equal(labels, Y[rows])


@pytest.mark.parametrize("options", [{"share": 0}, {"probability": 0}])
def test_where_nothing_is_masked_the_training_is_that_of_the_arrays(saliency, options):
    alone = compiled(drawing())
    alone.fit(X, Y, batch_size=5, epochs=2, verbose=0, shuffle=False)
    model, masks = compiled(drawing()), ks.MaskSalient(saliency(), **options)
    ours = trained(
        model, masks, masks.batches(X.astype("float64"), Y, batch_size=5, shuffle=False), 2, shuffle=False
    )
    for mine, theirs in zip(ours, weights(alone), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_training_does_not_notice_the_maps(saliency):
    """A training that reads the same masked images from a record of them ends with the same bits."""
    model, callback = compiled(drawing()), saliency(methods=ks.SmoothGrad(samples=2))
    masks = ks.MaskSalient(callback)
    recorder = Recorder(masks.batches(X, Y, batch_size=5))
    random.seed(5)
    model.fit(recorder, epochs=2, verbose=0, callbacks=[masks, callback], shuffle=False)
    ours, drawn = weights(model), random.random()
    epochs = [epoch for epoch in recorder.read if len(epoch) == 4]
    assert len(epochs) == 2
    assert (epochs[0][0][0] != epochs[1][0][0]).any()

    class Replay(keras.utils.PyDataset):
        epoch = 0

        def __len__(self):
            return 4

        def __getitem__(self, index):
            return tuple(epochs[self.epoch][index])

    replay, again = Replay(), compiled(drawing())
    random.seed(5)
    for replay.epoch in range(2):
        again.fit(replay, initial_epoch=replay.epoch, epochs=replay.epoch + 1, verbose=0, shuffle=False)
    assert random.random() == drawn
    for mine, theirs in zip(ours, weights(again), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_no_global_state_is_changed_by_its_hooks(saliency):
    model, masks = compiled(drawing()), ks.MaskSalient(saliency(methods=ks.SmoothGrad(samples=2)))
    batches = masks.batches(X, Y)
    masks.set_model(model)
    masks.set_params({})
    before, kept = global_states(), weights(model)
    masks.on_train_begin()
    masks.on_epoch_begin(0)
    batches.on_epoch_begin()
    assert (batches[0][0] != X).any()
    np.testing.assert_equal(global_states(), before)
    np.testing.assert_equal(weights(model), kept)


@pytest.mark.parametrize("options", [{"run_eagerly": False, "jit_compile": True}, {"run_eagerly": False}])
def test_kinds_of_steps(saliency, options):
    if options.get("jit_compile") and keras.backend.backend() == "torch":
        pytest.skip("torch.compile needs a C++ compiler")
    masks = ks.MaskSalient(saliency(), probability=1)
    trained(compiled(drawing(), **options), masks, masks.batches(X, Y, batch_size=8), 2)
    assert masks.hidden([3]).sum() == 4  # a tenth of 36


def test_mixed_precision(saliency):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model, masks = compiled(drawing()), ks.MaskSalient(saliency(), share=0.5)
        trained(model, masks, masks.batches(X, Y))
    finally:
        keras.config.set_dtype_policy("float32")
    assert (masks.hidden(range(16)).sum((1, 2)) == 18).all()


def test_channels_first(saliency):
    """The same network with its axes turned reads and masks the same."""
    first = X.transpose(0, 3, 1, 2)
    turned = keras.Sequential([keras.Input((2, SIDE, SIDE)), layers.Permute((2, 3, 1)), *linear().layers])
    turned.set_weights(linear().get_weights())
    found = []
    for model, images in ((linear(), X), (turned, first)):
        callback = saliency(probes=(images[:5], Y[:5]), channel_axis=1 if images is first else None)
        masks = ks.MaskSalient(callback, probability=1)
        batches = Recorder(masks.batches(images, Y, shuffle=False))
        trained(compiled(model), masks, batches)
        found.append((masks.hidden(range(16)), batches.read[-1][0][0]))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_allclose(found[0][1], found[1][1].transpose(0, 2, 3, 1), rtol=1e-6)


def test_integer_images_stay_integers(saliency):
    bytes_ = (255 * X).astype("uint8")
    model = keras.Sequential(
        [keras.Input((SIDE, SIDE, 2), dtype="uint8"), layers.Rescaling(1 / 255), *linear().layers]
    )
    masks = ks.MaskSalient(saliency(probes=(bytes_[:5], Y[:5])), probability=1)
    recorder = Recorder(masks.batches(bytes_, Y, shuffle=False))
    trained(compiled(model), masks, recorder)
    images = recorder.read[-1][0][0]
    assert images.dtype == "uint8"
    hidden = masks.hidden(range(16))
    assert (images[~hidden] == bytes_[~hidden]).all()
    by_hand = [brute_force(image.astype(float), mask) for image, mask in zip(bytes_, hidden, strict=True)]
    np.testing.assert_array_equal(images, np.rint(by_hand))
