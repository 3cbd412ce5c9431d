"""XRAI against its algorithm, written out with sets of pixels."""

import sys

import keras
import numpy as np
import pytest
from keras import layers

from keras_saliency import XRAI, Gradient, IntegratedGradients
from keras_saliency.engine import ScoredModel
from keras_saliency.methods.shared.segments import segment_masks, smallest_gain
from keras_saliency.methods.xrai import _by_region
from keras_saliency.probes.targets import as_target, bind
from tests import answers


def run(method, model, images, target=0):
    bound = bind(as_target(target), len(images), None)
    return answers.explained(method, ScoredModel(model), images, bound, np.random.default_rng(0))


def quarters():
    """An image of four flat quarters."""
    image = np.zeros((24, 24, 1), "float32")
    image[:12, :12], image[:12, 12:], image[12:, :12] = 1.0, 0.6, 0.3
    return image


def test_flat_quarters_are_found_as_segments():
    masks = segment_masks(quarters())
    assert masks.shape[1:] == (24, 24)
    for rows in (slice(0, 12), slice(12, 24)):
        for columns in (slice(0, 12), slice(12, 24)):
            expected = np.zeros((24, 24), bool)
            expected[rows, columns] = True
            agreements = (masks & expected).sum((1, 2)) / (masks | expected).sum((1, 2))
            assert agreements.max() > 0.7  # the enlargement blurs the borders


def test_every_scale_covers_the_image():
    masks = segment_masks(np.random.default_rng(0).random((30, 20, 3)).astype("float32"))
    assert (masks.sum(0) >= 6).all()


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_constant_image_is_one_segment(value):
    assert segment_masks(np.full((16, 16), value)).all()


def by_hand(attribution, masks, smallest):
    """The greedy choice of the paper on sets of pixels."""
    values = dict(np.ndenumerate(attribution.astype("float64")))
    left = [set(zip(*np.nonzero(mask), strict=True)) for mask in masks]
    covered, found = set(), {}
    while True:
        gains = [
            (np.mean([values[pixel] for pixel in mask - covered]), number)
            for number, mask in enumerate(left)
            if len(mask - covered) >= smallest
        ]
        if not gains:
            break
        gain, number = max(gains, key=lambda pair: pair[0])
        found |= dict.fromkeys(left[number] - covered, gain)
        covered |= left[number]
    rest = values.keys() - covered
    found |= dict.fromkeys(rest, np.mean([values[pixel] for pixel in rest]) if rest else 0)
    return np.array(
        [[found[row, column] for column in range(masks.shape[2])] for row in range(masks.shape[1])]
    )


@pytest.mark.parametrize("seed", range(3))
def test_regions_join_as_in_the_paper(seed):
    rng = np.random.default_rng(seed)
    attribution = rng.normal(size=(15, 15)).astype("float32")
    masks = rng.random((12, 15, 15)) < 0.25
    assert smallest_gain(15, 15) == 1
    np.testing.assert_allclose(_by_region(attribution, masks), by_hand(attribution, masks, 1), atol=1e-6)
    assert (~masks.any(0)).any()  # some pixels belong to no region
    assert smallest_gain(224, 224) == 50


def test_regions_that_add_too_little_do_not_count():
    """Of 64 × 64 pixels four must be added: a region of three is left, however hot it is, and one of four counts."""
    assert smallest_gain(64, 64) == 4
    attribution, masks = np.zeros((64, 64), "float32"), np.zeros((5, 64, 64), bool)
    attribution[0, :8], attribution[1, :3], attribution[2, 2:] = [1, 2, 3, 4, 8, 8, 8, 8], 50, -2
    masks[0, 0, :4], masks[1, 1, :3] = True, True
    masks[2, 0, :8] = (
        True  # four more than the first; before it 5.25, so it comes first, and nothing is left of that
    )
    masks[3, 3:], masks[4, 2, :4], attribution[2, :4] = (
        True,
        True,
        -9,
    )  # the last has exactly four, and the least
    found = _by_region(attribution, masks)
    expected = np.full((64, 64), (150 - 120) / 180)  # what no region covers is one region more
    expected[0, :8], expected[2, :4], expected[3:] = 5.25, -9, attribution[3:].mean()
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.dtype == "float32"


def test_segments_are_those_of_the_authors_parameters():
    """By scikit-image: at 224 × 224 pixels from −1 to 1, at six scales, dilated in proportion to the smaller side."""
    skimage = pytest.importorskip("skimage")
    photograph = skimage.data.astronaut()[60:172:2, 160:384:2].astype("float32") + 20  # 56 × 112
    lowest, highest = photograph.min(), photograph.max()
    scaled = 2 * (photograph - lowest) / (highest - lowest) - 1
    large = skimage.transform.resize(
        scaled, (224, 224), order=3, mode="edge", anti_aliasing=False, clip=False
    )
    expected = []
    for scale in (50, 100, 150, 250, 500, 1200):
        labels = skimage.segmentation.felzenszwalb(np.clip(large, -1, 1), scale, 0.8, 150)[2::4, 1::2]
        expected += [
            skimage.morphology.dilation(labels == one, np.ones((3, 3)) - CORNERS) for one in np.unique(labels)
        ]
    found = segment_masks(photograph)
    assert found.shape == (len(expected), 56, 112)
    assert (found == np.array(expected)).mean() > 0.999


CORNERS = np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1]])


def test_the_quarter_that_matters_is_hot():
    model = keras.Sequential([layers.Input((24, 24, 1)), layers.Flatten(), layers.Dense(1, use_bias=False)])
    kernel = np.zeros((24, 24))
    kernel[:12, 12:] = 1.0
    model.set_weights([kernel.reshape(-1, 1)])
    found = run(XRAI(), model, quarters()[None])
    assert found.maps.shape == (1, 24, 24)
    inside = found.maps[0, 1:11, 13:23]
    assert inside.min() > 4 * np.abs(found.maps[0, 13:]).max()
    assert len(found.diagnostics["completeness_delta"]) == 1


def test_it_averages_the_wrapped_maps_region_by_region(monkeypatch):
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layers.Input((16, 16, 3)), layers.Flatten(), layers.Dense(2)])
    images = rng.random((2, 16, 16, 3), "float32")
    gradient = run(Gradient(), model, images).maps.sum(-1)
    expected = [_by_region(map_, segment_masks(image)) for map_, image in zip(gradient, images, strict=True)]
    method = XRAI(method="gradient")
    assert method.name == "xrai_gradient"
    np.testing.assert_allclose(run(method, model, images).maps, expected, atol=1e-6)


def test_its_default_starts_at_the_smallest_and_at_the_largest_value():
    assert XRAI().method == IntegratedGradients(baseline=("min", "max"))
    assert XRAI().name == "xrai"
    assert XRAI().has_sign
    assert not XRAI(method="activations").has_sign
    assert not XRAI(method="activations").uses_target


def test_without_scikit_image_the_error_names_the_extra(monkeypatch):
    from keras_saliency.methods.shared.segments import _labels

    _labels.cache_clear()
    monkeypatch.setitem(sys.modules, "skimage.segmentation", None)
    with pytest.raises(ImportError, match=r"keras_saliency\[regions\]"):
        segment_masks(np.zeros((8, 8)))
