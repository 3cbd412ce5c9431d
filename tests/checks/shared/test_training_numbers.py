import numpy as np
import pytest
from scipy.stats import t as student

from keras_saliency.checks.shared.training_numbers import Judgement

REGION = "enrichment in region mark"


def test_one_training_has_our_spread_alone():
    found = Judgement.of("entropy", 0.82, np.array([0.8]), error=0.1)
    half = student.ppf(0.95, 4) * 0.01 * np.sqrt(2)
    np.testing.assert_allclose([found.low, found.high], [0.8 - half, 0.8 + half])
    assert found.distance == pytest.approx(0.02 / half)
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
