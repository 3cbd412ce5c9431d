"""Pictures of probes with their captions."""

import numpy as np
import pytest

from keras_saliency.render import Caption, picture_grid
from keras_saliency.render.text import text_width


@pytest.mark.parametrize(
    ("line", "is_whole"), [("label motorcycle rider", True), ("label " + 40 * "m", False)]
)
def test_a_caption_has_the_room_that_it_needs_up_to_a_limit(line, is_whole):
    pictures = np.zeros((2, 12, 12, 3), np.uint8)
    short, long = (picture_grid(pictures, [Caption((text,)), Caption(())]) for text in ("a", line))
    wider = (long.shape[1] - short.shape[1]) / 2
    assert 0 < wider <= 64
    written = np.flatnonzero((long != 255).all(axis=2)[-30:].any(axis=0))
    assert (np.ptp(written) >= text_width(line, 12) - 4) == is_whole
