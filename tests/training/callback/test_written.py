"""What a fit leaves on disk, read back."""

import csv
from importlib.metadata import version

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

import keras_saliency as ks
from keras_saliency import records
from keras_saliency.looks.event_file import event_files, read_events
from keras_saliency.looks.writers import TensorBoardWriter

SIZE = (6, 6)


def logged(folder):
    """Every value in the event files: tag, step, plugin and content."""
    return [
        (value.tag, event.step, value.metadata.plugin_data.plugin_name, list(value.tensor.string_val))
        for path in event_files(folder)
        for event in read_events(path)
        for value in event.summary.value
    ]


def pictures_in(folder):
    """All pictures in a folder: image files, the images in event files, and the probes' own."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.png")}
    for tag, step, plugin, content in logged(folder):
        if plugin == "images":
            found[f"{tag} {step}"] = b"".join(content)
        if tag == records.PROBES_TAG and records.decode_probes(content[0]).pictures is not None:
            found[tag] = records.decode_probes(content[0]).pictures.tobytes()
    return found


def curves(log_dir, run):
    """All curves of a run, as TensorBoard reads them."""
    reader = EventAccumulator(str(log_dir / run))
    reader.Reload()
    return {
        tag: [(event.step, float(make_ndarray(event.tensor_proto))) for event in reader.Tensors(tag)]
        for tag in reader.PluginTagToContent("scalars")
    }


def assert_alike(stored, seen):
    """A look read back is the look that was taken, its maps up to their quantisation."""
    assert (stored.step, stored.epoch, stored.wall_time) == (seen.step, seen.epoch, seen.wall_time)
    assert stored.probe_accuracy == pytest.approx(seen.probe_accuracy)
    assert stored.numbers == pytest.approx(seen.numbers)
    assert stored.methods.keys() == seen.methods.keys()
    for method, found in stored.methods.items():
        taken = seen.methods[method]
        assert found.score_kind == taken.score_kind
        for what in "scores", "target_classes", "predicted_classes", "probabilities":
            np.testing.assert_allclose(getattr(found, what), getattr(taken, what), rtol=1e-6)
        peaks = taken.heatmaps["magnitude"].max((1, 2), keepdims=True)
        for view, maps in taken.heatmaps.items():
            assert (np.abs(found.heatmaps[view] - maps) <= peaks / 254).all(), view


def test_looks_are_read_back_as_they_were_taken(network, saliency, remember, fit, tmp_path):
    callback = saliency(methods=["gradient", ks.Gradient(name="again")])
    looks = remember(callback)
    fit(network(), callback, looks, epochs=2)
    for read in (
        callback.looks,
        ks.load_looks(tmp_path / "logs"),
        ks.load_looks(tmp_path / "logs" / "saliency"),
    ):
        assert len(read) == 3
        for stored, seen in zip(read, looks.looks, strict=True):
            assert_alike(stored, seen)


def test_a_writer_with_options_is_read_back_too(network, saliency, fit):
    callback = saliency(writers=TensorBoardWriter(max_side=3))
    fit(network(), callback, epochs=1)
    assert [look.heatmaps("gradient").shape for look in callback.looks] == [(5, 3, 3)] * 2


def test_the_archive_has_full_precision(network, saliency, fit, tmp_path):
    callback = saliency(archive=True)
    fit(network(), callback, epochs=1)
    with np.load(tmp_path / "logs/saliency/archive/step_000000.npz") as stored:
        maps = callback.last_look.methods["gradient"].explanation.maps
        np.testing.assert_array_equal(stored["gradient/maps"], maps)
    assert maps.dtype == np.float32


def test_the_folder_has_pictures_and_a_table(network, saliency, fit, tmp_path):
    callback = saliency(writers="folder", images=True)
    fit(network(), callback, epochs=2)
    folder = tmp_path / "logs" / "saliency"
    sheets = sorted(path.name for path in (folder / "sheets" / "gradient").glob("*.png"))
    assert sheets == ["step_-00001.png", "step_000000.png", "step_000001.png"]
    with Image.open(folder / "sheets" / "gradient" / sheets[0]) as sheet:
        assert (sheet.format, sheet.mode) == ("PNG", "RGB")
    with (folder / "numbers.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["step"] == "1"]
    table = {f"{row['method']}/{row['number']}".lstrip("/"): float(row["value"]) for row in rows}
    assert table == pytest.approx(callback.last_look.numbers)


def test_images_false_draws_no_sheet(network, saliency, fit, tmp_path):
    fit(network(), saliency(writers=["tensorboard", "folder"]), epochs=1)
    assert list(pictures_in(tmp_path / "logs" / "saliency")) == [records.PROBES_TAG]


@pytest.mark.parametrize("store_images", [True, False])
def test_store_images_false_leaves_no_picture_of_a_probe(compiled, saliency, fit, x, tmp_path, store_images):
    """Two probe sets differ where the model is blind: what it says is the same, only the pictures differ."""

    def half_blind():
        return keras.Sequential(
            [
                keras.Input((*SIZE, 1)),
                layers.Cropping2D(((0, 0), (0, 3))),
                layers.Flatten(),
                layers.Dense(3, activation="softmax"),
            ]
        )

    other = x[:4].copy()
    other[:, :, 3:] = np.random.default_rng(5).permutation(other[:, :, 3:].ravel()).reshape(4, 6, 3, 1)
    found = []
    for name, images in ("one", x[:4]), ("other", other):
        callback = saliency(
            probes=images,
            log_dir=tmp_path / name,
            store_images=store_images,
            images=True,
            archive=True,
            writers=["tensorboard", "folder"],
        )
        fit(compiled(half_blind), callback, epochs=1)
        found.append(pictures_in(tmp_path / name / "saliency"))
    one, other = found
    assert one.keys() == other.keys()
    assert len(one) == 4 + store_images
    assert all((one[place] == other[place]) is not store_images for place in one)


def test_the_settings_say_what_was_asked_for(network, saliency, fit, tmp_path):
    model = network()
    fit(model, saliency(every=3, seed=4), epochs=1)
    [text] = [
        content for tag, *_, content in logged(tmp_path / "logs/saliency") if tag == records.SETTINGS_TAG
    ]
    for row in (
        "| every | 3 |",
        "| seed | 4 |",
        "| target | the label |",
        "| epochs | 1 |",
        f"| versions | keras&#95;saliency {version('keras_saliency')}, keras {keras.__version__}, ",
        f"| model | {model.name} |".replace("_", "&#95;"),
    ):
        assert row in text[0].decode()


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (None, "the label"),
        ("label", "the label"),
        ("predicted", "the predicted class"),
        (1, "class 1 (dog)"),
        (7, "class 7"),
        ([0, 1, 2, 1, 0], "a class for each probe"),
    ],
)
def test_the_target_in_words(saliency, probes, target, words):
    named = ks.ProbeSet(probes.images, probes.labels, class_names=("cat", "dog", "bird"))
    assert saliency(probes=named, target=target)._settings.described()["target"] == words


@pytest.mark.parametrize("planned", [None, "many", 2.5])
def test_a_plan_that_is_no_number_of_epochs_is_none(network, saliency, planned):
    callback = saliency()
    callback.set_model(network())
    callback.set_params({"epochs": planned})
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    callback.on_epoch_end(0, {"loss": 0.5})
    callback.on_train_end()
    assert callback.looks[-1].logs == {"loss": 0.5}
    assert b"| epochs |" not in b"".join(path.read_bytes() for path in event_files(callback.summary.folder))


def test_other_writers_in_the_same_log_dir_are_undisturbed(network, saliency, fit, tmp_path, x, y):
    def train(log_dir, *callbacks):
        board = keras.callbacks.TensorBoard(log_dir, write_graph=False)
        fit(network(), *callbacks, board, epochs=3, validation_data=(x, y))
        return {run: curves(log_dir, run) for run in ("train", "validation")}

    callback = saliency(images=True)
    alone, beside = train(tmp_path / "alone"), train(tmp_path / "logs", callback)
    numbers = {tag for tag in beside["train"] if "saliency" in tag}
    assert numbers >= {"epoch_saliency_gradient_drift", "epoch_saliency_probe_accuracy"}
    for run, expected in alone.items():
        assert {tag: points for tag, points in beside[run].items() if tag not in numbers} == expected
    drift = curves(tmp_path / "logs", "saliency")["saliency/gradient/drift"]
    assert [step for step, _ in drift] == [0, 1, 2]
    assert [look.step for look in callback.looks] == [-1, 0, 1, 2]
