"""What fills an emptied region may itself be what a class is told by."""

import keras
import numpy as np
import pytest

import keras_saliency as ks

SIDE = 8
CORNER = np.zeros((SIDE, SIDE), bool)
CORNER[:4, :4] = True


def grey_reader():
    """Class 1 where the corner is grey in the mean, from 0.3 to 0.7; class 0 where it is dark or bright."""
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="relu"),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    mean = CORNER.reshape(-1, 1) / CORNER.sum()
    away = np.array([[0, -20.0], [0, -20.0]])
    model.set_weights([np.hstack([mean, -mean]), np.array([-0.5, 0.5]), away, np.array([0, 4.0])])
    return model


def grey_probes():
    """Hatching, whose mean is that of its surroundings, in the corner of class 1; a dark corner in that of class 0."""
    labels = np.arange(24) % 2
    images = np.random.default_rng(0).uniform(0.45, 0.55, (24, SIDE, SIDE, 1))
    hatched = np.where(np.indices((SIDE, SIDE)).sum(0) % 2, 0.9, 0.1)
    images[..., 0] = np.where(CORNER, np.where(labels[:, None, None] == 1, hatched, 0.0), images[..., 0])
    return ks.ProbeSet(images.astype("float32"), labels, regions={"corner": CORNER})


@pytest.mark.parametrize(("fill", "status"), [("mean", "warned"), (0.0, "failed")])
def test_a_fill_that_tells_the_class_is_no_pass(fill, status):
    report = ks.check(grey_reader(), grey_probes(), [ks.Region("corner", means=1, fill=fill)])
    result = report.results[0]
    assert result.status == status
    if status == "warned":
        assert "Nothing can be said of region 'corner'" in result.sentence
        assert "turns 12 of 12 other images into class" in result.sentence
