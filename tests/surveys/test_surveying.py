"""A survey of a data set: what is written, from whatever it comes, in whatever order."""

import math

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import metrics
from keras_saliency.render import shrink
from keras_saliency.surveys.class_maps import ClassMaps
from tests.surveys.conftest import COUNT, assert_same, by_key
from tests.surveys.test_experiments import CORNER, MARKED
from tests.surveys.test_experiments import images as marked_images
from tests.surveys.test_experiments import network as linear


def corner(side=12):
    mask = np.zeros((side, side), bool)
    mask[:3, 9:] = True
    return mask


@pytest.mark.backend
def test_a_row_is_what_explain_says(survey, network, images, labels):
    made = survey((images, labels), regions={"corner": corner()})
    explanation = ks.explain(network, images, target=labels)
    probabilities = keras.ops.convert_to_numpy(network(images))
    magnitude = explanation.heatmaps("magnitude")
    expected = {
        "label": labels,
        "target_class": labels,
        "prediction": probabilities.argmax(1),
        "probability": probabilities.max(1),
        "score": explanation.scores,
        "magnitude": np.abs(explanation.maps).mean((1, 2, 3)),
        "entropy": metrics.entropy(magnitude),
        "gini": metrics.gini(magnitude),
        "zero_fraction": np.zeros(COUNT),
        "corner_enrichment": magnitude[:, :3, 9:].sum((1, 2)) / magnitude.sum((1, 2)) * 16,
    }
    table = made.table()
    assert table["id"].tolist() == [str(row) for row in range(COUNT)]
    assert_same({name: table[name] for name in expected}, expected, 1e-5)
    assert (table["strategy"] >= -1).all()
    shares = magnitude / magnitude.sum((1, 2), keepdims=True)
    np.testing.assert_allclose(made.maps(), shares, rtol=1e-3, atol=1e-7)


