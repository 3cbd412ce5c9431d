"""Places of any shape: networks with hand-made weights whose answers are known, and one training of each shape."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.demo import digits, network

SIDE, EACH, MEANT = 20, 6, 1
ROWS, COLUMNS = np.indices((SIDE, SIDE))


def frame():
    return (ROWS < 1) | (ROWS >= SIDE - 1) | (COLUMNS < 1) | (COLUMNS >= SIDE - 1)


def stripe():
    return COLUMNS < 2


def diagonal():
    return abs(ROWS - COLUMNS) <= 0


def corners():
    far = (ROWS >= SIDE - 3) & (COLUMNS >= SIDE - 3)
    return far | ((ROWS < 3) & (COLUMNS < 3))


SHAPES = {"frame": frame(), "stripe": stripe(), "diagonal": diagonal(), "two corners": corners()}


def probes(mask, rng=0):
    """Three classes, told by which third of the middle rows is bright; class 1 has the mask in white."""
    noise, labels = np.random.default_rng(rng), np.repeat(np.arange(3), EACH)
    images = noise.uniform(0.2, 0.4, (len(labels), SIDE, SIDE, 1)).astype("float32")
    for image, label in zip(images, labels, strict=True):
        image[6:14, 4 + 4 * label : 8 + 4 * label] += noise.uniform(0.1, 0.2)
    images[(labels == MEANT)[:, None, None] & mask] = 1.0
    return ks.ProbeSet(images, labels)


def reading(mask, weight):
    """Each class reads its third; class 1 also gets `weight` × how white the mask is, from 0 (a mean of 0.3) to 1."""
    weights = np.zeros((SIDE, SIDE, 3))
    for index in range(3):
        weights[6:14, 4 + 4 * index : 8 + 4 * index, index] = 10 / 32
    inputs = keras.Input((SIDE, SIDE, 1))
    flat = layers.Flatten()(inputs)
    thirds = layers.Dense(3, use_bias=False, name="thirds")(flat)
    bright = layers.Dense(1, activation="relu", name="bright")(flat)
    extra = layers.Dense(3, use_bias=False, name="extra")(bright)
    model = keras.Model(inputs, layers.Softmax()(layers.Add()([thirds, extra])))
    model.get_layer("thirds").set_weights([weights.reshape(-1, 3)])
    model.get_layer("bright").set_weights([(mask / mask.sum()).reshape(-1, 1) / 0.7, np.array([-0.3 / 0.7])])
    model.get_layer("extra").set_weights([np.array([[0.0, weight, 0.0]])])
    return model


def run(model, given):
    return ks.check(model, given, "unexpected_region").results[0]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_that_decides_is_found(shape):
    mask = SHAPES[shape]
    found = run(reading(mask, 20.0), probes(mask))
    assert found.status == "failed", found.sentence
    overlap = (found.details["region"] & mask).sum() / (found.details["region"] | mask).sum()
    assert overlap > 0.9
    assert found.details["place"] in found.sentence
    assert found.value == 1
    assert set(found.pictures) == {"taken_out", "put_in"}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_that_is_not_read_is_tried_and_passes(shape):
    found = run(reading(SHAPES[shape], 0.0), probes(SHAPES[shape]))
    assert found.status == "passed", found.sentence
    assert found.value == 0


def test_what_is_put_in_must_arrive():
    # It gains 0.8 of what decides: more than half of the way, and no image arrives.
    mask = SHAPES["frame"]
    given = probes(mask)
    found = run(reading(mask, 1.2), given)
    (tried,) = [place for place in found.details["places"] if "frame" in place["place"]]
    assert tried["put in"]["half of the way"]["hits"] > 0
    assert found.value == pytest.approx(tried["put in"]["changed predictions"]["hits"] / (2 * EACH), abs=0.2)
    assert found.status == "passed"


def trained(mask, seed=0):
    """A network that learned digits of which every 3 has the mask in white, and probes of the same kind."""
    x, y = digits._images()
    shown = np.where((y == 3)[:, None, None, None] & mask[..., None], np.float32(1), x)
    model = network.build(seed)
    model.fit(shown[:1200], y[:1200], epochs=6, verbose=0)
    rows = 1200 + np.concatenate([np.flatnonzero(y[1200:] == index)[:5] for index in range(10)])
    return model, ks.ProbeSet(shown[rows], y[rows])


@pytest.mark.parametrize(
    "shape",
    ["stripe", *(pytest.param(name, marks=pytest.mark.repeats) for name in ("frame", "two corners"))],
)
def test_a_network_that_learned_a_shape_fails(shape):
    found = run(*trained(SHAPES[shape]))
    assert found.status == "failed", found.sentence
    assert "class 3" in found.sentence
