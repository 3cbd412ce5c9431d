"""Shortcuts that are tied to no place, on networks with hand-made weights whose answers are known."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.experiment.recolouring import recoloured

SIDE, EACH = 24, 6
MARK = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0], [0, 0, 1, 1]], "float32")


def grounds(rng, channels=1):
    """Three classes that a bright third of the image tells: left, middle, right."""
    labels = np.repeat(np.arange(3), EACH)
    images = rng.uniform(0.3, 0.5, (len(labels), SIDE, SIDE, channels)).astype("float32")
    for image, label in zip(images, labels, strict=True):
        image[:, 8 * label : 8 * label + 8] += rng.uniform(0.05, 0.1)
    return images, labels


def marked(anywhere=True):
    """The mark is on every image of class 1, at another place each time."""
    rng = np.random.default_rng(0)
    images, labels = grounds(rng)
    for image in images[EACH : 2 * EACH]:
        top, left = rng.integers(0, SIDE - 3, 2) if anywhere else (2, 3)
        image[top : top + 4, left : left + 4, 0] = MARK
    return ks.ProbeSet(images, labels)


def searching(weight):
    """The brightness of the thirds; class 1 also gets `weight` × the best match with the mark, wherever it is."""
    inputs = keras.Input((SIDE, SIDE, 1))
    thirds = layers.Dense(3, use_bias=False, name="thirds")(
        layers.Reshape((3,))(layers.AveragePooling2D((SIDE, 8))(inputs))
    )
    match = layers.GlobalMaxPooling2D()(layers.Conv2D(1, 4, activation="relu", name="match")(inputs))
    extra = layers.Dense(3, use_bias=False, name="extra")(match)
    model = keras.Model(inputs, layers.Softmax()(layers.Add()([thirds, extra])))
    kernel = (MARK - 0.5)[..., None, None]  # 4 on the mark itself, about 0 on the ground
    model.get_layer("thirds").set_weights([60 * np.eye(3)])
    model.get_layer("match").set_weights([kernel, np.array([-3.0])])
    model.get_layer("extra").set_weights([np.array([[0.0, weight, 0.0]])])
    return model


def run(model, probes, check="unexpected_content"):
    return ks.check(model, probes, check).results[0]


@pytest.mark.backend
def test_a_mark_that_is_read_wherever_it_is():
    found = run(searching(20.0), marked())
    assert found.status == "failed", found.sentence
    assert found.value == 1
    assert found.details["kind"] == "mark"
    assert found.sentence.startswith(
        "The model rests on a mark that moves about, 2.8% of the image: taken out of 6"
    )
    assert set(found.pictures) == {"taken_out", "put_in"}
    tried = found.details["contents"][0]
    assert tried["put elsewhere"]["hits"] == tried["put elsewhere"]["count"] > 0


def test_a_mark_that_is_not_read_is_no_shortcut():
    found = run(searching(0.0), marked())
    assert found.status == "passed"
    assert found.value == 0


def test_what_stays_in_its_place_is_a_region():
    found = run(searching(20.0), marked(anywhere=False))
    assert found.status == "passed"
    assert "mark" not in {content["kind"] for content in found.details["contents"]}
    region = run(searching(20.0), marked(anywhere=False), "unexpected_region")
    assert region.status == "failed"
    expected = np.zeros((SIDE, SIDE), bool)
    expected[2:6, 3:7] = True
    assert (region.details["region"] & expected).sum() >= 8


def test_nothing_recurs_in_images_without_a_mark():
    rng = np.random.default_rng(0)
    found = run(searching(20.0), ks.ProbeSet(*grounds(rng)))
    assert found.status == "passed"
    assert "nothing recurs in a class alone" in found.sentence
    assert (found.value, found.limit, found.direction) == (0, 0.5, "at_most")


def by_colour(weight):
    """The brightness of the thirds; class 2 also gets `weight` × (red − blue)."""
    weights = np.zeros((SIDE, SIDE, 3, 3))
    for index in range(3):
        weights[:, 8 * index : 8 * index + 8, :, index] = 60 / (SIDE * 8 * 3)
    weights[..., 0, 2] += weight / SIDE**2
    weights[..., 2, 2] -= weight / SIDE**2
    model = keras.Sequential(
        [keras.Input((SIDE, SIDE, 3)), layers.Flatten(), layers.Dense(3, activation="softmax")]
    )
    model.set_weights([weights.reshape(-1, 3), np.zeros(3)])
    return model


@pytest.mark.parametrize("kind", ["float", "uint8"])
@pytest.mark.parametrize(("weight", "status"), [(100.0, "failed"), (0.0, "passed")])
def test_a_cast_of_colours(kind, weight, status):
    images, labels = grounds(np.random.default_rng(0), channels=3)
    images[labels == 2] *= np.array([1.0, 0.75, 0.5], "float32")
    model = by_colour(weight)
    if kind == "uint8":
        images = (255 * images).astype("uint8")
        model = keras.Sequential(
            [keras.Input((SIDE, SIDE, 3), dtype="uint8"), layers.Rescaling(1 / 255), *model.layers]
        )
    found = run(model, ks.ProbeSet(images, labels))
    assert found.status == status, found.sentence
    if status == "failed":
        assert found.details["kind"] == "cast"
        assert found.value == 1
        assert "a cast of the whole image, " in found.sentence


def test_recoloured_images_have_the_moments_asked_for():
    images = np.random.default_rng(0).uniform(0.4, 0.6, (2, 9, 9, 3))
    images[0, 0, 0], images[0, 0, 1] = 0.0, 1.0  # the range of values
    means, deviations = np.full((1, 3), 0.5), np.full((1, 3), 0.05)
    found = recoloured(images, means, deviations)[1]
    np.testing.assert_allclose(found.mean((0, 1)), 0.5)
    np.testing.assert_allclose(found.std((0, 1)), 0.05)


def test_what_it_needs():
    images, labels = grounds(np.random.default_rng(0))
    few = ks.ProbeSet(images[[0, 1, 6, 7]], labels[[0, 1, 6, 7]])
    assert "from 3 images of it" in run(searching(0.0), few).sentence
    one = keras.Sequential([keras.Input((SIDE, SIDE, 1)), layers.Flatten(), layers.Dense(1)])
    assert run(one, ks.ProbeSet(images)).status == "errored"
    with pytest.raises(ValueError, match="limit"):
        ks.UnexpectedContent(limit=2)
