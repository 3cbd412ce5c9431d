"""`keras-saliency explain` on real files; the whole command line once more in a process of its own."""

import sys

import keras
import numpy as np
import pytest
from PIL import Image

import keras_saliency as ks
from keras_saliency import cli


def network(*extra, channels=1):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((8, 8, channels)),
            *extra,
            keras.layers.Conv2D(3, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(4, activation="softmax"),
        ]
    )


@pytest.fixture
def saved(tmp_path):
    model = network()
    model.save(tmp_path / "model.keras")
    return model, tmp_path / "model.keras"


@pytest.fixture
def images():
    return np.random.default_rng(0).random((3, 8, 8, 1), "float32")


def explain(capsys, *arguments):
    code = cli.main(["explain", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def refused(capsys, *arguments):
    code, _, error = explain(capsys, *arguments)
    assert code == cli.WRONG_USE
    assert error.startswith("keras-saliency explain: ")
    assert "Traceback" not in error
    return error


def test_an_array_of_images(capsys, tmp_path, saved, images):
    model, path = saved
    np.savez(tmp_path / "images.npz", images=images)
    code, out, _ = explain(capsys, path, tmp_path / "images.npz", "--out", tmp_path / "out", "--target", "2")
    assert code == 0
    assert "3 maps by gradient" in out
    assert "score: logit; files: maps.npz, probes.npz, sheet.png" in out
    loaded = ks.Explanation.load(tmp_path / "out")
    np.testing.assert_array_equal(loaded.maps, ks.explain(model, images, target=2).maps)


def test_a_probe_set_brings_its_labels(capsys, tmp_path, saved, images):
    ks.ProbeSet(images, [0, 1, 2]).save(tmp_path / "probes.npz")
    assert explain(capsys, saved[1], tmp_path / "probes.npz", "--out", tmp_path / "out")[0] == 0
    np.testing.assert_array_equal(ks.Explanation.load(tmp_path / "out").target_classes, [0, 1, 2])


def test_a_bare_array_and_a_method_by_name(capsys, tmp_path, saved, images):
    model, path = saved
    np.save(tmp_path / "images.npy", images)
    arguments = (path, tmp_path / "images.npy", "--out", tmp_path / "out", "--method", "guided_backprop")
    assert explain(capsys, *arguments)[0] == 0
    expected = ks.explain(model, images, "guided_backprop").maps
    np.testing.assert_array_equal(ks.Explanation.load(tmp_path / "out").maps, expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_folder_of_pictures(capsys, tmp_path, channels):
    model = network(channels=channels)
    model.save(tmp_path / "model.keras")
    (tmp_path / "pictures").mkdir()
    for number, size in enumerate([(20, 16), (9, 30)]):
        noise = np.random.default_rng(number).integers(0, 256, (*size, 3), "uint8")
        Image.fromarray(noise).save(tmp_path / "pictures" / f"no {number}.png")
    arguments = (
        tmp_path / "model.keras",
        tmp_path / "pictures",
        "--out",
        tmp_path / "out",
        "--resize",
        "8x8",
    )
    assert explain(capsys, *arguments, "--scale", "1/255")[0] == 0
    loaded = ks.Explanation.load(tmp_path / "out")
    assert loaded.probes.images.shape == (2, 8, 8, channels)
    assert loaded.probes.images.dtype == "float32"
    assert loaded.probes.images.max() <= 1
    assert loaded.probes.names == ("no 0.png", "no 1.png")
    assert loaded.probes.display_images.dtype == "uint8"
    np.testing.assert_allclose(loaded.probes.images, loaded.probes.display_images / 255, rtol=1e-6)


def test_pictures_of_several_sizes_need_a_size(capsys, tmp_path, saved):
    for side in (8, 9):
        Image.new("L", (side, side)).save(tmp_path / f"{side}.png")
    error = refused(capsys, saved[1], tmp_path / "8.png", tmp_path / "9.png", "--out", tmp_path / "out")
    assert "or --resize HEIGHTxWIDTH on the command line" in error


def test_a_folder_for_each_class_brings_labels(capsys, tmp_path, saved):
    photos, options = tmp_path / "photos", ["--resize", "8x8", "--out", tmp_path / "out"]
    for name in "abcd":
        (photos / name).mkdir(parents=True)
        Image.new("L", (16, 20), 99).save(photos / name / "1.png")
    assert explain(capsys, saved[1], photos, *options)[0] == 0
    assert ks.Explanation.load(tmp_path / "out").target_classes.tolist() == [0, 1, 2, 3]
    (photos / "e").mkdir()
    error = refused(capsys, saved[1], photos, *options)
    assert "Expected a folder for each of the 4 classes of the model. Received: 5 folders" in error


def test_pictures_of_another_size_than_the_model_takes(capsys, tmp_path):
    """A Sequential model of Keras would take them."""
    pooled = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)]
    keras.Sequential([keras.Input((8, 8, 3)), *pooled]).save(tmp_path / "model.keras")
    Image.new("RGB", (20, 30)).save(tmp_path / "one.png")
    error = refused(capsys, tmp_path / "model.keras", tmp_path / "one.png", "--out", tmp_path / "out")
    assert "Received pictures of 30x20. The model takes images of 8x8: resize them, " in error
    assert "--resize 8x8" in error


def test_models_that_cannot_be_loaded(capsys, tmp_path, images):
    np.save(tmp_path / "images.npy", images)
    rest = (tmp_path / "images.npy", "--out", tmp_path / "out")
    assert "No such model" in refused(capsys, tmp_path / "none.keras", *rest)
    (tmp_path / "text.keras").write_text("no model")
    assert "text.keras cannot be loaded" in refused(capsys, tmp_path / "text.keras", *rest)
    network(keras.layers.Lambda(lambda x: x)).save(tmp_path / "lambda.keras")
    assert "which is not run" in refused(capsys, tmp_path / "lambda.keras", *rest)


def test_custom_layers_are_registered_by_an_import(capsys, tmp_path, images, monkeypatch):
    module = tmp_path / "my_layers.py"
    module.write_text(
        "import keras\n"
        "@keras.saving.register_keras_serializable('mine')\n"
        "class Tripling(keras.layers.Layer):\n"
        "    def call(self, x):\n"
        "        return 3 * x\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    np.save(tmp_path / "images.npy", images)
    rest = (tmp_path / "images.npy", "--out", tmp_path / "out")
    import my_layers

    network(my_layers.Tripling()).save(tmp_path / "custom.keras")
    keras.saving.get_custom_objects().pop("mine>Tripling")
    monkeypatch.delitem(sys.modules, "my_layers")
    assert "--import MODULE" in refused(capsys, tmp_path / "custom.keras", *rest)
    assert explain(capsys, tmp_path / "custom.keras", *rest, "--import", "my_layers")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--method", "gradeint"], "Did you mean 'gradient'"),
        (["--option", "samples=3"], "has no option 'samples'. Its options: name."),
        (["--layer", "dense"], "has no option 'layer'. Its options: name."),
        (["--option", "samples"], "Expected an option as KEY=VALUE"),
        (["--target", "9"], "Expected class indices below 4"),
        (["--target", "label"], 'target="label" needs labels'),
        (["--output", "other"], "name one of them"),
    ],
)
def test_wrong_arguments(capsys, tmp_path, saved, images, arguments, sentence):
    np.save(tmp_path / "images.npy", images)
    assert sentence in refused(
        capsys, saved[1], tmp_path / "images.npy", "--out", tmp_path / "out", *arguments
    )


