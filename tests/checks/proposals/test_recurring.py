"""A mark that moves about is found to the pixel, also near borders, in images that are not square, and reduced."""

import numpy as np
import pytest

from keras_saliency.checks.proposals.recurring import likest, recurring_mark, recurring_marks

HEIGHT, WIDTH, HIGH, WIDE = 24, 40, 5, 7
COUNT, CLASSES = 24, 3
LOGO = np.random.default_rng(1).random((32, 32, 3)).astype("float32")
CORNERS = [(0, 0), (19, 33), (3, 20), (19, 2), (10, 33), (0, 12), (8, 5), (12, 24)]


def scenes(corners, lacking=(), factor=1, size=(HEIGHT, WIDTH), mark=(HIGH, WIDE), count=COUNT):
    """Noise; images of class 1 hold the mark at these corners, and their maps are hot there."""
    rng = np.random.default_rng(0)
    images = rng.random((count, *size, 3)).astype("float32")
    classes = np.arange(count) % CLASSES
    heat, masks = np.ones(images.shape[:3]), np.zeros(images.shape[:3], bool)
    for row, corner in zip(np.flatnonzero(classes == 1), corners, strict=True):
        if row not in lacking:
            here = (row, *windows(corner, mark))
            images[here], heat[here], masks[here] = LOGO[: mark[0], : mark[1]], 50, True
    large = [array.repeat(factor, 1).repeat(factor, 2) for array in (images, heat, masks)]
    return (*large[:2], classes, large[2])


def windows(corner, size):
    return tuple(slice(start, start + length) for start, length in zip(corner, size, strict=True))


def find(images, heat, classes, index=1):
    return recurring_mark(images, heat, classes, index, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("factor", "size"), [(1, (HEIGHT, WIDTH)), (2, (HEIGHT, WIDTH)), (2, (WIDTH, HEIGHT))]
)
def test_it_is_found_to_the_pixel(factor, size):
    mark = (HIGH, WIDE) if size[0] < size[1] else (WIDE, HIGH)
    corners = [corner if size[0] < size[1] else corner[::-1] for corner in CORNERS]
    images, heat, classes, masks = scenes(corners, factor=factor, size=size, mark=mark)
    (found,) = recurring_marks(images, heat, classes, np.arange(CLASSES), np.random.default_rng(0))
    assert found.class_index == 1
    np.testing.assert_array_equal(found.holders, classes == 1)
    np.testing.assert_array_equal(found.masks[classes == 1], masks[classes == 1], strict=True)
    assert (found.masks[classes != 1].sum((1, 2)) == HIGH * WIDE * factor**2).all()


def test_what_is_over_when_large_images_are_reduced_is_left_out():
    images, heat, classes, masks = scenes(CORNERS, factor=2)
    over = [np.pad(array, ((0, 0), (0, 1), (0, 1), (0, 0))[: array.ndim]) for array in (images, heat, masks)]
    over[0][:, -1], over[0][:, :, -1], over[1][:, -1] = 90, 90, 90
    (found,) = recurring_marks(over[0], over[1], classes, [1], np.random.default_rng(0))
    np.testing.assert_array_equal(found.masks[classes == 1], over[2][classes == 1])


@pytest.mark.parametrize("side", [64, 65])
def test_images_of_more_than_64_pixels_are_searched_at_half_the_size(side):
    mark = (7, 11)  # which ends between two pixels then
    corners = [(0, 0), (16, 52), (4, 20), (16, 2), (10, 40), (0, 12), (8, 6), (12, 24)]
    images, heat, classes, masks = scenes(corners, size=(24, side), mark=mark)
    (found,) = recurring_marks(images, heat, classes, [1], np.random.default_rng(0))
    blocks = found.masks[:, :, :64].reshape(COUNT, 12, 2, 32, 2)
    assert (blocks.any((2, 4)) == blocks.all((2, 4))).all() == (side == 65)
    assert (found.masks[classes == 1] == masks[classes == 1]).all() == (side == 64)


