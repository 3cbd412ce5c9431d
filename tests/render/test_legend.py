import numpy as np

from keras_saliency.render.canvas import Canvas
from keras_saliency.render.legend import legend_height, legend_width, magnitude_legend, signed_legend


def test_the_legends_are_as_large_as_they_say():
    canvas = Canvas(legend_height(True), legend_width(True, 20))
    assert magnitude_legend(canvas, 0, signed_legend(canvas, 0, 0) + 20) == canvas.pixels.shape[1]
    alone = Canvas(legend_height(False), legend_width(False, 20))
    assert magnitude_legend(alone, 0, 0) == alone.pixels.shape[1]


def test_zero_is_in_the_middle_of_the_bar():
    canvas = Canvas(40, 500)
    signed_legend(canvas, 0, 0)
    row = canvas.pixels[8].astype(int)
    coloured = np.flatnonzero(np.ptp(row, axis=1) > 8)
    middle = (coloured[0] + coloured[-1]) / 2
    assert row[round(middle)].tolist() == [255, 255, 255]
