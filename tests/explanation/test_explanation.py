"""One-off explanations: maps, views, files and figures."""

import dataclasses
import shutil
from contextlib import contextmanager

import keras
import numpy as np
import pytest
from keras import layers, ops

import keras_saliency as ks
from keras_saliency.engine import Layout
from keras_saliency.errors import UnreadableFileError
from keras_saliency.explanation import pictures_of
from keras_saliency.records import npz

SHAPE = (6, 8, 3)
CLASSES = 4
IMAGES = np.random.default_rng(0).normal(size=(5, *SHAPE)).astype("float32")
LABELS = np.array([3, 2, 1, 0, 3])


def network(shape=SHAPE, **flatten):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(**flatten),
            layers.Dense(8, activation="relu"),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def linear(shape, weights):
    """A model of one linear unit with these weights: its map is known."""
    model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(1, use_bias=False)])
    model.set_weights([np.reshape(weights, (-1, 1))])
    return model


def two_inputs():
    """An image and a vector, and an integer that chooses what is added."""
    keras.utils.set_random_seed(0)
    inputs = {
        "image": keras.Input(SHAPE, name="image"),
        "size": keras.Input((2,), name="size"),
        "kind": keras.Input((1,), name="kind", dtype="int32"),
    }
    parts = [
        layers.Flatten()(inputs["image"]),
        inputs["size"],
        layers.Flatten()(layers.Embedding(3, 2)(inputs["kind"])),
    ]
    return keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(layers.Concatenate()(parts)))


FEED = {
    "image": IMAGES,
    "size": np.arange(10, dtype="float32").reshape(5, 2),
    "kind": np.array([[0], [1], [2], [0], [1]], "int32"),
}


@pytest.fixture
def explanation():
    return ks.explain(network(), ks.ProbeSet(IMAGES, LABELS, class_names=[*"abcd"]))


def assert_equal(one, other):
    """Two explanations of the same content."""
    for field in dataclasses.fields(ks.Explanation):
        if field.name not in ("probes", "model_scores"):
            np.testing.assert_equal(getattr(one, field.name), getattr(other, field.name))
    for name in ("scores", "score_kind", "target_classes", "predicted_classes", "probabilities"):
        np.testing.assert_equal(getattr(one, name), getattr(other, name))
    assert one.probes.fingerprint == other.probes.fingerprint


def test_the_shapes_and_kinds_of_what_comes_back(explanation):
    assert (explanation.maps.shape, explanation.maps.dtype) == (IMAGES.shape, np.float32)
    assert {explanation.scores.dtype, explanation.probabilities.dtype} == {np.dtype("float32")}
    assert {explanation.target_classes.dtype, explanation.predicted_classes.dtype} == {np.dtype("int64")}
    for what in "scores", "probabilities", "target_classes", "predicted_classes":
        assert getattr(explanation, what).shape == (5,)
    assert (explanation.score_kind, explanation.method) == ("logit", "gradient")
    assert (explanation.channel_axis, explanation.diagnostics) == (-1, {"explained": "input"})


def test_probabilities_and_predictions_are_the_models(explanation):
    outputs = ops.convert_to_numpy(network()(IMAGES))
    np.testing.assert_array_equal(explanation.predicted_classes, outputs.argmax(1))
    np.testing.assert_allclose(explanation.probabilities, outputs.max(1), rtol=1e-5)


def test_maps_of_a_linear_model_are_its_weights():
    weights = np.random.default_rng(1).normal(size=SHAPE).astype("float32")
    found = ks.explain(linear(SHAPE, weights), IMAGES)
    np.testing.assert_allclose(found.maps, np.broadcast_to(weights, IMAGES.shape), rtol=1e-6)
    np.testing.assert_allclose(found.scores, (IMAGES * weights).sum((1, 2, 3)), rtol=1e-4, atol=1e-5)
    assert found.score_kind == "output"