@pytest.mark.parametrize(
    ("lacking", "asked", "is_found"),
    [
        (range(3), {}, False),  # three quarters of eight must have it
        (range(3), {"most": 0.5}, True),
        (range(5), {"most": 0.5}, False),
        ((), {"times": 6.0}, True),
    ],
)
def test_how_many_have_it(lacking, asked, is_found):
    rows = np.arange(COUNT)[np.arange(COUNT) % CLASSES == 1]
    images, heat, classes, _ = scenes(CORNERS, lacking=rows[list(lacking)])
    found = recurring_marks(images, heat, classes, [1], np.random.default_rng(0), **asked)
    assert bool(found) == is_found


def test_how_much_farther_others_are():
    """Each copy of the mark is blurred by noise: others are more than twice as far, and less than six times."""
    images, heat, classes, masks = scenes(CORNERS)
    images[masks] += np.random.default_rng(3).uniform(-0.1, 0.1, images[masks].shape).astype("float32")
    given = (images, heat, classes, [1], np.random.default_rng(0))
    assert 2 < likest(images, heat, classes, 1)[0] < 6
    assert recurring_marks(*given)
    assert not recurring_marks(*given, times=6.0)


def test_images_that_lack_it_are_no_holders():
    images, heat, classes, masks = scenes(CORNERS, lacking=(1, 4))
    found = find(images, heat, classes)
    assert np.flatnonzero(found.holders).tolist() == [7, 10, 13, 16, 19, 22]
    np.testing.assert_array_equal(found.masks[found.holders], masks[found.holders])


@pytest.mark.parametrize(("share", "holds"), [(0.4, True), (0.6, False)])
def test_holders_are_less_than_half_as_far_as_others_are(share, holds):
    images, heat, classes, _ = scenes(CORNERS)
    distances = likest(images, heat, classes, 1)[1].distances
    away = share * np.median(distances[classes != 1])
    rows, columns = np.indices((HIGH, WIDE))
    images[4][windows(CORNERS[1], (HIGH, WIDE))] += (away * (-1.0) ** (rows + columns))[..., None]
    assert find(images, heat, classes).holders[4] == holds


@pytest.mark.parametrize(("deviation", "likeness"), [(0.07, 2.5), (0.12, 1.8)])
def test_others_must_be_twice_as_far(deviation, likeness):
    images, heat, classes, _ = scenes(CORNERS)
    images[classes == 1] += np.random.default_rng(2).normal(0, deviation, images[classes == 1].shape)
    assert likest(images, heat, classes, 1)[0] == pytest.approx(likeness, abs=0.3)
    assert (find(images, heat, classes) is not None) == (likeness > 2)


@pytest.mark.parametrize(("same", "is_found"), [(5, True), (6, False)])
def test_what_stays_in_its_place_in_three_quarters_of_the_images_is_none(same, is_found):
    images, heat, classes, _ = scenes([*[(6, 9)] * same, (0, 0), (19, 33), (0, 28)][:8])
    assert likest(images, heat, classes, 1)[0] > 2
    assert (find(images, heat, classes) is not None) == is_found


def test_only_what_moves_by_two_pixels_moves():
    for step, is_found in ((1, False), (2, True)):
        for direction in ((0, step), (step, 0)):
            corners = [
                (6 + sign * direction[0], 9 + sign * direction[1]) for sign in (-1, 0, 1, 0, -1, 1, -1, 1)
            ]
            images, heat, classes, _ = scenes(corners)
            assert (find(images, heat, classes) is not None) == is_found


@pytest.mark.parametrize("hotter", [2, 3])
def test_the_three_hottest_windows_are_searched_for(hotter):
    images, heat, classes, masks = scenes(CORNERS)
    decoys = [[(10, 12), (19, 20), (0, 26)], [(0, 0), (8, 8), (0, 16)]]
    for number, row in enumerate(np.flatnonzero(classes == 1)):
        free = [
            corner
            for corner in (*decoys[0], *decoys[1], (18, 10), (14, 0))
            if not masks[row][windows(corner, (7, 9))].any()
        ]
        for corner in free[:hotter]:
            heat[row][windows(corner, (4, 6))] = 90 + number
    assert (find(images, heat, classes) is not None) == (hotter == 2)


