"""What the docstring of a check says that it costs is what it makes the model do."""

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.checks.golden import save_golden

COUNT, CLASSES, LAYERS = 12, 3, 2
MAPS = 1
COSTS = {
    "accuracy": (ks.Accuracy(0), 1),
    "finite": ("finite", MAPS),
    "nonzero": ("nonzero", MAPS),
    "input_dependence": ("input_dependence", 2 * MAPS),
    "target_dependence": ("target_dependence", 2 * MAPS),  # gradients tell the scores as well
    "repeatability": ("repeatability", 2 * MAPS),
    "finite_difference": (ks.FiniteDifference(probes=4), MAPS + (12 + 8 * MAPS) * 4 / COUNT),
    "untrained": (ks.Untrained(initialisations=3), 1 + 3),
    "random_logit": ("random_logit", 2 * MAPS),
    "full": (ks.ParameterRandomization(draws=3), MAPS + 3 * MAPS + MAPS),
    "cascading": (ks.ParameterRandomization("cascading"), MAPS + LAYERS * MAPS + MAPS),
    "independent": (ks.ParameterRandomization("independent"), MAPS + LAYERS * MAPS + MAPS),
    "faithfulness": (ks.Faithfulness(orders=2, steps=3), MAPS + 2 * (2 + 2) * (3 + 1)),
    "stability": (ks.Stability(samples=4), MAPS + 4 * MAPS),
    "unexpected_content": ("unexpected_content", 1 + MAPS),
    "golden": (ks.Golden("golden.npz"), MAPS),
}
MOST_OF_A_REGION = MAPS + 2 + CLASSES * 9


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    keras.utils.set_random_seed(0)
    layers = [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()]
    model = keras.Sequential([*layers, keras.layers.Dense(CLASSES, activation="softmax")])
    images = np.random.default_rng(0).uniform(0, 1, (COUNT, 8, 8, 1)).astype("float32")
    corner = np.zeros((8, 8), bool)
    corner[:2, :2] = True
    probes = ks.ProbeSet(images, np.arange(COUNT) % CLASSES, regions={"corner": corner})
    return model, probes


@pytest.mark.parametrize(("check", "passes"), COSTS.values(), ids=list(COSTS))
def test_it_costs_what_it_says(check, passes, asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model, probes = asked
    save_golden("golden.npz", model, probes, "gradient")
    (result,) = ks.check(model, probes, check).results
    assert result.evaluations == pytest.approx(passes * COUNT)


@pytest.mark.parametrize("options", [{}, {"means": 1}, {"require": True}], ids=str)
def test_a_region_costs_no_more(options, asked):
    assert ks.check(*asked, ks.Region("corner", **options)).evaluations <= MOST_OF_A_REGION * COUNT
