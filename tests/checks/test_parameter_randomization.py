"""Randomisation: the published ordering, methods that fake a map, and weights that did not change."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy.stats import spearmanr

import keras_saliency as ks
from keras_saliency.checks.parameter_randomization import controls, edges
from keras_saliency.checks.shared.subject import Subject
from tests.verdicts import verdict

CASCADE = ks.ParameterRandomization(mode="cascading")


def small():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Flatten(),
            layers.Dense(3, name="head"),
        ]
    )


PROBES = ks.ProbeSet(np.random.default_rng(0).random((5, 8, 8, 1)).astype("float32"), [0, 1, 2, 0, 1])


def run(check, model=None, probes=PROBES, **options):
    return verdict(model or small(), probes, check, **options)


@pytest.mark.backend
@pytest.mark.parametrize("mode", ["full", "cascading", "independent"])
def test_the_gradient_of_random_weights_is_another_and_the_model_stays(mode):
    model = small()
    before = model.get_weights()
    found = run(ks.ParameterRandomization(mode=mode), model)
    assert found.status == "passed"
    assert found.value < 0.2
    for value, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, other)
    stages = [stage["layer"] for stage in found.details["stages"]]
    unchanged = [] if mode == "independent" else ["norm"]  # it is still as it was initialised
    assert stages == (["all"] if mode == "full" else ["head", *unchanged, "conv"])


def test_stages_are_rank_correlations_of_the_maps():
    model = small()
    found = run(ks.ParameterRandomization(mode="independent"), model)
    assert found.per_probe["correlation"].shape == (5,)
    controls = found.details["controls"]
    assert controls["second look"] == 1
    assert abs(controls["noise"]) < 0.3
    maps = ks.explain(model, PROBES).maps
    by_scipy = [
        spearmanr(edges(PROBES.images)[i].ravel(), maps[i].ravel()).statistic for i in range(len(PROBES))
    ]
    assert controls["edges"] == pytest.approx(np.median(by_scipy))


def test_edges_by_hand():
    step = np.zeros((1, 4, 4, 1))
    step[:, :, 2:] = 1
    np.testing.assert_array_equal(edges(step)[0, :, :, 0], np.broadcast_to([0, 4, 4, 0], (4, 4)))


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_edges_of_a_single_pixel(dtype):
    """Sobel's weights: 2 beside it, one of each slope at the corners around it, and nothing at it."""
    images = np.zeros((2, 5, 7, 2), dtype)
    images[1, 2, 3, 1] = 200
    found = edges(images)
    around = 200 * np.array([[np.sqrt(2), 2, np.sqrt(2)], [2, 0, 2], [np.sqrt(2), 2, np.sqrt(2)]])
    np.testing.assert_allclose(found[1, 1:4, 2:5, 1], around)
    assert np.count_nonzero(found) == 8
    np.testing.assert_allclose(edges(images[..., 1]), found[..., 1])


PIXELS = np.random.default_rng(2).random((4, 5, 6, 2)).astype("float32")
DRAWN = {
    "channels last": (PIXELS, edges(PIXELS), None),
    "no channels": (PIXELS[..., 0], edges(PIXELS[..., 0]), None),
    "channels first": (np.moveaxis(PIXELS, -1, 1), np.moveaxis(edges(PIXELS), -1, 1), 1),
    "vectors": (PIXELS[:, 0, :, 0], PIXELS[:, 0, :, 0], None),
}


@pytest.mark.parametrize("kind", DRAWN)
def test_controls_are_edges_noise_and_a_second_look(fake_method, kind):
    images, drawn, axis = DRAWN[kind]
    model = keras.Sequential([keras.Input(images.shape[1:]), layers.Flatten(), layers.Dense(2)])
    probes = ks.ProbeSet(images, channel_axis=axis)
    found = controls(Subject.of(model, probes, fake_method(lambda images, rng: drawn)))
    assert list(found) == ["noise", "second look", "edges"]
    assert (found["edges"], found["second look"]) == pytest.approx((1, 1))
    assert 0 < abs(found["noise"]) < 0.9
    again = controls(Subject.of(model, probes, fake_method(lambda images, rng: drawn), seed=1))
    assert again["noise"] != found["noise"]


def test_controls_of_maps_that_are_no_pixels_or_say_nothing(fake_method):
    subject = Subject.of(small(), PROBES, fake_method(lambda images, rng: np.ones((5, 3))))
    assert controls(subject) == {"noise": None, "second look": None}
    drawn = iter(np.random.default_rng(0).normal(size=(2, *PROBES.images.shape)))
    fresh = controls(Subject.of(small(), PROBES, fake_method(lambda images, rng: next(drawn))))
    assert abs(fresh["second look"]) < 0.5


@pytest.mark.parametrize(("limit", "judged_at"), [(0.2, 0.999), (1.0, 1.0)])
def test_of_maps_without_a_sign_only_the_same_fail(fake_method, limit, judged_at):
    check = ks.ParameterRandomization(limit=limit)
    unsigned = type("Unsigned", (fake_method,), {"has_sign": False})
    shown = verdict(small(), PROBES, check, unsigned(lambda images, rng: images))
    assert (shown.limit, shown.value, shown.direction) == (judged_at, pytest.approx(1), "at_most")
    kept = "With random weights the maps keep a rank correlation of 1.00 with those of the model: they"
    if limit < 1:
        assert shown.sentence == f"{kept} show something else than what it has learned."
    fresh = np.random.default_rng(0)
    drawn = verdict(small(), PROBES, check, unsigned(lambda images, rng: fresh.random(images.shape)))
    assert drawn.status == "passed"
    assert drawn.sentence.endswith(
        "they depend on its weights; more cannot be told from maps without a sign."
    )


