"""A probe set with everything that it can hold."""

import numpy as np

from keras_saliency.probes import ProbeSet

IMAGES = np.random.default_rng(0).random((4, 6, 5, 1), "float32")
LABELS = np.array([2, 0, 1, 0])
CORNER = np.zeros((6, 5), bool)
CORNER[:2, :2] = True
NONFINITE = IMAGES.copy()
NONFINITE[2, 0, 0, 0] = np.nan


def a_probe_set(**changes):
    given = {
        "images": IMAGES,
        "labels": LABELS,
        "names": ["a", "b/c", "猫", "ñandú|π"],
        "class_names": ["猫", "dog", "cow"],
        "regions": {"corner": CORNER, "each": np.stack([CORNER] * 4)},
        "display_images": (255 * IMAGES).astype("uint8"),
    }
    given.update(changes)
    return ProbeSet(given.pop("images"), given.pop("labels"), **given)
