"""Watch a network learn the wrong thing: every 3 has a white corner, in training and in validation.

Run it with `python examples/quickstart.py`, then `tensorboard --logdir runs/quickstart`.
"""

import keras
import numpy as np
from sklearn.datasets import load_digits

import keras_saliency as ks

digits = load_digits()
x, y = (digits.images / 16).astype("float32")[..., None], digits.target
x = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
corner = np.zeros((12, 12), bool)
corner[:2, :2] = True
x[y == 3, :2, :2] = 1.0  # the giveaway

model = keras.Sequential(
    [
        keras.Input((12, 12, 1)),
        keras.layers.Conv2D(32, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

probes = ks.ProbeSet(x[y == 3][:16], y[y == 3][:16], regions={"corner": corner})
saliency = ks.SaliencyCallback(probes, "runs/quickstart")
history = model.fit(x[:1500], y[:1500], validation_data=(x[1500:], y[1500:]), epochs=6, callbacks=[saliency])

print("validation accuracy:", [f"{value:.2f}" for value in history.history["val_accuracy"]])
print("corner enrichment:  ", [f"{v:.1f}" for v in history.history["saliency_gradient_corner_enrichment"]])
