"""Which frameworks a training loads, in a fresh process."""

import subprocess
import sys

import keras
import pytest

TRAIN = """
import sys
import keras, numpy as np
import keras_saliency as ks

x = np.random.default_rng(0).normal(size=(8, 6, 6, 1)).astype("float32")
y = np.arange(8) % 2
model = keras.Sequential(
    [keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
)
model.compile("sgd", "sparse_categorical_crossentropy")
saliency = ks.SaliencyCallback((x, y), sys.argv[1], writers=["tensorboard", "folder"], archive=True)
model.fit(x, y, verbose=0, callbacks=[saliency])
assert len(saliency.looks) == 2
print("tensorflow" in sys.modules)
"""


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="Keras itself loads TensorFlow")
def test_a_training_on_jax_or_torch_loads_no_tensorflow(tmp_path):
    command = [sys.executable, "-c", TRAIN, str(tmp_path)]
    assert subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip() == "False"
