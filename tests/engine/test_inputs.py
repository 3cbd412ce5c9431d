"""What a model is called on: numbers beside an image, and as many examples as it insists on."""

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.targets import ClassIndex, bind

COUNT = 5
RNG = np.random.default_rng(0)
IMAGES = RNG.random((COUNT, 6, 6, 1)).astype("float32")
AGES = RNG.random(COUNT).astype("float32")
CAMERAS = np.array([0, 2, 1, 0, 2])
PIXEL_WEIGHTS, AGE_WEIGHT, CAMERA_WEIGHTS = RNG.random((36, 1)), 3.5, RNG.random((3, 1))


def with_numbers_beside(shape):
    """One score: a sum of the pixels and the age with fixed weights, and a number for the camera."""
    image, age = keras.Input((6, 6, 1), name="image"), keras.Input(shape, name="age")
    camera = keras.Input(shape, name="camera", dtype="int32")
    column = keras.ops.reshape(age, (-1, 1))
    parts = [
        keras.layers.Dense(1, use_bias=False, name="pixels")(keras.layers.Flatten()(image)),
        keras.layers.Dense(1, use_bias=False, name="years")(column),
        keras.ops.reshape(keras.layers.Embedding(3, 1, name="lens")(camera), (-1, 1)),
    ]
    model = keras.Model({"image": image, "age": age, "camera": camera}, keras.layers.Add()(parts))
    for name, weights in {"pixels": PIXEL_WEIGHTS, "years": [[AGE_WEIGHT]], "lens": CAMERA_WEIGHTS}.items():
        model.get_layer(name).set_weights([np.array(weights)])
    return model


@pytest.mark.parametrize("shape", [(), (1,)], ids=["numbers", "columns"])
def test_one_number_beside_each_image(shape):
    """A linear score: its gradients are the weights."""
    inputs = {"image": IMAGES, "age": AGES, "camera": CAMERAS}
    explanation = ks.explain(with_numbers_beside(shape), inputs, target=0)
    np.testing.assert_allclose(explanation.maps["age"], np.full(COUNT, AGE_WEIGHT), rtol=1e-6)
    np.testing.assert_allclose(
        explanation.maps["image"].reshape(COUNT, -1), np.tile(PIXEL_WEIGHTS.T, (COUNT, 1)), rtol=1e-6
    )
    assert explanation.maps["camera"] is None
    expected = (
        IMAGES.reshape(COUNT, -1) @ PIXEL_WEIGHTS + AGE_WEIGHT * AGES[:, None] + CAMERA_WEIGHTS[CAMERAS]
    )
    np.testing.assert_allclose(explanation.scores, expected[:, 0], rtol=1e-5)
    assert explanation.heatmaps().shape == (COUNT, 6, 6)


@pytest.mark.parametrize("method", ["smoothgrad", "integrated_gradients", "occlusion", "rise"])
def test_methods_that_change_the_image_take_the_number_along(method):
    numbers, columns = (
        ks.explain(
            with_numbers_beside(shape),
            {"image": IMAGES, "age": AGES.reshape(-1, *shape), "camera": CAMERAS.reshape(-1, *shape)},
            method,
            target=0,
        ).image_maps
        for shape in ((), (1,))
    )
    np.testing.assert_allclose(numbers, columns, rtol=1e-4, atol=1e-6)


def test_a_probe_set_with_numbers_is_saved_and_read(tmp_path):
    probes = ProbeSet({"image": IMAGES, "age": AGES})
    probes.save(tmp_path / "probes.npz")
    assert ProbeSet.load(tmp_path / "probes.npz").fingerprint == probes.fingerprint


class Insists(keras.layers.Layer):
    """Passes on what comes with a batch of one size, and fails at all others."""

    def __init__(self, count):
        super().__init__()
        self.count = count

    def call(self, x):
        return x if self.count is None else keras.ops.reshape(x, (self.count, *x.shape[1:]))


class Insisting(keras.Model):
    """Declares nothing, and works with batches of one size alone; None: of any."""

    def __init__(self, count):
        super().__init__()
        pooled = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)]
        self.parts = [keras.layers.Conv2D(2, 3, activation="relu"), Insists(count), *pooled]

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x


def insisting(count):
    model, rng = Insisting(count), np.random.default_rng(1)
    model(IMAGES[:1].repeat(count or 1, 0))
    model.set_weights([rng.normal(size=weight.shape) for weight in model.weights])
    return model


@pytest.mark.parametrize("method", ["gradient", "grad_cam", "occlusion"])
@pytest.mark.parametrize("count", [1, 4, 16])
def test_a_model_that_works_with_one_size_of_batch_alone(count, method):
    """What tracing sees is what calling sees: also a batch that is otherwise computed in two halves."""
    expected = ks.explain(insisting(None), IMAGES, method, target=1).maps
    given = ks.explain(insisting(count), IMAGES, method, target=1, chunk_size=count).maps
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-6)


def test_a_batch_that_is_declared_needs_no_chunk_size():
    class Insists(keras.layers.Layer):
        def call(self, x):
            if x.shape[0] != 2:
                raise ValueError(f"Two examples, not {x.shape[0]}")
            return x

    layers = [Insists(), keras.layers.Flatten(), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((6, 6, 1), batch_size=2), *layers])
    question = Question(ScoredModel(model), IMAGES, bind(ClassIndex(0), COUNT, None))
    kernel = keras.ops.convert_to_numpy(model.layers[-1].kernel)[:, 0].reshape(1, 6, 6, 1)
    np.testing.assert_allclose(question.gradients().maps, kernel.repeat(COUNT, 0), rtol=1e-6)
