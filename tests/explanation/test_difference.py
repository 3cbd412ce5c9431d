"""Two linear models, whose maps are their weights: all that differs is known."""

import dataclasses

import keras
import numpy as np
import pytest
from scipy.stats import spearmanr

import keras_saliency as ks
from keras_saliency.explanation.difference import Difference

CORNER = np.zeros((4, 4), bool)
CORNER[0, 0] = True


def linear(weights):
    """Scores are sums over the pixels with these weights, `(4, 4, classes)`."""
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(weights.shape[-1], use_bias=False),
        ]
    )
    model.set_weights([weights.reshape(16, -1)])
    return model


@pytest.fixture
def weights():
    return np.random.default_rng(0).normal(size=(2, 4, 4, 2)).astype("float32")


@pytest.fixture
def probes():
    rng = np.random.default_rng(1)
    return ks.ProbeSet(
        rng.normal(size=(6, 4, 4, 1)).astype("float32"), [0, 1] * 3, regions={"corner": CORNER}
    )


def difference(weights, probes, target=1):
    return Difference(*(ks.explain(linear(one), probes, target=target, logits="output") for one in weights))


def test_maps(weights, probes):
    found = difference(weights, probes)
    expected = spearmanr(weights[0, ..., 1].ravel(), weights[1, ..., 1].ravel()).statistic
    np.testing.assert_allclose(found.correlation, [expected] * 6, atol=1e-6)


def test_predictions(weights, probes):
    found = difference(weights, probes)
    then, now = (np.einsum("nhwi,hwc->nc", probes.images, one).argmax(1) for one in weights)
    assert 0 < (then != now).sum() < 6
    np.testing.assert_array_equal(found.flipped, then != now)
    assert found.accuracy == ((then == probes.labels).mean(), (now == probes.labels).mean())


def test_regions(weights, probes):
    found = difference(weights, probes)
    shares = [np.abs(one[0, 0, 1]) / np.abs(one[..., 1]).sum() for one in weights]
    assert found.enrichment["corner"] == pytest.approx([16 * share for share in shares], rel=1e-5)


def test_a_map_of_nothing_has_no_numbers(weights, probes):
    found = difference(np.stack([0 * weights[0], weights[1]]), probes)
    assert np.isnan(found.correlation).all()
    then, now = found.enrichment["corner"]
    assert np.isnan(then)
    assert now > 0


def test_without_labels_and_regions(weights, probes):
    found = difference(weights, ks.ProbeSet(probes.images))
    assert found.accuracy is None
    assert found.enrichment == {}


def test_what_is_not_an_image(weights):
    flat = ks.ProbeSet(np.ones((2, 16), "float32"))
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(2)])
    found = Difference(*(ks.explain(model, flat, target=0) for _ in range(2)))
    np.testing.assert_allclose(found.correlation, 1)
    assert found.enrichment == {}


def test_a_model_with_one_score_has_no_predictions_to_flip(probes):
    found = difference(np.random.default_rng(0).normal(size=(2, 4, 4, 1)).astype("float32"), probes, target=0)
    assert not found.flipped.any()
    assert found.accuracy is None


def test_pictures(weights, probes):
    cells = difference(weights, probes).cells()
    assert list(cells) == ["input", "before", "after", "change"]
    assert {cell.pictures.shape for cell in cells.values()} == {(6, 104, 104, 3)}
    same = difference(np.stack([weights[0]] * 2), probes).cells()
    assert same["change"].labels == ("no change",) * 6
    np.testing.assert_array_equal(same["before"].pictures, same["after"].pictures)


@pytest.mark.parametrize("other", ["probes", "method"])
def test_what_cannot_be_compared(weights, probes, other):
    before = ks.explain(linear(weights[0]), probes, target=1)
    asked = {
        "probes": (dataclasses.replace(probes, images=probes.images + 1), "gradient"),
        "method": (probes, "smoothgrad"),
    }[other]
    after = ks.explain(linear(weights[1]), *asked, target=1)
    with pytest.raises(ValueError, match="Expected maps of the same images, by one method and of one shape"):
        Difference(before, after)
