"""The training's own data set as probes: drawn from, and the training is bit for bit the same."""

import keras
import numpy as np
import pytest

import keras_saliency as ks
from tests.states import bits

tf = pytest.importorskip("tensorflow")
torch = pytest.importorskip("torch")

COUNT = 48
IMAGES = np.random.default_rng(0).random((COUNT, 8, 8, 1), "float32")
LABELS = np.arange(COUNT) % 3


class Batches(keras.utils.PyDataset):
    """Augments by a generator of its own."""

    def __init__(self):
        super().__init__()
        self.rng = np.random.default_rng(3)

    @property
    def num_batches(self):
        return COUNT // 8

    def __getitem__(self, index):
        rows = slice(8 * index, 8 * index + 8)
        return IMAGES[rows] * self.rng.random(), LABELS[rows]


def shuffled():
    return tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).shuffle(COUNT).batch(8).prefetch(1)


def augmented():
    """On JAX Keras gives up an iterator after one batch: what is fetched ahead by then would differ from run to run."""
    generator = tf.random.Generator.from_seed(4)
    return shuffled().map(lambda image, label: (image * generator.uniform(()), label))


def loader():
    examples = [(torch.tensor(image), int(label)) for image, label in zip(IMAGES, LABELS, strict=True)]
    return torch.utils.data.DataLoader(examples, batch_size=8, shuffle=True)


SOURCES = {
    "tf.data, shuffled": shuffled,
    "tf.data, augmented": augmented,
    "PyDataset": Batches,
    "DataLoader": loader,
}


def trained(make, folder=None):
    """The weights and losses of a training, with a callback that draws from its data set or without."""
    keras.utils.set_random_seed(2), torch.manual_seed(2)
    layers = [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(2, 3),
        keras.layers.Flatten(),
        keras.layers.Dense(3),
    ]
    model = keras.Sequential([*layers, keras.layers.Softmax()])
    model.compile("sgd", "sparse_categorical_crossentropy")
    source, callbacks = make(), []
    if folder is not None:
        callbacks = [ks.SaliencyCallback(source, folder, images=False)]
    history = model.fit(source, epochs=2, verbose=0, shuffle=False, callbacks=callbacks)
    return model, history.history["loss"]


@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES)
def test_a_training_is_the_same_with_its_own_data_set_as_probes(make, tmp_path):
    model, losses = trained(make)
    watched, their_losses = trained(make, tmp_path)
    assert their_losses == losses
    np.testing.assert_equal(bits(watched.weights), bits(model.weights))
    assert [look.step for look in ks.load_looks(tmp_path)] == [-1, 0, 1]


def test_a_generator_is_refused_before_the_training(tmp_path):
    with pytest.raises(ValueError, match="gives each example once, and a training would miss"):
        ks.SaliencyCallback(iter([(IMAGES, LABELS)]), tmp_path)


def test_the_range_of_the_pixels_is_doubted_once(tmp_path):
    layers = [
        keras.Input((8, 8, 1)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
        keras.layers.Dense(3),
    ]
    model = keras.Sequential(layers)
    model.compile("sgd", "mse")
    callback = ks.SaliencyCallback(IMAGES[:4], tmp_path, images=False, target=0)
    with pytest.warns(ks.SaliencyWarning, match="made for pixels from 0 to 255") as said:
        model.fit(IMAGES[:4], np.zeros((4, 3)), epochs=3, verbose=0, callbacks=[callback])
    assert len([one for one in said if one.category is ks.SaliencyWarning]) == 1
