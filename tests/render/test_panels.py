import numpy as np
import pytest

from keras_saliency.render import NOT_FINITE, Caption, contact_sheet, diverging
from keras_saliency.render.panels import _layout


def drawn_columns(shape, n=1, images=True):
    """The sheet of n probes whose maps are full-scale red."""
    maps = np.ones((n, *shape))
    inputs = np.full((n, *shape, 3), 7, np.uint8) if images else None
    return contact_sheet(inputs, {"signed": maps, "magnitude": maps}, None, [Caption(("a",))] * n, "title")


def count(sheet, colour):
    return int((sheet == colour).all(axis=-1).sum())


@pytest.mark.parametrize("n", [1, 3, 5, 16, 40])
@pytest.mark.parametrize("size", [(20, 20), (32, 32), (96, 64), (30, 300), (300, 30), (1, 1)])
@pytest.mark.parametrize("images", [True, False])
def test_a_sheet_of_any_size_is_one_picture(heatmaps, captions, n, size, images):
    inputs = np.zeros((n, *size, 3), np.uint8) if images else None
    maps = heatmaps(n, *size)
    sheet = contact_sheet(inputs, maps, heatmaps(n, *size), captions(n, {0}), "gradient, epoch 3")
    assert sheet.dtype == np.uint8
    assert sheet.ndim == 3
    assert sheet.shape[-1] == 3
    frame = np.concatenate(
        [sheet[:4].ravel(), sheet[-4:].ravel(), sheet[:, :4].ravel(), sheet[:, -4:].ravel()]
    )
    assert (frame == 255).all()


def test_sixteen_probes_make_a_page_a_little_wider_than_high(heatmaps, captions):
    inputs = np.zeros((16, 32, 32, 3), np.uint8)
    height, width, _ = contact_sheet(inputs, heatmaps(16, 32, 32), None, captions(16), "gradient").shape
    assert 1 < width / height < 1.6


def test_probes_go_down_the_first_block_then_the_next(captions):
    layout = _layout((96, 96), ["input", "change\nsince"], captions(16))
    assert layout.blocks > 1
    assert layout.cell_at(1, 0).left == layout.cell_at(0, 0).left
    assert layout.cell_at(layout.rows, 0).top == layout.cell_at(0, 0).top
    places = [layout.cell_at(probe, column) for probe in range(16) for column in range(2)]
    assert len(set(places)) == 32
    assert max(box.top + box.height for box in places) <= layout.height
    assert max(layout.caption_at(p).left + layout.caption for p in range(16)) <= layout.width


def test_inputs_are_shown_by_the_exact_pixel():
    sheet = drawn_columns((20, 20), n=3)
    assert count(sheet, (7, 7, 7)) == 3 * 100 * 100


def test_the_signed_map_is_shown_in_full():
    assert count(drawn_columns((20, 20), n=3), diverging(np.array(1.0))) >= 3 * 100 * 100


def test_without_pictures_there_is_no_input():
    assert drawn_columns((20, 20), images=False).shape[1] <= drawn_columns((20, 20)).shape[1]
    assert count(drawn_columns((20, 20), images=False), (7, 7, 7)) == 0


def test_an_explanation_has_no_column_of_changes(heatmaps, captions):
    maps = heatmaps(8, 32, 32)
    with_column, without = (
        contact_sheet(None, maps, None, captions(8), "gradient", changes=changes) for changes in (True, False)
    )
    assert without.shape[1] < with_column.shape[1]  # two blocks each


def test_each_part_changes_the_sheet(heatmaps, captions):
    inputs = np.zeros((2, 8, 8, 3), np.uint8)
    maps, before = heatmaps(2, 8, 8), heatmaps(2, 8, 8)
    plain = contact_sheet(inputs, maps, before, captions(2), "gradient")
    others = [
        contact_sheet(inputs + 9, maps, before, captions(2), "gradient"),
        contact_sheet(inputs, maps | {"signed": -maps["signed"]}, before, captions(2), "gradient"),
        contact_sheet(inputs, maps | {"magnitude": before["magnitude"]}, before, captions(2), "gradient"),
        contact_sheet(inputs, maps, None, captions(2), "gradient"),
        contact_sheet(inputs, maps, before, captions(2, {1}), "gradient"),
        contact_sheet(inputs, maps, before, captions(2), "gradients"),
        contact_sheet(inputs, maps, before, captions(2), "gradient", subtitle="epoch 3"),
    ]
    assert not any(np.array_equal(plain, other) for other in others)
    np.testing.assert_array_equal(plain, contact_sheet(inputs, maps, before, captions(2), "gradient"))


def test_the_unit_of_the_maps_does_not_matter(heatmaps, captions):
    maps = heatmaps(2, 8, 8)
    scaled = {key: value * 1024 for key, value in maps.items()}
    np.testing.assert_array_equal(
        contact_sheet(None, maps, None, captions(2), "g"), contact_sheet(None, scaled, None, captions(2), "g")
    )


def test_maps_given_stay_as_they_are(heatmaps, captions):
    maps = heatmaps(2, 8, 8)
    copies = {key: value.copy() for key, value in maps.items()}
    contact_sheet(None, maps, maps, captions(2), "g")
    for key, value in maps.items():
        np.testing.assert_array_equal(value, copies[key])


@pytest.mark.parametrize("size", [(20, 20), (4, 200)])
def test_not_finite_is_marked_and_labelled(heatmaps, captions, size):
    maps = heatmaps(1, *size)
    finite = contact_sheet(None, maps, None, captions(1), "g")
    maps["signed"][0, 0, 0] = np.nan
    sheet = contact_sheet(None, maps, None, captions(1), "g")
    assert count(finite, NOT_FINITE) == 0
    assert count(sheet, NOT_FINITE) >= 1
    assert sheet.shape == finite.shape


def test_a_probe_that_is_wrong_leaves_the_others_as_they_were(heatmaps, captions):
    maps = heatmaps(3, 20, 20)
    right, wrong = (contact_sheet(None, maps, None, captions(3, flags), "g") for flags in ((), {1}))
    rows = np.flatnonzero((right != wrong).any(axis=(1, 2)))
    assert 0 < np.ptp(rows) < 100


def test_captions_without_lines(heatmaps):
    assert contact_sheet(None, heatmaps(2, 8, 8), None, [Caption(())] * 2, "").ndim == 3


def test_errors_say_what_was_expected(heatmaps, captions):
    maps, inputs = heatmaps(2, 8, 8), np.zeros((2, 8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="Expected at least one probe"):
        contact_sheet(None, maps, None, [], "g")
    with pytest.raises(ValueError, match=r"Expected uint8 pictures \(2, height, width, 3\).*float64"):
        contact_sheet(inputs / 255, maps, None, captions(2), "g")
    with pytest.raises(
        ValueError, match=r"'magnitude' and 'signed' in heatmaps. Received: heatmaps with signed"
    ):
        contact_sheet(inputs, {"signed": maps["signed"]}, None, captions(2), "g")
    with pytest.raises(
        ValueError, match=r"'magnitude' and 'signed' in previous. Received: previous with nothing"
    ):
        contact_sheet(inputs, maps, {}, captions(2), "g")
    with pytest.raises(ValueError, match=r"Expected heatmaps of one shape \(3, height, width\)"):
        contact_sheet(None, maps, None, captions(3), "g")
    with pytest.raises(ValueError, match=r"previous \(2, 4, 4\), heatmaps \(2, 8, 8\)"):
        contact_sheet(inputs, maps, heatmaps(2, 4, 4), captions(2), "g")
