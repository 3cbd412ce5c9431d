"""What should be seen, by the package's own rendering in numpy."""

from functools import cache

import numpy as np

import keras_saliency as ks
from keras_saliency.render import overlay
from keras_saliency.render.colormaps import diverging, sequential
from keras_saliency.render.normalize import normalize, scales


@cache
def looks(folder):
    return {look.step: look for look in ks.load_looks(folder)}


def maps(folder, method, step, view):
    return looks(folder)[step].heatmaps(method, view)


def normalized(folder, method, step, view):
    """Each map by the scale rule; positive and negative by that of the magnitude."""
    if view in ("magnitude", "signed"):
        return normalize(maps(folder, method, step, view))
    divisors = scales(maps(folder, method, step, "magnitude"))
    return np.clip(maps(folder, method, step, view) / divisors[:, None, None], 0, 1)


def coloured(folder, method, step, view):
    """`(n, height, width, 3)`."""
    colours = diverging if view == "signed" else sequential
    return colours(normalized(folder, method, step, view))


def over_time(folder, method, step, view):
    """Maps divided by the largest value that each probe's maps have at any step."""
    largest = np.max([np.abs(look.heatmaps(method, view)).max((1, 2)) for look in looks(folder).values()], 0)
    colours = diverging if view == "signed" else sequential
    return colours(maps(folder, method, step, view) / largest[:, None, None])


def overlaid(pictures, folder, method, step):
    return overlay(pictures, normalized(folder, method, step, "magnitude"))


def shows(picture, expected, left, width):
    """Whether a map is seen in a picture `(height, width, 3)`, between these columns, at any height."""
    rows, columns, _ = expected.shape
    x = (left + (np.arange(columns) + 0.5) * width / columns).astype(int)
    y = ((np.arange(rows) + 0.5) * width / columns).astype(int)
    tops = np.arange(len(picture) - int(rows * width / columns) + 1)
    seen = picture[(tops[:, None] + y)[..., None], x].astype(int)
    return np.abs(seen - expected).max((1, 2, 3)).min() <= 12


def assert_same(seen, expected):
    """The same colours: a value may fall into the next of the 256, where the two round apart."""
    assert seen.shape == expected.shape
    difference = np.abs(seen.astype(int) - expected)
    assert difference.max() <= 8
    assert (difference.max(-1) > 0).mean() < 0.02
