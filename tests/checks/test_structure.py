"""The structure checks on networks with known answers. They depend on the framework: run on every backend."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from tests.verdicts import verdict

RNG = np.random.default_rng(0)
IMAGES = RNG.random((6, 8, 8, 1)).astype("float32")
LABELS = np.arange(6) % 3
PROBES = ks.ProbeSet(IMAGES, LABELS)

pytestmark = pytest.mark.backend


def network(activation="softmax"):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="tanh"),
            layers.Flatten(),
            layers.Dense(3, activation=activation),
        ]
    )


def linear():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3)])


def run(check, model=None, probes=PROBES, **options):
    return verdict(model or network(), probes, check, **options)


def test_a_smooth_network_passes_every_part():
    model = network()
    before = model.get_weights()
    report = ks.check(model, PROBES, "structure")
    assert {result.name: result.status for result in report.results if result.name != "untrained"} == {
        "finite": "passed",
        "nonzero": "passed",
        "input_dependence": "passed",
        "target_dependence": "passed",
        "repeatability": "passed",
        "finite_difference": "passed",
    }
    for value, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, other)
    assert report.evaluations == sum(result.evaluations for result in report.results) > 0


def test_maps_that_are_not_finite_fail():
    model = network()
    model.set_weights(
        [np.where(np.arange(w.size).reshape(w.shape) == 0, np.inf, w) for w in model.get_weights()]
    )
    found = run("finite", model)
    assert found.status == "failed"
    assert found.value == 0
    assert found.sentence.startswith("6 of 6 probes have a score or a map that is not finite")


def dead():
    model = network()
    model.set_weights([0 * weight for weight in model.get_weights()])
    return model


def test_zero_maps_fail():
    found = run("nonzero", dead())
    assert found.status == "failed"
    assert found.sentence == "6 of 6 maps are zero everywhere and 0 are another constant."


def test_one_zero_map_warns():
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(2, 3, activation="relu"), layers.Flatten(), layers.Dense(3)]
    )
    model.set_weights([np.ones_like(weight) for weight in model.get_weights()])
    images = IMAGES.copy()
    images[2] = -1
    found = run("nonzero", model, ks.ProbeSet(images))
    assert (found.status, round(found.value, 4)) == ("warned", round(5 / 6, 4))


def test_a_linear_model_has_one_map_for_all_images():
    found = run("input_dependence", linear(), ks.ProbeSet(IMAGES), target=1)
    assert found.status == "warned"
    assert "as for a linear model" in found.sentence


def test_one_probe_is_too_few_to_depend():
    assert run("input_dependence", probes=ks.ProbeSet(IMAGES[:1])).status == "errored"
    assert run("input_dependence", probes=ks.ProbeSet(IMAGES[[0, 0, 0]])).status == "errored"


def test_maps_that_ignore_the_target_fail():
    model = network()
    weights = model.get_weights()
    weights[2] = np.repeat(weights[2][:, :1], 3, axis=1)  # every class has the same weights
    model.set_weights(weights)
    found = run("target_dependence", model)
    assert (found.status, found.value) == ("failed", 1.0)


def test_parts_that_do_not_apply_are_skipped_with_the_reason():
    assert "do not depend on a target" in run("target_dependence", method="activations").sentence
    assert "not that of a class" in run("target_dependence", target=lambda y: y[:, 0]).sentence
    assert "not the gradient" in run("finite_difference", method="input_x_gradient").sentence
    one_score = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(1)])
    assert "no class" in run("untrained", one_score, ks.ProbeSet(IMAGES)).sentence
    assert "no labels" in run(ks.Accuracy(0.5), probes=ks.ProbeSet(IMAGES)).sentence


def test_a_gradient_that_is_none_fails_the_finite_difference():
    @keras.saving.register_keras_serializable("tests")
    class Liar(layers.Layer):
        """x, with the gradient of 2x."""

        def call(self, inputs):
            return 2 * inputs - keras.ops.stop_gradient(inputs)

    model = keras.Sequential([keras.Input((8, 8, 1)), Liar(), *network().layers])
    found = run("finite_difference", model)
    assert found.status == "failed"
    assert 0.4 < found.value < 0.6  # the slope is half of what the map says


def test_integer_inputs_and_several_inputs_have_finite_differences():
    integers = keras.Sequential(
        [keras.Input((8, 8, 1), dtype="uint8"), layers.Rescaling(1 / 255), *network().layers]
    )
    pixels = (IMAGES * 255).astype("uint8")
    assert run("finite_difference", integers, ks.ProbeSet(pixels, LABELS)).status == "passed"
    first, second = keras.Input((8, 8, 1)), keras.Input((4,))
    joined = layers.Concatenate()([layers.Flatten()(layers.Conv2D(2, 3, activation="tanh")(first)), second])
    several = keras.Model([first, second], layers.Dense(3)(joined))
    probes = ks.ProbeSet([IMAGES, RNG.random((6, 4)).astype("float32")], LABELS)
    assert run("finite_difference", several, probes).status == "passed"


def test_half_precision_is_skipped():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = network()
    finally:
        keras.config.set_dtype_policy("float32")
    assert "fewer than 32 bits" in run("finite_difference", model).sentence


def test_an_untrained_network_is_noticed_and_a_good_one_is_not():
    probes = ks.ProbeSet(np.eye(9, dtype="float32").reshape(9, 3, 3, 1), np.arange(9))
    perfect = keras.Sequential([keras.Input((3, 3, 1)), layers.Flatten(), layers.Dense(9)])
    perfect.set_weights([5 * np.eye(9), np.zeros(9)])
    found = run("untrained", perfect, probes)
    assert (found.status, found.value) == ("passed", 1.0)
    assert found.details["margin"]["model"] == pytest.approx(5)
    assert run("untrained", perfect, ks.ProbeSet(probes.images)).value == pytest.approx(5)
    perfect.set_weights([-5 * np.eye(9), np.zeros(9)])
    assert run("untrained", perfect, probes).status == "warned"


def test_accuracy_is_held_against_its_limit():
    probes = ks.ProbeSet(np.eye(9, dtype="float32").reshape(9, 3, 3, 1), [0, 1, 2, 3, 4, 5, 6, 0, 0])
    model = keras.Sequential([keras.Input((3, 3, 1)), layers.Flatten(), layers.Dense(9)])
    model.set_weights([np.eye(9), np.zeros(9)])
    assert run(ks.Accuracy(7 / 9), model, probes).status == "passed"
    found = run(ks.Accuracy(0.8), model, probes)
    assert (found.status, found.value) == ("failed", pytest.approx(7 / 9))
    np.testing.assert_array_equal(found.per_probe["correct"], [1] * 7 + [0] * 2)
    with pytest.raises(ValueError, match="Expected limit to be a number from 0 to 1"):
        ks.Accuracy(90)
