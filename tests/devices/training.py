"""The small training of the scripts in this folder, and how they report. Import it once the devices are chosen."""

import json
import sys
from pathlib import Path

import keras
import numpy as np
from keras import layers

import keras_saliency as ks

LOGS, REPORT = Path(sys.argv[1]), Path(sys.argv[2])
METHODS = ["gradient", "guided_backprop", "grad_cam"]

_rng = np.random.default_rng(0)
X, Y = _rng.normal(size=(24, 8, 8, 1)).astype("float32"), np.arange(24) % 3
PROBES = ks.ProbeSet(X[:5], Y[:5])


def network(**options):
    """A network with all that could be different on several devices; the same weights every time."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", name="convolution"),
            layers.BatchNormalization(**options),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", name="classes"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    return model


def fit(model, *callbacks, x=X, y=Y, batch_size=8):
    return model.fit(
        x, y, epochs=2, batch_size=batch_size, shuffle=False, verbose=0, callbacks=list(callbacks)
    ).history


def values(model):
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in model.variables]


def difference(some, others):
    """The largest difference between arrays."""
    pairs = zip(some, others, strict=True)
    return max(float(np.abs(a.astype("float64") - b.astype("float64")).max()) for a, b in pairs if a.size)


def maps(look):
    return [look.methods[method].explanation.maps for method in METHODS]


def explained(model):
    return [ks.explain(model, PROBES, method).maps for method in METHODS]


def report(**findings):
    REPORT.write_text(json.dumps(findings))