@pytest.mark.parametrize(
    ("images", "target", "expected"),
    [
        (IMAGES, None, "predicted"),
        (ks.ProbeSet(IMAGES), None, "predicted"),
        (ks.ProbeSet(IMAGES, LABELS), None, "label"),
        (ks.ProbeSet(IMAGES, LABELS), "predicted", "predicted"),
        (ks.ProbeSet(IMAGES, LABELS), 2, 2),
        (IMAGES, [0, 1, 2, 3, 0], [0, 1, 2, 3, 0]),
    ],
)
def test_the_target_is_the_label_where_there_is_one_unless_another_is_given(images, target, expected):
    found = ks.explain(network(), images, target=target)
    classes = {"predicted": found.predicted_classes, "label": LABELS}
    expected = classes[expected] if isinstance(expected, str) else np.broadcast_to(expected, 5)
    np.testing.assert_array_equal(found.target_classes, expected)


def test_options_reach_the_engine():
    model = network()
    logits, output = ks.explain(model, IMAGES), ks.explain(model, IMAGES, logits="output")
    assert (logits.score_kind, output.score_kind) == ("logit", "output")
    assert not np.allclose(logits.maps, output.maps)
    with pytest.raises(ValueError, match="chunk_size"):
        ks.explain(model, IMAGES, chunk_size=0)
    with pytest.raises(ValueError, match="No method 'gradeint'. Did you mean 'gradient'"):
        ks.explain(model, IMAGES, "gradeint")
    with pytest.raises(ValueError, match="output='size'"):
        ks.explain(model, IMAGES, output="size")


def test_chunks_change_nothing_but_the_last_digit():
    whole, parts = (ks.explain(network(), IMAGES, chunk_size=size) for size in (5, 2))
    np.testing.assert_allclose(whole.maps, parts.maps, rtol=1e-4, atol=1e-6)


MAPS = np.array([[[[1, -2], [3, 0.5]], [[-1, -4], [0, 0]]]], "float32")  # one image, 2×2, two channels
VIEWS = {
    "magnitude": [[2, 3], [4, 0]],
    "positive": [[1, 3], [0, 0]],
    "negative": [[2, 0], [4, 0]],
    "signed": [[-1, 3.5], [-5, 0]],
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("channel_axis", [-1, 1])
def test_heatmaps_reduce_the_channels(explanation, view, channel_axis):
    maps = np.moveaxis(MAPS, -1, channel_axis)
    found = dataclasses.replace(
        explanation, maps=maps, layout=Layout((channel_axis,), (channel_axis,))
    ).heatmaps(view)
    np.testing.assert_array_equal(found, [VIEWS[view]])
    assert found.dtype == np.float32


@pytest.mark.parametrize("shape", [(1, 2, 2), (1, 2, 2, 1)], ids=str)
def test_heatmaps_of_one_channel(explanation, shape):
    single = dataclasses.replace(explanation, maps=np.array([1, -2, 3, 0], "float32").reshape(shape))
    np.testing.assert_array_equal(single.heatmaps("signed"), [[[1, -2], [3, 0]]])
    np.testing.assert_array_equal(single.heatmaps(), [[[1, 2], [3, 0]]])
    np.testing.assert_array_equal(single.heatmaps("negative"), [[[0, 2], [0, 0]]])


def test_an_unknown_view_is_refused(explanation):
    with pytest.raises(ValueError, match="Expected view to be one of 'magnitude', .*Received: 'abs'"):
        explanation.heatmaps("abs")


def test_the_channel_axis_follows_the_model():
    first = np.moveaxis(IMAGES, -1, 1)
    found = ks.explain(network((3, 6, 8), data_format="channels_first"), first)
    assert (found.maps.shape, found.channel_axis) == ((5, 3, 6, 8), 1)
    assert found.heatmaps().shape == (5, 6, 8)
    assert found.pictures().shape == (5, 6, 8, 3)


def test_several_inputs_keep_their_structure():
    found = ks.explain(two_inputs(), FEED)
    assert found.maps.keys() == FEED.keys()
    assert (found.maps["image"].shape, found.maps["size"].shape) == (IMAGES.shape, (5, 2))
    assert found.maps["kind"] is None
    assert found.heatmaps().shape == (5, 6, 8)
    assert found.diagnostics["explained"] == "image, size"
    np.testing.assert_array_equal(found.image_maps, found.maps["image"])


def test_a_tuple_of_inputs_is_several_inputs():
    left, right = keras.Input(SHAPE), keras.Input(SHAPE)
    flat = [layers.Flatten()(left), layers.Flatten()(right)]
    model = keras.Model((left, right), layers.Dense(CLASSES)(layers.Concatenate()(flat)))
    found = ks.explain(model, (IMAGES, 2 * IMAGES), target=1)
    assert isinstance(found.maps, tuple)
    weights = model.get_weights()[0][:, 1].reshape(2, *SHAPE)
    for maps, expected in zip(found.maps, weights, strict=True):
        np.testing.assert_allclose(maps[0], expected, rtol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ks.explain(network(), ks.ProbeSet(IMAGES, LABELS, names=[*"vwxyz"], class_names=[*"abcd"])),
        lambda: ks.explain(two_inputs(), FEED),
        lambda: ks.explain(two_inputs(), {**FEED, "image": 2 * IMAGES}, target=2),
        lambda: ks.explain(linear((4,), [1, 2, 3, 4]), np.ones((2, 4), "float32")),
    ],
    ids=["images", "several inputs", "a class", "numbers"],
)
def test_what_is_saved_is_loaded(make, tmp_path):
    saved = make()
    saved.save(tmp_path / "deep" / "out")
    loaded = ks.Explanation.load(tmp_path / "deep" / "out")
    assert_equal(loaded, saved)
    assert loaded.probes.names == saved.probes.names