def test_images_that_cannot_be_read(capsys, tmp_path, saved, images):
    rest = ("--out", tmp_path / "out")
    assert "No such file" in refused(capsys, saved[1], tmp_path / "none.npz", *rest)
    np.savez(tmp_path / "other.npz", pictures=images)
    assert "no array named images. It has: pictures" in refused(
        capsys, saved[1], tmp_path / "other.npz", *rest
    )
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    assert "cannot be read as .npy" in refused(capsys, saved[1], tmp_path / "objects.npy", *rest)
    (tmp_path / "text.png").write_text("no picture")
    assert "cannot be read as .png" in refused(capsys, saved[1], tmp_path / "text.png", *rest)
    (tmp_path / "empty").mkdir()
    assert "No pictures" in refused(capsys, saved[1], tmp_path / "empty", *rest)
    np.save(tmp_path / "large.npy", np.zeros((2, 9, 9, 1), "float32"))
    assert "cannot be called on these images" in refused(capsys, saved[1], tmp_path / "large.npy", *rest)


def test_methods_lists_every_method_with_its_cost(capsys, monkeypatch):
    from keras_saliency.methods import METHODS

    monkeypatch.setenv("COLUMNS", "200")
    assert cli.main(["methods"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in METHODS.names())
    assert "1 forward and 1 backward pass" in listed


def test_methods_cuts_nothing_at_80_columns(capsys, monkeypatch):
    from keras_saliency.methods import METHODS

    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main(["methods"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {len(line) for line in lines} == {80}
    said, costs = ("".join(line.split("│")[at].strip() for line in lines if "│" in line) for at in (2, 4))
    for name in METHODS.built_in():
        method = METHODS.make(name)
        summary = type(method).__doc__.partition("\n\n")[0]
        assert "".join(summary.split()) in said.replace(" ", "")
        assert method.cost.replace(" ", "") in costs.replace(" ", "")


def test_methods_lists_what_fails_beside_the_others(capsys, monkeypatch, offer):
    def cannot():
        raise RuntimeError("cannot be made")

    offer("keras_saliency.methods", broken=cannot)
    monkeypatch.setenv("COLUMNS", "200")
    assert cli.main(["methods"]) == 0
    listed = capsys.readouterr().out
    assert "RuntimeError: cannot be made" in listed
    assert "smoothgrad" in listed


@pytest.fixture
def one_unit(tmp_path):
    """A function: what a network with one unit ends with, and its loss → the file."""

    def save(ending, loss):
        model = keras.Sequential(
            [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1), *ending]
        )
        model.compile("sgd", loss)
        model.save(tmp_path / "model.keras")
        return tmp_path / "model.keras"

    return save


def test_errors_name_the_options_and_nothing_that_only_python_has(capsys, tmp_path, one_unit, images):
    ks.ProbeSet(images, [0, 1, 1]).save(tmp_path / "probes.npz")
    given = tmp_path / "probes.npz", "--out", tmp_path / "out"
    error = refused(capsys, one_unit([], "mse"), *given)
    assert "give no labels, or --target predicted." in error
    assert error.endswith("say --logits binary.\n")
    hidden = [keras.layers.Activation("sigmoid"), keras.layers.Rescaling(0.5)]
    error = refused(capsys, one_unit(hidden, "mse"), *given, "--target", "0")
    assert error.endswith(
        "explain the output itself with --logits output; or --logits centred_log_probability.\n"
    )


@pytest.mark.parametrize("loss", ["mse", keras.losses.BinaryCrossentropy(from_logits=True)])
def test_a_binary_logit_is_told_or_found(capsys, tmp_path, one_unit, images, loss):
    ks.ProbeSet(images, [0, 1, 1]).save(tmp_path / "probes.npz")
    said = ["--logits", "binary"] if loss == "mse" else []
    code, out, _ = explain(
        capsys, one_unit([], loss), tmp_path / "probes.npz", "--out", tmp_path / "out", *said
    )
    assert (code, "score: logit" in out) == (0, True)
    assert np.isfinite(ks.Explanation.load(tmp_path / "out").probabilities).all()
