import numpy as np
import pytest

from keras_saliency.render import Caption
from keras_saliency.render.canvas import ALARM, Box, Canvas
from keras_saliency.render.captions import captions_height, captions_width, draw_caption


def drawn(caption, box, height=120, width=200):
    canvas = Canvas(height, width)
    draw_caption(canvas, caption, box)
    return canvas.pixels


@pytest.mark.parametrize("lines", [("cat",), ("a name far too long for a narrow box",) * 9, ()])
@pytest.mark.parametrize("wrong", [True, False])
def test_a_caption_stays_in_its_box(lines, wrong):
    box = Box(20, 30, 50, 80)
    pixels = drawn(Caption(lines, wrong), box)
    assert (pixels != 255).any() == bool(lines)
    pixels[box.top : box.top + box.height, box.left : box.left + box.width] = 255
    assert (pixels == 255).all()


def test_a_wrong_caption_differs_by_colour_and_by_mark():
    box = Box(0, 0, 60, 120)
    right, wrong = (drawn(Caption(("cat", "dog"), flag), box).astype(int) for flag in (False, True))
    assert (right[:, :14] == 255).all()
    assert (wrong[:, :10] == ALARM).all(axis=-1).sum() > 20
    assert (right.max(axis=-1) - right.min(axis=-1)).max() < 30
    assert (wrong[..., 0] - wrong[..., 1]).max() > 100


def test_too_many_lines_end_with_an_ellipsis():
    box = Box(0, 0, 33, 120)
    cut = drawn(Caption(("one", "two", "three")), box)
    np.testing.assert_array_equal(cut, drawn(Caption(("one", "two …")), box))


def test_sizes_follow_the_captions():
    captions = [Caption(("cat",)), Caption(("cat", "dog"))]
    assert captions_height(captions) == 2 * captions_height(captions[:1])
    assert captions_height([Caption(("x",) * 50)]) < 120
    assert captions_width(captions, 100) < 100
    assert captions_width([Caption(("wide " * 50,))], 100) == 100
    assert captions_width([Caption(())], 100) == 0


def test_lines_are_no_string():
    with pytest.raises(TypeError, match=r"Expected a tuple of lines\. Received: lines='cat'"):
        Caption("cat")