def test_saving_leaves_a_sheet_of_images_and_nothing_half_written(explanation, tmp_path):
    explanation.save(tmp_path)
    explanation.save(str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["maps.npz", "probes.npz", "sheet.png"]
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_loading_what_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        ks.Explanation.load(tmp_path)


def _truncated(folder):
    (folder / "maps.npz").write_bytes((folder / "maps.npz").read_bytes()[:200])


def _of_other_images(folder):
    ks.ProbeSet(IMAGES + 1, LABELS).save(folder / "probes.npz")


def _exchanged(folder):
    shutil.copy(folder / "probes.npz", folder / "maps.npz")


def _without(name):
    def rewrite(folder):
        arrays, about = npz.read(folder / "maps.npz", "explanation")
        about = {key: value for key, value in about.items() if key not in ("kind", "version", name)}
        arrays.pop(name, None)
        npz.write(folder / "maps.npz", "explanation", arrays, about)

    return rewrite


def _with(arrays=(), **about):
    def rewrite(folder):
        kept, described = npz.read(folder / "maps.npz", "explanation")
        described = {key: value for key, value in described.items() if key not in ("kind", "version")}
        npz.write(folder / "maps.npz", "explanation", kept | dict(arrays), described | about)

    return rewrite


DAMAGES = {
    "too few maps": (_with({"maps_0": np.ones((1, *SHAPE))}), "maps.npz is damaged: .*numbers for 5 images"),
    "words for scores": (
        _with({"scores": np.array(["a"] * 5)}),
        "maps.npz is damaged: .*numbers for 5 images",
    ),
    "a table of scores": (_with({"scores": np.ones((5, 2))}), "maps.npz is damaged: .*one score per image"),
    "another axis": (
        _with(layout={"explained": [7], "inputs": [-1]}),
        "maps.npz is damaged: .*channel_axis −1 or 1, not .7",
    ),
    "no word for a method": (_with(method=3), "maps.npz is damaged: .*expected words"),
    "no maps in the structure": (_with(structure=[]), "maps.npz is damaged"),
    "truncated": (_truncated, "maps.npz is no explanation file of keras_saliency, or it is damaged"),
    "mixed": (_of_other_images, "The maps and the probes in .* do not belong together"),
    "exchanged": (_exchanged, "maps.npz is no explanation file of keras_saliency but a probes file"),
    "no scores": (_without("scores"), "maps.npz is damaged"),
    "no maps": (_without("maps_0"), "maps.npz is damaged"),
    "no method": (_without("method"), "maps.npz is damaged"),
    "no structure": (_without("structure"), "maps.npz is damaged"),
    "no diagnostics": (_without("diagnostics"), "maps.npz is damaged"),
    "no fingerprint": (_without("fingerprint"), "do not belong together"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_and_mixed_folders_are_refused(explanation, tmp_path, damage):
    rewrite, sentence = DAMAGES[damage]
    explanation.save(tmp_path)
    rewrite(tmp_path)
    with pytest.raises(UnreadableFileError, match=sentence):
        ks.Explanation.load(tmp_path)


def test_inputs_that_are_no_images_are_explained_saved_and_not_drawn(tmp_path):
    found = ks.explain(linear((4,), [1, -2, 3, 4]), np.ones((2, 4), "float32"))
    np.testing.assert_allclose(found.maps, [[1, -2, 3, 4]] * 2)
    for draw in found.heatmaps, found.plot, found.sheet:
        with pytest.raises(ValueError, match=r"Heatmaps are for images, .*Received: shape=\(2, 4\)\.$"):
            draw()
    with pytest.raises(ValueError, match="None of the inputs is an image. Give .* display_images="):
        found.pictures()
    found.save(tmp_path)
    assert not (tmp_path / "sheet.png").exists()


def test_pictures_show_the_display_images_where_there_are_some(tmp_path):
    shown = np.random.default_rng(2).integers(0, 256, (5, 12, 16, 3), "uint8")
    found = ks.explain(network(), ks.ProbeSet(IMAGES, display_images=shown))
    np.testing.assert_array_equal(found.pictures(), shown)
    np.testing.assert_array_equal(pictures_of(found.probes, found.layout), shown)
    plain = ks.explain(network(), IMAGES)
    assert plain.pictures().shape == (*IMAGES.shape[:3], 3)
    found.save(tmp_path)
    assert (tmp_path / "sheet.png").exists()


def test_integer_images_are_explained_and_drawn(tmp_path):
    model = keras.Sequential(
        [keras.Input(SHAPE, dtype="uint8"), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(3)]
    )
    images = np.random.default_rng(3).integers(0, 256, (2, *SHAPE), "uint8")
    found = ks.explain(model, images)
    assert found.maps.shape == images.shape
    assert np.abs(found.maps).max() > 0
    np.testing.assert_array_equal(found.pictures(), images)
    found.save(tmp_path)
    assert_equal(ks.Explanation.load(tmp_path), found)


def test_a_plot_has_a_row_per_image_and_leaves_matplotlib_as_it_was(explanation):
    from matplotlib import pyplot, rcParams

    before, settings = pyplot.get_fignums(), dict(rcParams)
    figure = explanation.plot()
    figure.canvas.draw()
    assert (pyplot.get_fignums(), dict(rcParams)) == (before, settings)
    axes = np.array(figure.axes).reshape(5, 3)
    assert [axis.get_title() for axis in axes[0]] == ["input", "magnitude", "signed"]
    assert figure.get_suptitle() == "gradient (logit)"
    for row, (label, predicted) in enumerate(zip(LABELS, explanation.predicted_classes, strict=True)):
        lines = axes[row, 0].get_ylabel().splitlines()
        assert lines[:2] == [f"probe {row}", f"label {'abcd'[label]}"]
        assert lines[2].startswith("predicted" if label == predicted else "wrong")
        colour = axes[row, 0].yaxis.label.get_color()
        assert colour == ("black" if label == predicted else "firebrick")
    assert (explanation.predicted_classes != LABELS).any()


def test_a_plot_of_one_image_and_other_columns():
    figure = ks.explain(network(), IMAGES[:1]).plot(columns=("positive",))
    assert [axis.get_title() for axis in figure.axes] == ["input", "positive"]


def test_the_model_is_as_it_was():
    model = network()
    before, random_state = model.get_weights(), np.random.get_state()[1]
    ks.explain(model, IMAGES)
    np.testing.assert_equal(model.get_weights(), before)
    np.testing.assert_array_equal(np.random.get_state()[1], random_state)


def test_progress_counts_the_images_and_leaves_nothing(monkeypatch, capsys):
    told = []

    @contextmanager
    def recorded(what):
        told.append(what)
        yield told.append

    monkeypatch.setattr("keras_saliency.explanation.explaining.shown", recorded)
    model = keras.Sequential([keras.layers.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    images = np.random.default_rng(0).random((5, 4, 4, 1), "float32")
    options = {"target": 0, "chunk_size": 2}
    with_progress = ks.explain(model, images, ks.SmoothGrad(samples=2), progress=True, **options)
    assert told[0] == "smoothgrad"
    assert sum(told[1:]) == 3 * 5  # the clean images and two noisy copies
    monkeypatch.undo()
    ks.explain(model, images, progress=True, **options)
    assert "images through the model" not in capsys.readouterr().out
    without = ks.explain(model, images, ks.SmoothGrad(samples=2), **options)
    np.testing.assert_array_equal(with_progress.maps, without.maps)
