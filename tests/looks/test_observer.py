"""Looks without a training: every number recomputed from the maps, by other means."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy import ndimage, stats

import keras_saliency as ks
from keras_saliency.looks.observer import Observer
from keras_saliency.methods import make_methods
from keras_saliency.training.log_keys import LogKeys

HEIGHT, WIDTH, COLOURS, CLASSES = 8, 10, 3, 4
REGIONS = {
    "corner": np.indices((HEIGHT, WIDTH)).sum(0) < 4,
    "own": np.random.default_rng(3).random((5, HEIGHT, WIDTH)) < 0.3,
}
IMAGES = np.random.default_rng(0).normal(size=(5, HEIGHT, WIDTH, COLOURS)).astype("float32")
LABELS = np.array([0, 1, 2, 3, 0])


@pytest.fixture
def probes():
    return ks.ProbeSet(IMAGES, LABELS, regions=REGIONS)


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((HEIGHT, WIDTH, COLOURS)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


@pytest.fixture
def shake():
    """A function that gives a model other weights."""

    def change(model, seed):
        rng = np.random.default_rng(seed)
        model.set_weights([w + 0.3 * rng.normal(size=w.shape) for w in model.get_weights()])

    return change


@pytest.fixture
def three_looks(model, probes, shake):
    observer = Observer(model, probes, make_methods("gradient"))
    looks = [observer.look(-1, -1)]
    for step in 0, 1:
        shake(model, step)
        looks.append(observer.look(step, step))
    return looks


def gini_by_definition(values):
    """Half the relative mean absolute difference, over the pairs of different pixels."""
    differences = np.abs(values[:, None] - values[None, :]).sum()
    return differences / (2 * len(values) * (len(values) - 1) * values.mean())


def top(values):
    return set(np.argsort(values)[-round(0.05 * len(values)) :])


def recomputed(maps, before, first, probe):
    """Every number of one probe, from its maps `(height, width, channels)` now, before and at first."""
    signed, before_signed, first_signed = (m[probe].astype("float64").sum(-1) for m in (maps, before, first))
    magnitude, before_magnitude = (np.abs(m[probe].astype("float64")).max(-1) for m in (maps, before))
    centres = np.array([ndimage.center_of_mass(m) for m in (magnitude, before_magnitude)])
    share = magnitude / magnitude.sum()
    own = REGIONS["own"][probe]
    return {
        "drift": 1 - stats.spearmanr(signed.ravel(), before_signed.ravel()).statistic,
        "drift_from_start": 1 - stats.spearmanr(signed.ravel(), first_signed.ravel()).statistic,
        "top_overlap": len(top(magnitude.ravel()) & top(before_magnitude.ravel()))
        / len(top(magnitude.ravel()) | top(before_magnitude.ravel())),
        "center_shift": np.linalg.norm(centres[0] - centres[1]) / np.hypot(HEIGHT - 1, WIDTH - 1),
        "magnitude": np.abs(maps[probe]).mean(),
        "entropy": stats.entropy(magnitude.ravel()) / np.log(magnitude.size),
        "gini": gini_by_definition(magnitude.ravel()),
        "zero_fraction": 1 - np.count_nonzero(maps[probe]) / maps[probe].size,
        "corner_enrichment": share[REGIONS["corner"]].sum() / REGIONS["corner"].mean(),
        "own_enrichment": share[own].sum() / own.mean(),
    }


def test_every_number_is_what_its_definition_says(three_looks):
    first, before, now = (look.methods["gradient"].explanation.maps for look in three_looks)
    seen = three_looks[-1].methods["gradient"]
    for probe in range(len(IMAGES)):
        expected = recomputed(now, before, first, probe)
        assert {name: values[probe] for name, values in seen.per_probe.items()} == pytest.approx(
            expected, abs=1e-6
        )
    for name, values in seen.per_probe.items():
        assert seen.numbers[name] == pytest.approx(values.mean())
        assert three_looks[-1].numbers[f"gradient/{name}"] == seen.numbers[name]


def test_the_first_look_compares_nothing(three_looks):
    numbers = three_looks[0].methods["gradient"].numbers
    compared = {"drift", "drift_from_start", "top_overlap", "center_shift"}
    assert numbers.keys() == three_looks[1].methods["gradient"].numbers.keys() - compared


def test_the_second_look_has_drifted_as_far_from_the_start_as_from_the_look_before(three_looks):
    seen = three_looks[1].methods["gradient"].per_probe
    np.testing.assert_array_equal(seen["drift"], seen["drift_from_start"])


def test_the_same_weights_have_not_drifted(model, probes):
    observer = Observer(model, probes, make_methods("gradient"))
    observer.look(0, 0)
    numbers = observer.look(1, 1).methods["gradient"].numbers
    assert (numbers["drift"], numbers["top_overlap"], numbers["center_shift"]) == (0, 1, 0)


def test_the_views_and_answers_are_those_of_the_explanation(three_looks, model, probes):
    seen, expected = three_looks[-1].methods["gradient"], ks.explain(model, probes)
    for view, maps in seen.heatmaps.items():
        np.testing.assert_array_equal(maps, expected.heatmaps(view))
        np.testing.assert_array_equal(three_looks[-1].heatmaps("gradient", view), maps)
    for what in "scores", "target_classes", "predicted_classes", "probabilities":
        np.testing.assert_array_equal(getattr(seen, what), getattr(expected, what))
    np.testing.assert_array_equal(seen.target_classes, LABELS)
    right = (expected.predicted_classes == LABELS).mean()
    assert three_looks[-1].probe_accuracy == three_looks[-1].numbers["probe_accuracy"] == right


def test_without_labels_there_is_no_accuracy_and_the_predicted_class_is_explained(model):
    look = Observer(model, ks.ProbeSet(IMAGES), make_methods("gradient")).look(0, 0)
    assert look.probe_accuracy is None
    assert "probe_accuracy" not in look.numbers
    seen = look.methods["gradient"]
    np.testing.assert_array_equal(seen.target_classes, seen.predicted_classes)


def test_a_model_without_classes_has_no_accuracy():
    model = keras.Sequential([keras.Input((HEIGHT, WIDTH, COLOURS)), layers.Flatten(), layers.Dense(1)])
    probes = ks.ProbeSet(IMAGES, np.zeros(5, int))
    look = Observer(model, probes, make_methods("gradient"), target="predicted").look(0, 0)
    assert look.probe_accuracy is None


def test_constant_maps_have_no_correlation_and_it_is_not_called_zero(model, probes):
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    observer = Observer(model, probes, make_methods("gradient"))
    keys = LogKeys("all", ["gradient"], probes.regions, labelled=True)
    for step in 0, 1:
        look = observer.look(step, step)
        keys.update(look)
    assert look.methods["gradient"].numbers == {"magnitude": 0.0, "zero_fraction": 1.0}
    assert np.isnan(look.methods["gradient"].per_probe["drift"]).all()
    assert not look.lost
    assert not any(np.isnan(value) for value in keys.values.values())
    assert keys.values["saliency_gradient_drift"] == np.inf


def test_one_constant_map_is_left_out_of_the_mean(model, shake):
    images = IMAGES.copy()
    images[0] = 0
    bias_free = [w * (w.ndim > 1) for w in model.get_weights()]
    model.set_weights(bias_free)  # the zero image now has a zero map
    observer = Observer(model, ks.ProbeSet(images), make_methods("gradient"))
    observer.look(0, 0)
    model.set_weights([w * np.linspace(0.5, 2, w.shape[-1]) for w in bias_free])
    seen = observer.look(1, 1).methods["gradient"]
    assert np.flatnonzero(np.isnan(seen.per_probe["drift"])).tolist() == [0]
    assert seen.numbers["drift"] == pytest.approx(seen.per_probe["drift"][1:].mean())


def test_an_observer_goes_on_from_another(model, probes, shake):
    methods = make_methods("gradient")
    before = Observer(model, probes, methods)
    before.look(0, 0)
    after, alone = Observer(model, probes, methods, after=before), Observer(model, probes, methods)
    shake(model, 0)
    one, other, first = (o.look(1, 1).methods["gradient"].per_probe for o in (before, after, alone))
    np.testing.assert_equal(other, one)
    assert "drift" not in first


def test_a_look_that_compares_nothing_is_a_reference_for_the_next(model, probes, shake):
    observer = Observer(model, probes, make_methods("gradient"))
    observer.look(0, 0)
    shake(model, 0)
    assert "drift" not in observer.look(1, 1, compare=False).methods["gradient"].numbers
    assert observer.look(2, 2).methods["gradient"].numbers["drift"] == 0


def test_channels_first_images():
    model = keras.Sequential(
        [
            keras.Input((COLOURS, HEIGHT, WIDTH)),
            layers.Flatten(data_format="channels_first"),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    probes = ks.ProbeSet(np.moveaxis(IMAGES, -1, 1), regions={"corner": REGIONS["corner"]})
    seen = Observer(model, probes, make_methods("gradient")).look(0, 0).methods["gradient"]
    np.testing.assert_allclose(seen.heatmaps["signed"], seen.explanation.maps.sum(1), atol=1e-6)
    magnitude = np.abs(seen.explanation.maps).max(1)
    share = magnitude[:, REGIONS["corner"]].sum(1) / magnitude.sum((1, 2))
    expected = share / REGIONS["corner"].mean()
    np.testing.assert_allclose(seen.per_probe["corner_enrichment"], expected, rtol=1e-5)


def test_methods_of_one_look_share_their_passes(model, probes, shake):
    names = ["gradient", "input_x_gradient", "grad_cam", "layer_cam", "activations"]
    observer = Observer(model, probes, make_methods(names))
    scored = observer.model
    first = observer.look(0, 0)
    # The gradient for the image, and the gradient for the layer, which tells the layer's output too.
    assert scored.evaluations == 2 * len(probes)
    shake(model, 0)
    second = observer.look(1, 1)
    assert scored.evaluations == 4 * len(probes)
    for name in names:
        expected = ks.explain(model, probes, name).heatmaps("magnitude")
        np.testing.assert_array_equal(second.heatmaps(name), expected)
        assert not np.array_equal(first.heatmaps(name), expected)
