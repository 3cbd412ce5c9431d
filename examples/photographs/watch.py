"""Fine-tune a network that was trained on ImageNet on crops of four photographs, and watch what it looks at.

    pip install 'keras_saliency[regions,torch,zoo]'
    python examples/photographs/watch.py       # then: keras-saliency view runs/photographs

The photographs are those of scikit-image; offline. docs/images/tab_photographs.png is the page of its log:

    keras-saliency view runs/photographs --export page.html
    chromium --headless --hide-scrollbars --virtual-time-budget=8000 --window-size=1400,560 \
        --screenshot=tab_photographs.png file://$PWD/page.html
"""

import keras
import numpy as np
from lite0 import efficientnet_lite0
from skimage import data, transform

import keras_saliency as ks

NAMES = ("chelsea", "coffee", "rocket", "astronaut")
SIZE = 160


def crop(name, least, rng):
    """A square of a photograph, at random, of at least this share of its shorter side, from 0 to 255."""
    picture = getattr(data, name)()[..., :3]
    side = int(rng.uniform(least, 1) * min(picture.shape[:2]))
    top, left = (rng.integers(length - side + 1) for length in picture.shape[:2])
    square = picture[top : top + side, left : left + side]
    return (255 * transform.resize(square, (SIZE, SIZE), anti_aliasing=True)).astype("float32")


rng = np.random.default_rng(0)
labels = np.repeat(range(len(NAMES)), 16)
images = np.stack([crop(NAMES[label], 0.4, rng) for label in labels])
shown = np.repeat(range(len(NAMES)), 2)
probes = ks.ProbeSet(np.stack([crop(NAMES[label], 0.6, rng) for label in shown]), shown, class_names=NAMES)

keras.utils.set_random_seed(0)
trained = efficientnet_lite0(size=SIZE)
body = keras.Model(trained.inputs, trained.layers[-2].output)
body.trainable = False
model = keras.Sequential([body, keras.layers.Dense(len(NAMES), activation="softmax")], name="photographs")
model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
saliency = ks.SaliencyCallback(probes, "runs/photographs", methods=["grad_cam", "gradient"])
model.fit(images, labels, epochs=4, batch_size=16, callbacks=[saliency])