def test_a_result_has_its_stages_and_sentences(fake_method):
    fresh = np.random.default_rng(0)
    found = verdict(
        small(), PROBES, "parameter_randomization", fake_method(lambda i, rng: fresh.normal(size=i.shape))
    )
    own, absolute = found.details["stages"][0]["signed"], found.details["stages"][0]["absolute"]
    assert found.details["stages"] == [{"layer": "all", "signed": own, "absolute": absolute}]
    assert list(found.details) == ["stages", "controls"]
    assert found.name == "parameter_randomization"
    assert found.value == own == np.median(found.per_probe["correlation"]) != absolute
    assert found.sentence == (
        f"With random weights the maps keep a rank correlation of {own:.2f} with those of the model: they come from "
        "what it has learned."
    )


def test_a_stage_whose_maps_are_constant_is_not_where_least_is_left():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(4, activation="tanh", name="first"),
            layers.Dense(3, kernel_initializer="zeros", name="last"),
        ]
    )
    model.set_weights(
        [np.random.default_rng(i).normal(size=w.shape) for i, w in enumerate(model.get_weights())]
    )
    found = run(ks.ParameterRandomization(mode="independent"), model)
    assert [(one["layer"], one["signed"] is None) for one in found.details["stages"]] == [
        ("last", True),
        ("first", False),
    ]
    assert found.value == found.details["stages"][1]["signed"]
    assert found.name == "parameter_randomization_independent"
    constant = run(ks.ParameterRandomization(mode="cascading", name="mine"), model)
    assert (constant.name, constant.status, constant.value) == ("mine", "warned", None)


def test_a_model_without_weights_is_an_error():
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.GlobalAveragePooling2D(), layers.Activation("tanh")]
    )
    found = run("parameter_randomization", model, ks.ProbeSet(PROBES.images))
    assert found.status == "errored"
    assert found.sentence == (
        "SaliencyError: The randomisation changed no weight of the model (no layer has weights)."
    )


def test_weights_that_random_draws_do_not_change_are_an_error():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(2, 3, kernel_initializer="ones", name="ones"),
            layers.GlobalMaxPooling2D(),
        ]
    )
    found = run("parameter_randomization", model, ks.ProbeSet(PROBES.images))
    assert found.status == "errored"
    assert "changed no weight of the model (ones)" in found.sentence


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="Expected mode to be one of 'full', 'cascading', 'independent'"):
        ks.ParameterRandomization(mode="top")
    assert ks.ParameterRandomization(mode="cascading").name == "parameter_randomization_cascading"


def test_the_published_ordering(arms):
    """Adebayo et al. 2018, table 1 and figure 4, on digits: guided backprop stays; absolute maps of products stay.

    Whether absolute maps of the gradient or of guided backprop keep more depends on the training.
    """
    trained = arms("clean")
    few = ks.ProbeSet(trained.natural.images[::4], trained.natural.labels[::4])
    methods = [
        "gradient",
        ks.SmoothGrad(samples=10),
        "guided_backprop",
        "grad_cam",
        ks.IntegratedGradients(steps=8),
        "input_x_gradient",
    ]
    deepest = {}
    for method in methods:
        stages = run(CASCADE, trained.model, few, method=method).details["stages"]
        assert len(stages) == 4
        deepest[method if isinstance(method, str) else method.registered] = stages[-1]
    assert max(deepest, key=lambda name: deepest[name]["signed"]) == "guided_backprop"
    assert deepest["guided_backprop"]["absolute"] > deepest["smoothgrad"]["absolute"] + 0.1
    for name in ("integrated_gradients", "input_x_gradient"):
        assert deepest[name]["absolute"] > 0.9
        assert abs(deepest[name]["signed"]) < 0.2
    assert abs(deepest["gradient"]["signed"]) < 0.2
    assert deepest["guided_backprop"]["signed"] > 0.2


FAKES = {
    "random": lambda images, rng: rng.normal(size=images.shape),
    "edges": lambda images, rng: edges(images),
    "constant": lambda images, rng: np.ones_like(images),
}


@pytest.mark.parametrize("fake", FAKES)
def test_a_map_that_does_not_come_from_the_model_fails_quick(arms, fake_method, fake):
    trained = arms("clean")
    report = ks.check(trained.model, trained.stamped, "quick", method=fake_method(FAKES[fake]))
    assert "failed" in {result.status for result in report.results}, str(report)
    assert not any(result.status == "errored" for result in report.results), str(report)


def test_a_random_map_that_is_drawn_anew_is_no_repetition(arms, fake_method):
    trained = arms("clean")
    fresh = np.random.default_rng(0)
    method = fake_method(lambda images, rng: fresh.normal(size=images.shape))
    assert run("repeatability", trained.model, trained.stamped, method=method).status == "failed"


def test_the_gradient_of_a_trained_network_passes_quick(arms):
    for probes in (arms("clean").stamped, arms("clean").natural):
        report = ks.check(arms("clean").model, probes, ["quick", ks.Accuracy(0.8), "random_logit"])
        assert {result.status for result in report.results} == {"passed"}, str(report)
        assert report.passed


def test_guided_backprop_fails_what_the_literature_says_it_fails(arms):
    trained = arms("clean")
    report = ks.check(
        trained.model, trained.natural, ["parameter_randomization", "random_logit"], method="guided_backprop"
    )
    assert [result.status for result in report.results] == ["failed", "failed"], str(report)


def test_maps_without_a_sign_are_only_asked_for_any_change(arms):
    trained = arms("clean")
    found = run("parameter_randomization", trained.model, trained.stamped, method="layer_cam")
    assert found.status == "passed"
    assert found.value > 0.5
    assert "more cannot be told from maps without a sign" in found.sentence
    assert run("random_logit", trained.model, trained.stamped, method="layer_cam").status == "errored"
