import numpy as np
import pytest

from keras_saliency.render import film_strip
from keras_saliency.render.film_strip import thinned


def strip(heatmaps, captions, steps=4, n=2, size=(20, 20), **options):
    maps = [heatmaps(n, *size)["magnitude"] for _ in range(steps)]
    labels = [f"epoch {step}" for step in range(steps)]
    inputs = options.pop("pictures", np.full((n, *size, 3), 7, np.uint8))
    return film_strip(inputs, maps, labels, captions(n), "gradient", **options)


@pytest.mark.parametrize(
    ("steps", "most"), [(1, 2), (12, 12), (13, 12), (30, 12), (1000, 12), (7, 2), (23, 12)]
)
def test_thinned_steps_keep_the_first_and_the_last(steps, most):
    kept = thinned(steps, most)
    assert kept[0] == 0
    assert kept[-1] == steps - 1
    assert len(kept) == len(set(kept)) == min(steps, most)
    assert kept == sorted(kept)


def test_one_column_is_no_strip():
    with pytest.raises(ValueError, match="Received: max_steps=1"):
        thinned(5, 1)


def test_every_step_adds_a_column(heatmaps, captions):
    widths = [strip(heatmaps, captions, steps=steps).shape[1] for steps in (4, 5, 6)]
    assert widths[2] - widths[1] == widths[1] - widths[0] > 100


def test_many_steps_fit_the_room(heatmaps, captions):
    assert strip(heatmaps, captions, steps=40).shape == strip(heatmaps, captions, steps=12).shape


def test_every_probe_adds_a_row(heatmaps, captions):
    heights = [strip(heatmaps, captions, n=n).shape[0] for n in (1, 2, 3)]
    assert heights[2] - heights[1] == heights[1] - heights[0] > 100


def test_inputs_are_shown_by_the_exact_pixel_and_once(heatmaps, captions):
    sheet = strip(heatmaps, captions, n=2)
    assert (sheet == 7).all(axis=-1).sum() == 2 * 100 * 100


def test_without_pictures(heatmaps, captions):
    sheet = strip(heatmaps, captions, pictures=None)
    assert not (sheet == 7).all(axis=-1).any()


@pytest.mark.parametrize("size", [(20, 30), (1, 60), (300, 20)])
def test_sizes_that_are_not_square(heatmaps, captions, size):
    sheet = strip(heatmaps, captions, size=size, footer=["1"] * 4, footer_label="enrichment")
    assert sheet.dtype == np.uint8
    assert (sheet[:, -4:] == 255).all()


def test_options_change_the_strip(heatmaps, captions):
    maps = [heatmaps(2, 20, 20)["magnitude"] for _ in range(3)]
    corner = np.zeros((20, 20), bool)
    corner[17:, 17:] = True

    def shown(**options):
        return film_strip(
            np.zeros((2, 20, 20, 3), np.uint8), maps, ["a", "b", "c"], captions(2), "title", **options
        )

    variants = [
        shown(),
        shown(subtitle="more"),
        shown(footer=["1.0", "2.0", "8.4"]),
        shown(footer=["1.0", "2.0", "8.4"], footer_label="enrichment"),
        shown(region=corner),
        shown(region=corner, region_label="the forbidden corner"),
        shown(max_steps=2),
    ]
    for index, variant in enumerate(variants):
        assert not any(np.array_equal(variant, other) for other in variants[:index])


def test_the_region_is_outlined_in_every_cell(heatmaps, captions):
    region = np.zeros((20, 20), bool)
    region[0, 0] = True
    sheet = strip(heatmaps, captions, steps=3, n=2, region=region)
    line = (sheet == (0, 229, 255)).all(axis=-1)
    assert line.sum() == 2 * 4 * (4 * 5 - 4)


def test_all_zero_is_labelled(captions):
    maps = [np.zeros((1, 20, 20)), np.ones((1, 20, 20))]
    sheet = film_strip(None, maps, ["a", "b"], captions(1), "g")
    plain = film_strip(None, maps[1:] * 2, ["a", "b"], captions(1), "g")
    assert sheet.shape == plain.shape
    assert (sheet == 0).all(axis=-1).sum() < 100 * 100


def test_errors_say_what_was_expected(heatmaps, captions):
    maps = [heatmaps(2, 8, 8)["magnitude"]] * 2
    with pytest.raises(ValueError, match=r"Expected at least one step.*shapes \[\]"):
        film_strip(None, [], [], captions(2), "g")
    with pytest.raises(ValueError, match=r"shapes \[\(2, 4, 4\), \(2, 8, 8\)\]"):
        film_strip(None, [maps[0], heatmaps(2, 4, 4)["magnitude"]], ["a", "b"], captions(2), "g")
    with pytest.raises(ValueError, match=r"Expected uint8 pictures \(2, height, width, 3\)"):
        film_strip(np.zeros((2, 8, 8, 3)), maps, ["a", "b"], captions(2), "g")
    with pytest.raises(ValueError, match=r"for each of 2 steps\. Received: 1 step_labels, no footer"):
        film_strip(None, maps, ["a"], captions(2), "g")
    with pytest.raises(ValueError, match="Received: 2 step_labels, 3 footer"):
        film_strip(None, maps, ["a", "b"], captions(2), "g", footer=["1"] * 3)
