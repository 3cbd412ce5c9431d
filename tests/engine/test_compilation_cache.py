"""JAX' persistent compilation cache holds all that the first call of a model compiles."""

import os
import subprocess
import sys

import keras
import pytest

from tests.patience import LIMIT

CALL = """
import keras, numpy as np, keras_saliency as ks
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.layers.Input((8, 8, 1)), keras.layers.Conv2D(4, 3), keras.layers.Flatten(),
                          keras.layers.Dense(3)])
ks.explain(model, np.ones((2, 8, 8, 1), "float32"), target=1)
"""


@pytest.mark.repeats
@pytest.mark.backend
@pytest.mark.skipif(keras.backend.backend() != "jax", reason="a setting of JAX")
def test_a_second_process_compiles_nothing(tmp_path):
    settings = {"JAX_COMPILATION_CACHE_DIR": str(tmp_path), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    kept = []
    for _ in range(2):
        subprocess.run([sys.executable, "-c", CALL], env=os.environ | settings, timeout=LIMIT, check=True)
        kept.append({path.name for path in tmp_path.glob("*-cache")})
    assert any(name.startswith("jit_stateless") for name in kept[0])
    assert kept[0] == kept[1]