def test_the_whole_mark_around_what_is_hot():
    mark, size = (9, 13), (40, 48)
    corners = [(0, 0), (31, 35), (12, 20), (31, 0), (0, 35), (5, 9), (20, 14), (26, 27)]
    images, heat, classes, masks = scenes(corners, size=size, mark=mark)
    assert likest(images, heat, classes, 1)[1].window == (6, 7)
    heat[:] = 1
    for row, (top, left) in zip(np.flatnonzero(classes == 1), corners, strict=True):
        heat[row][windows((top + 2, left + 5), (6, 7))] = 50
    np.testing.assert_array_equal(find(images, heat, classes).masks[classes == 1], masks[classes == 1])


def test_what_is_the_same_around_it_belongs_to_it_within_the_image():
    # Images of the class are grey around the mark; what is beyond the border of the last is not known.
    corners = [(6, 8), (14, 20), (9, 28), (10, 12), (6, 20), (14, 8), (12, 25), (2, 17)]
    images, heat, classes, masks = scenes(corners, mark=(4, 6))
    images[(classes == 1)[:, None, None] & ~masks] = 0.5
    found = find(images, heat, classes)
    for row, (top, left) in zip(np.flatnonzero(classes == 1), corners, strict=True):
        expected = np.zeros((HEIGHT, WIDTH), bool)
        expected[top - 2 : top + 8, left - 6 : left + 12] = True
        np.testing.assert_array_equal(found.masks[row], expected)


def test_images_without_it_get_it_anywhere():
    corners = [(row % 9, row % 13) for row in range(100)]
    images, heat, classes, masks = scenes(corners, size=(12, 16), mark=(4, 4), count=300)
    found = find(images, heat, classes)
    np.testing.assert_array_equal(found.masks[classes == 1], masks[classes == 1])
    places = np.array([np.argwhere(mask)[0] for mask in found.masks[classes != 1]])
    assert (found.masks.sum((1, 2)) == 16).all()
    assert set(places[:, 0]) == set(range(9))
    assert set(places[:, 1]) == set(range(13))


def test_where_there_is_none():
    images, heat, classes, _ = scenes(CORNERS)
    assert find(images, heat, classes, 2) is None
    three = classes.copy()
    three[np.flatnonzero(classes == 1)[3:]] = 0
    assert find(images, heat, three).holders.sum() == 3
    three[1] = 0
    assert find(images, heat, three) is None
    assert find(images, heat, np.ones(COUNT, int)) is None
    assert find(images[:, :3], heat[:, :3], classes) is None


@pytest.mark.parametrize(
    ("size", "window"), [((24, 40), (4, 6)), ((12, 40), (3, 6)), ((40, 12), (6, 3)), ((12, 12), (3, 3))]
)
def test_a_window_has_three_pixels_at_least(size, window):
    images, heat, classes, _ = scenes([(0, 0)] * 8, size=size)
    assert likest(images, heat, classes, 1)[1].window == window


def test_the_distance_is_that_of_the_window():
    images, heat, classes, _ = scenes(CORNERS)
    likeness, best = likest(images, heat, classes, 1)
    assert best.window == (4, 6)
    own = classes == 1
    np.testing.assert_allclose(best.distances[own], 0, atol=1e-3)
    for row in np.flatnonzero(~own)[:3]:
        top, left = best.tops[row], best.lefts[row]
        first = np.flatnonzero(own)[0]
        window = images[first, best.tops[first] :, best.lefts[first] :][:4, :6]
        there = images[row, top : top + 4, left : left + 6]
        assert best.distances[row] == pytest.approx(np.sqrt(((window - there) ** 2).mean()), rel=1e-3)
    far, near = np.sort(best.distances[~own]), np.sort(best.distances[own])
    expected = far[int(np.ceil(0.25 * len(far))) - 1] / (near[5] + 0.1 * images.std())
    assert likeness == pytest.approx(expected, rel=1e-3)
