"""Sheets of explanations: names in any script, large images, several methods side by side."""

import dataclasses

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.explanation.several import methods_sheet
from keras_saliency.render import Caption, comparison_sheet, fonts, to_png


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((6, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(4, activation="softmax")]
    )


@pytest.fixture(scope="module")
def explanation(model):
    images = np.random.default_rng(0).normal(size=(5, 6, 8, 3)).astype("float32")
    return ks.explain(model, ks.ProbeSet(images, [3, 2, 1, 0, 3], class_names=list("abcd")))


def test_names_in_other_letters(explanation, tmp_path):
    """matplotlib warns of letters that its font lacks, and warnings are errors here."""
    names = ["猫", "кошка", "قطة", "Ñu", "a $cat$"]
    named = dataclasses.replace(explanation, probes=dataclasses.replace(explanation.probes, names=names))
    figure = named.plot()
    figure.canvas.draw()
    rows = np.array(figure.axes).reshape(5, 3)[:, 0]
    assert [axis.get_ylabel().splitlines()[0] for axis in rows] == ["0: ?", *names[1:]]
    with pytest.raises(FileNotFoundError, match="No such font: "):
        named.save(tmp_path / "out", font=tmp_path / "none.ttf")
    assert not (tmp_path / "out").exists()
    font = fonts.dejavu()
    named.save(tmp_path / "out", font=font)
    assert (tmp_path / "out" / "sheet.png").read_bytes() == to_png(named.sheet(font=font))


def test_a_few_large_images_are_shown_large():
    images = np.random.default_rng(0).random((2, 224, 224, 1), "float32")
    model = keras.Sequential(
        [keras.Input((224, 224, 1)), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)]
    )
    height, width, _ = ks.explain(model, images).sheet().shape
    assert height > 2 * 224
    assert 3 * 224 < width < 3 * 224 + 224


def test_the_only_explanation_in_a_folder_is_loaded(explanation, tmp_path):
    explanation.save(tmp_path / "gradient")
    np.testing.assert_array_equal(ks.Explanation.load(tmp_path).maps, explanation.maps)
    explanation.save(tmp_path / "other")
    with pytest.raises(
        FileNotFoundError, match="Expected the folder of one method. .* with those of gradient, other: "
    ):
        ks.Explanation.load(tmp_path)
    explanation.save(tmp_path)
    np.testing.assert_array_equal(ks.Explanation.load(tmp_path).maps, explanation.maps)


def test_several_methods_side_by_side_without_what_one_of_them_says(model, explanation):
    """Integrated gradients say how far each sum is off, which is no word about the others."""
    other = ks.explain(model, explanation.probes, ks.IntegratedGradients(tolerance=0.5))
    magnitudes = {one.method: one.heatmaps("magnitude") for one in (explanation, other)}
    captions = [Caption(one.lines, one.wrong) for one in explanation.captions]
    assert captions != other.captions
    expected = comparison_sheet(
        explanation.pictures(),
        magnitudes,
        captions,
        "gradient, integrated_gradients",
        subtitle="score: logit",
    )
    np.testing.assert_array_equal(methods_sheet([explanation, other]), expected)
