"""What a user does first, in an environment that holds the wheel alone: `python first_steps.py LINES`.

LINES is a file with the README's first lines. Writes `logs`, `out`, `model.keras` and `probes.npz`.
"""

import sys
from pathlib import Path

import keras
import numpy as np

import keras_saliency as ks

random = np.random.default_rng(0)
x, y = random.random((32, 12, 12, 1)).astype("float32"), np.arange(32) % 2
model = keras.Sequential(
    [
        keras.Input((12, 12, 1)),
        keras.layers.Conv2D(4, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(2, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

exec(
    compile(Path(sys.argv[1]).read_text(encoding="utf-8"), "README.md", "exec"),
    {"model": model, "x": x, "y": y, "x_val": x[:8], "y_val": y[:8], "keras": keras},
)
looks = ks.load_looks("logs")
explanation = ks.explain(model, x[:4])
explanation.save("out")
mask = np.zeros((12, 12), bool)
mask[:3, :3] = True
probes = ks.ProbeSet(x[:8], y[:8], regions={"corner": mask})
probes.save("probes.npz")
report = ks.check(model, probes)

backend = keras.backend.backend()
if backend != "tensorflow" and "tensorflow" in sys.modules:
    sys.exit(f"On {backend} TensorFlow was imported.")
model.save("model.keras")
print(
    f"{backend}: {len(looks)} looks, maps of {explanation.maps.shape}, {len(report.results)} checks, {ks.__file__}"
)
