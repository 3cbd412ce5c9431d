"""`keras-saliency explain` by several methods, and what it leaves in a folder that holds other maps."""

import keras
import numpy as np
import pytest
from PIL import Image

import keras_saliency as ks
from keras_saliency import cli
from keras_saliency.engine import model_files


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((8, 8, 3)),
        keras.layers.Conv2D(3, 3, activation="relu", name="conv"),
        keras.layers.Flatten(),
        keras.layers.Dense(3, activation="softmax"),
    ]
    path = tmp_path_factory.mktemp("model") / "model.keras"
    keras.Sequential(layers).save(path)
    return path


@pytest.fixture
def pictures(tmp_path):
    """Two pictures of twice the size that the model takes."""
    (tmp_path / "pictures").mkdir()
    for name, seed in (("a cat.png", 0), ("dog.png", 1)):
        noise = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), "uint8")
        Image.fromarray(noise).save(tmp_path / "pictures" / name)
    return tmp_path / "pictures"


@pytest.fixture
def explain(model, pictures, tmp_path, capsys):
    """A function: further options → the exit code and what was said; writes to the folder `out`."""

    def run(*options, images=pictures):
        given = [model, images, "--resize", "8x8", "--out", tmp_path / "out", *options]
        code = cli.main(["explain", *map(str, given)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def loaded(tmp_path, method):
    return ks.Explanation.load(tmp_path / "out" / method)


def test_maps_of_another_method_stay(explain, tmp_path):
    assert explain()[0] == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert explain("--method", "guided_backprop")[0] == 0
    assert {path: path.read_bytes() for path in before} == before
    assert loaded(tmp_path, "gradient").method == "gradient"
    assert loaded(tmp_path, "guided_backprop").method == "guided_backprop"
    with pytest.raises(FileNotFoundError, match="with those of gradient, guided_backprop: load "):
        ks.Explanation.load(tmp_path / "out")


def test_what_python_saved_in_the_folder_stays(explain, model, tmp_path):
    images = np.zeros((1, 8, 8, 3), "float32")
    saved = ks.explain(keras.saving.load_model(model), images, "activations")
    saved.save(tmp_path / "out")
    assert explain("--method", "gradient,guided_backprop")[0] == 0
    assert ks.Explanation.load(tmp_path / "out").method == "activations"
    assert loaded(tmp_path, "gradient").method == "gradient"


def test_several_methods_in_one_call_load_the_model_once(explain, tmp_path, monkeypatch):
    opened = []
    load = model_files.load_model
    monkeypatch.setattr(model_files, "load_model", lambda *given: opened.append(given) or load(*given))
    code, said = explain(
        *("--method", "gradient,smoothgrad", "--method", "grad_cam"),
        *("--option", "samples=3", "--layer", "conv"),
    )
    assert code == 0
    assert len(opened) == 1
    assert [line.split()[3] for line in said.splitlines() if " maps by " in line] == [
        "gradient",
        "smoothgrad",
        "grad_cam_conv",
    ]
    assert said.splitlines()[-1] == f"all side by side: {tmp_path / 'out' / 'methods.png'}"
    model, probes = load(*opened[0]), loaded(tmp_path, "gradient").probes
    expected = ks.explain(model, probes, ks.SmoothGrad(samples=3)).maps
    np.testing.assert_array_equal(loaded(tmp_path, "smoothgrad").maps, expected)


def test_the_sheet_of_all_methods_has_a_column_each(explain, tmp_path):
    def width(methods):
        assert explain("--method", methods)[0] == 0
        with Image.open(tmp_path / "out" / "methods.png") as sheet:
            return sheet.width

    assert width("gradient,activations,grad_cam") - width("gradient,activations") == 104 + 6


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--method", "gradient,gradeint"], "Did you mean 'gradient'"),
        (["--method", "gradient,"], "No method ''"),
        (
            ["--method", "gradient,grad_cam", "--option", "sample=3"],
            "None of the methods gradient, grad_cam has",
        ),
        (
            ["--method", "smoothgrad,vargrad", "--option", "sample=3"],
            "an option 'sample'. Did you mean 'samples'",
        ),
        (["--method", "gradient", "--method", "smoothgrad", "--option", "name=one"], "the name 'one'"),
    ],
)
def test_wrong_methods_and_options_leave_nothing(explain, tmp_path, options, sentence):
    code, said = explain(*options)
    assert code == cli.WRONG_USE
    assert sentence in said
    assert not (tmp_path / "out").exists()


def test_a_method_named_twice_is_one(explain, tmp_path):
    code, said = explain("--method", "gradient,gradient")
    assert (code, said.count(" maps by ")) == (0, 1)
    assert not (tmp_path / "out" / "methods.png").exists()