def test_the_hottest_window_is_where_the_map_is(survey):
    """A network that reads one pixel of each image: the column `at` of a window of 4 × 4 of 28 is 14 % of the sides."""
    side, (row, column) = 56, (40, 10)
    pixel = np.zeros((side, side, 1), "float32")
    pixel[row, column] = 1
    inputs = keras.Input((side, side, 1))
    read = keras.ops.sum(inputs * pixel, axis=(1, 2))
    model = keras.Model(inputs, keras.layers.Concatenate()([read, -read]))
    images = np.random.default_rng(0).random((4, side, side, 1)).astype("float32")
    made = survey(images, model=model)
    table = made.table()
    assert (np.abs(table["top"] - row / side) <= 2 / 28).all()
    assert (np.abs(table["left"] - column / side) <= 2 / 28).all()
    assert made.maps().shape == (4, 28, 28)
    assert (made.maps()[:, row // 2, column // 2] == 1).all()


def test_images_that_are_no_squares(survey):
    model = keras.Sequential([keras.Input((20, 60, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    images = np.random.default_rng(0).random((5, 20, 60, 1)).astype("float32")
    made = survey(images, model=model)
    magnitude = ks.explain(model, images).heatmaps("magnitude")
    small = shrink(magnitude, 28)
    np.testing.assert_allclose(made.maps(), small / small.sum((1, 2), keepdims=True), rtol=2e-3, atol=1e-6)


@pytest.mark.backend
@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_chunks_change_nothing(survey, images, labels, chunk):
    reference, made = survey((images, labels)), survey((images, labels), "other", chunk=chunk)
    assert_same(reference.table(), made.table())
    np.testing.assert_allclose(made.class_maps().mean, reference.class_maps().mean, atol=1e-6)
    np.testing.assert_allclose(made.class_maps().spread, reference.class_maps().spread, atol=1e-6)


def test_the_model_is_traced_once(survey, network, images, labels, monkeypatch):
    from keras_saliency.surveys import surveying

    traces = []
    measure = surveying.measure

    def measured(
        source, measurer, *given, **more
    ):  # experiments, which follow, ask about as many as they have
        measure(source, measurer, *given, **more)
        traces.append(measurer.scored.traces)

    monkeypatch.setattr(surveying, "measure", measured)
    for out, count in (("a", 40), ("b", 39), ("c", 3)):
        survey((images[:count], labels[:count]), out, model=network)
    assert traces[1:] == [0, 0]


class Batches(keras.utils.PyDataset):
    def __init__(self, images, labels, order, size=6):
        super().__init__()
        self.images, self.labels, self.order, self.size = images, labels, order, size

    def __len__(self):
        return math.ceil(len(self.order) / self.size)

    def __getitem__(self, index):
        rows = self.order[self.size * index : self.size * (index + 1)]
        return self.images[rows], self.labels[rows]


def test_the_order_of_arrival_changes_nothing(survey, images, labels):
    reference = survey((images, labels))
    tables, maps = [], []
    for seed in range(2):
        order = np.random.default_rng(seed).permutation(COUNT)
        made = survey(Batches(images, labels, order), f"survey {seed}")
        tables.append(made.table())
        maps.append((made.maps(), made.class_maps().mean, made.class_maps().spread))
    assert (tables[0]["id"] == tables[0]["key"]).all()
    assert (np.sort(tables[0]["id"]) == tables[0]["id"]).all()
    assert_same(*tables)
    assert_same(by_key(reference.table()), by_key(tables[0]))
    for one, other in zip(*maps, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.backend
def test_class_maps_are_means_over_the_examples(survey, images, labels):
    made = survey((images, labels))
    maps = made.maps()
    found = made.class_maps()
    assert isinstance(found, ClassMaps)
    assert found.classes.tolist() == [0, 1, 2]
    assert found.counts.tolist() == [14, 13, 13]
    for place, index in enumerate(found.classes):
        np.testing.assert_allclose(found.mean[place], maps[labels == index].mean(0), rtol=1e-3)
        np.testing.assert_allclose(found.spread[place], maps[labels == index].std(0), rtol=1e-2)


def test_without_labels_the_predicted_class_is_explained(survey, network, images):
    table = survey(images).table()
    predicted = keras.ops.convert_to_numpy(network(images)).argmax(1)
    assert (table["label"] == -1).all()
    assert (table["target_class"] == predicted).all()


def test_a_map_without_content_has_no_numbers_and_is_in_no_mean(survey, images, labels):
    dead = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="relu", bias_initializer=keras.initializers.Constant(-1e6)),
            keras.layers.Dense(3),
        ]
    )
    made = survey((images, labels), model=dead)
    assert np.isnan(made.table()["entropy"]).all()
    assert (made.table()["zero_fraction"] == 1).all()
    assert (made.maps() == 0).all()
    assert (made.class_maps().counts == 0).all()
    assert (made.class_maps().mean == 0).all()


def test_nothing_is_kept_that_is_not_wanted(survey, images, labels):
    made = survey((images, labels), maps=False, store_images=False)
    with pytest.raises(ValueError, match=r"kept no maps of single examples: it was made with maps=False"):
        made.maps()
    assert made.class_maps().mean.shape == (3, 12, 12)
    assert sorted(path.name for path in made.path.iterdir() if path.suffix != ".html") == [
        "maps.zarr",
        "survey.json",
        "table.parquet",
    ]


def test_maps_of_some_rows(survey, images, labels):
    made = survey((images, labels))
    maps = made.maps()
    for rows in ([3, 1, 1], slice(2, 9), labels == 1, []):
        np.testing.assert_array_equal(made.maps(rows), maps[rows])


def test_a_survey_leaves_no_trace(survey, network, images, labels):
    before = [np.array(weight) for weight in network.get_weights()]
    state = np.random.get_state()[1].copy()
    survey((images, labels), method=ks.SmoothGrad(samples=2))
    assert all((one == other).all() for one, other in zip(before, network.get_weights(), strict=True))
    assert (np.random.get_state()[1] == state).all()


@pytest.mark.parametrize("method", ["grad_cam", "smoothgrad"])
def test_other_methods(survey, network, images, labels, method):
    made = survey((images, labels), method=method)
    magnitude = ks.explain(network, images, method, target=labels).heatmaps("magnitude")
    np.testing.assert_allclose(made.table()["gini"], metrics.gini(magnitude), rtol=1e-4)


def test_a_missing_package_is_one_sentence(network, images, tmp_path, monkeypatch):
    from keras_saliency.surveys import surveying

    monkeypatch.setattr(surveying, "_NEEDED", ("pyarrow", "no_such_package"))
    with pytest.raises(
        ImportError, match=r'A survey needs no_such_package: pip install "keras_saliency\[survey\]"'
    ):
        ks.survey(network, images, tmp_path / "survey")


def test_what_is_proven_is_watched_and_trained_away(tmp_path):
    """Twenty of 150 images of a class have a corner that the network reads: from the data set to the next training."""
    x, y = marked_images(MARKED, each=150)
    survey = ks.survey(linear(3.0), (x, y), tmp_path / "survey", progress=False)
    assert not survey.passed
    (proven,) = (one for one in survey.strategies if one.is_suspect)
    assert (proven.class_index, proven.size) == (1, MARKED)
    rows = survey.table(["strategy"])["strategy"] == proven.number
    np.testing.assert_array_equal(np.flatnonzero(rows), np.arange(150, 150 + MARKED))
    ((name, mask),) = survey.regions.items()
    assert name == f"survey_1_{proven.number}"
    np.testing.assert_array_equal(mask, CORNER)
    probes = ks.ProbeSet(x[130:170], y[130:170], regions=survey.regions)
    assert not ks.check(linear(3.0), probes, ks.Region(name)).passed
    assert ks.check(linear(0.0), probes, ks.Region(name)).passed
    swapped = np.asarray(ks.SwapRegions(survey.regions, probability=1.0)(x[130:170], training=True))
    changed = (swapped != x[130:170]).any((0, 3))
    np.testing.assert_array_equal(changed, CORNER)
