import keras
import numpy as np
import pytest
from keras import layers
from scipy.stats import t as student

import keras_saliency as ks
from keras_saliency import metrics
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.checks.shared.training_numbers import Judgement, numbers_of

REGION = "enrichment in region mark"


def test_one_training_has_our_spread_alone():
    found = Judgement.of("entropy", 0.82, np.array([0.8]), error=0.1)
    half = student.ppf(0.95, 4) * 0.01 * np.sqrt(2)
    np.testing.assert_allclose([found.low, found.high], [0.8 - half, 0.8 + half])
    assert found.distance == pytest.approx(0.02 / half)
    assert found.as_json() == {
        "value": 0.82,
        "low": found.low,
        "high": found.high,
        "distance": found.distance,
    }
    assert found.sentence == f"entropy is 0.82, expected {0.8 - half:.2f} to {0.8 + half:.2f}"


def test_many_trainings_outweigh_it():
    stored = np.random.default_rng(0).normal(0.8, 0.05, 400)
    found = Judgement.of("entropy", 0.8, stored, error=0.05)
    np.testing.assert_allclose(found.high - found.low, 2 * 1.96 * stored.std(), rtol=0.02)


def test_enrichments_are_compared_by_their_ratio():
    up, down = (Judgement.of(REGION, value, np.array([2.0, 2.0]), 0.05) for value in (4.0, 1.0))
    assert up.distance == pytest.approx(down.distance)
    assert up.low * up.high == pytest.approx(4.0)


def test_no_enrichment_at_all_is_far_away_and_no_infinity():
    found = Judgement.of(REGION, 0.0, np.array([2.0, 2.0]), 0.01)
    assert 1 < found.distance < np.inf


def test_only_a_lower_accuracy_is_worse():
    better, worse = (Judgement.of("accuracy", value, np.array([0.8]), 0.05) for value in (1.0, 0.6))
    assert better.distance == 0
    assert worse.distance > 1
    half = student.ppf(0.95, 4) * 0.03 * np.sqrt(2)
    assert worse.low == pytest.approx(0.8 - half)
    assert worse.as_json()["high"] is None
    assert worse.sentence == f"accuracy is 0.60, expected at least {0.8 - half:.2f}"


@pytest.mark.parametrize("count", [1, 2, 5])
def test_trainings_that_spread_as_the_demos_leave_it_no_oftener_than_said(count):
    rng = np.random.default_rng(count)
    left = [
        Judgement.of("entropy", rng.normal(0.8, 0.01), rng.normal(0.8, 0.01, count), 0.05).distance > 1
        for _ in range(2000)
    ]
    assert 0.003 < np.mean(left) <= 0.05


def test_numbers_are_means_over_the_probes_that_have_them(fake_method):
    images = np.random.default_rng(0).random((5, 6, 7, 1)).astype("float32")
    maps = np.random.default_rng(1).normal(size=images.shape)
    maps[2] = 0
    corner = np.zeros((6, 7), bool)
    corner[:2, :2] = True
    model = keras.Sequential([keras.Input((6, 7, 1)), layers.Flatten(), layers.Dense(3)])
    predicted = model.predict(images, verbose=0).argmax(1)
    labels = np.where(np.arange(5) < 2, predicted, (predicted + 1) % 3)

    def numbers(labels=None, regions=None):
        probes = ks.ProbeSet(images, labels, regions=regions or {})
        return numbers_of(Subject.of(model, probes, fake_method(lambda images, rng: maps)))

    kept = np.abs(maps[np.arange(5) != 2, ..., 0]).astype("float32")
    expected = {
        "entropy": metrics.entropy(kept).mean(),
        "enrichment at the border": metrics.border_enrichment(kept).mean(),
        "enrichment in the corners": metrics.corner_enrichment(kept).mean(),
    }
    assert numbers() == pytest.approx(expected)
    region = {f"enrichment in region {n}": metrics.enrichment(kept, corner).mean() for n in ("mark", "each")}
    regions = {"mark": corner, "each": np.repeat(corner[None], 5, axis=0)}
    assert numbers(labels, regions) == pytest.approx({"accuracy": 0.4, **expected, **region})
    of_some = corner & (np.arange(5) < 2)[:, None, None]
    assert numbers(regions={"mark": of_some}) == pytest.approx(
        {**expected, "enrichment in region mark": metrics.enrichment(kept[:2], corner).mean()}
    )


def test_a_mask_of_another_size_than_the_maps_has_no_number():
    behind = [layers.Permute((2, 3, 1)), layers.AveragePooling2D(1), layers.Flatten(), layers.Dense(2)]
    images = np.random.default_rng(0).random((4, 3, 6, 9)).astype("float32")
    masks = {"turned": np.ones((3, 6), bool), "right": np.ones((6, 9), bool)}
    subject = Subject.of(
        keras.Sequential([keras.Input((3, 6, 9)), *behind]), ks.ProbeSet(images, regions=masks)
    )
    found = numbers_of(subject)
    assert found["enrichment in region right"] == pytest.approx(1)
    assert "enrichment in region turned" not in found


def test_vectors_and_scores_that_are_no_classes_have_fewer_numbers():
    vectors = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    probes = ks.ProbeSet(np.eye(4, dtype="float32"), vectors.predict(np.eye(4), verbose=0).argmax(1))
    assert numbers_of(Subject.of(vectors, probes)) == {"accuracy": 1.0}
    one = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    labelled = ks.ProbeSet(np.eye(4, dtype="float32"), [0, 0, 0, 0])
    assert numbers_of(Subject.of(one, labelled, target=lambda y: y[:, 0])) == {}