def test_a_picture_for_each_image_named_so_that_they_sort_as_the_images_do(explain, tmp_path, pictures):
    for number in range(9):
        Image.new("RGB", (16, 16), (number, 0, 0)).save(pictures / f"more {number}.png")
    code, said = explain("--pictures")
    assert code == 0
    assert "files: maps.npz, probes.npz, sheet.png, 11 pictures" in said
    found = sorted((tmp_path / "out" / "gradient" / "pictures").iterdir())
    assert [path.stem[3:] for path in found] == [
        name[:-4] for name in loaded(tmp_path, "gradient").probes.names
    ]
    assert found[0].name == "00_a cat.png"
    with Image.open(found[1]) as picture:
        shown = np.asarray(picture)
    np.testing.assert_array_equal(shown, [*loaded(tmp_path, "gradient").sheets()][1])


@pytest.fixture
def classes(tmp_path):
    (tmp_path / "classes.txt").write_text("wolf\ndog\ncat\n", encoding="utf-8")
    return ["--class-names", tmp_path / "classes.txt"]


def test_labels_and_class_names_of_files(explain, tmp_path, classes):
    (tmp_path / "labels.csv").write_text("file,label\ndog.png,dog\nother.png,7\nsome/where/a cat.png,cat\n")
    assert explain("--labels", tmp_path / "labels.csv", *classes)[0] == 0
    probes = loaded(tmp_path, "gradient").probes
    assert (probes.labels.tolist(), probes.class_names) == ([2, 1], ("wolf", "dog", "cat"))
    assert loaded(tmp_path, "gradient").target_classes.tolist() == [2, 1]


def test_folders_of_some_classes_are_found_by_their_names(explain, tmp_path, pictures, classes):
    for name in ("cat", "dog"):
        (tmp_path / "sorted" / name).mkdir(parents=True)
        Image.new("RGB", (16, 16)).save(tmp_path / "sorted" / name / "1.png")
    assert "Expected a folder for each of the 3 classes" in explain(images=tmp_path / "sorted")[1]
    assert explain(*classes, images=tmp_path / "sorted")[0] == 0
    assert loaded(tmp_path, "gradient").probes.labels.tolist() == [2, 1]
    (tmp_path / "classes.txt").write_text("wolf\ndog\nhorse\n")
    assert (
        "No class 'cat', a folder or class of the images." in explain(*classes, images=tmp_path / "sorted")[1]
    )


def test_as_many_class_names_as_the_model_has_classes(explain, tmp_path, classes):
    (tmp_path / "classes.txt").write_text("dog\ncat\n")
    said = explain(*classes)[1]
    assert (
        "Expected 3 class names, one for each class of the model in the order of its outputs. Received: 2"
        in said
    )


def test_masks_of_files_become_regions_that_checks_know(explain, model, tmp_path, capsys):
    (tmp_path / "masks").mkdir()
    each = np.zeros((2, 16, 16), "uint8")
    each[0, :4, :8] = each[1, 8:, 12:] = 255
    for name, mask in zip(("a cat", "dog"), each, strict=True):
        Image.fromarray(mask).save(tmp_path / "masks" / f"{name}.bmp")
    np.save(tmp_path / "Top-left.npy", np.eye(8, dtype=bool))
    np.save(tmp_path / "some.npy", np.stack([np.eye(8, dtype=bool), np.zeros((8, 8), bool)]))
    code, said = explain(
        *("--region", f"animal={tmp_path / 'masks'}"),
        *("--region", tmp_path / "Top-left.npy", "--region", tmp_path / "some.npy"),
    )
    assert code == 0
    found = loaded(tmp_path, "gradient")
    np.testing.assert_array_equal(found.probes.regions["animal"], each[:, ::2, ::2] > 0)
    np.testing.assert_array_equal(found.probes.regions["top_left"], np.eye(8, dtype=bool))
    one, none = ks.metrics.enrichment(found.heatmaps("magnitude"), found.probes.regions["some"])
    assert np.isnan(none)
    assert f"enrichment of region some: {one:.2f} in 1 of 2 maps (1 is chance)" in said
    for name, mask in list(found.probes.regions.items())[:2]:
        shares = ks.metrics.enrichment(found.heatmaps("magnitude"), mask)
        told = f"enrichment of region {name}: mean {shares.mean():.2f}, from {shares.min():.2f} to {shares.max():.2f}"
        assert told in said
    probes = tmp_path / "out" / "gradient" / "probes.npz"
    cli.main(["check", str(model), str(probes), "--checks", "region", "--forbid", "animal"])
    assert "animal" in capsys.readouterr().out


@pytest.mark.parametrize("given", ["Ears=masks", "=masks", "a b.npy"])
def test_a_region_has_a_name(explain, given, capsys):
    with pytest.raises(SystemExit):
        explain("--region", given)
    assert "expected [NAME=]PATH with a name in lower-case words" in capsys.readouterr().err


def test_a_font_is_read_before_anything_is_computed(explain, tmp_path):
    assert "No such font: " in explain("--font", tmp_path / "none.ttf")[1]
    (tmp_path / "text.ttf").write_text("no font")
    assert "text.ttf cannot be drawn as a font" in explain("--font", tmp_path / "text.ttf")[1]
    assert not (tmp_path / "out").exists()
