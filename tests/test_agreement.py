"""The three backends give the same maps of the same networks."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from keras_saliency.methods import METHODS
from tests.patience import LIMIT

SCRIPT = Path(__file__).with_name("agreement_maps.py")
BACKENDS = ("tensorflow", "jax", "torch")


def maps_on(backend, folder):
    path = folder / f"{backend}.npz"
    environment = {**os.environ, "KERAS_BACKEND": backend}
    command = [sys.executable, str(SCRIPT), str(path)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(np.load(path))


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agreement")
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda backend: maps_on(backend, folder), BACKENDS)
        return dict(zip(BACKENDS, found, strict=True))


@pytest.mark.repeats
@pytest.mark.parametrize(("one", "other"), list(combinations(BACKENDS, 2)))
def test_backends_agree(maps, one, other):
    assert maps[one].keys() == maps[other].keys()
    assert len(maps[one]) == 10 + len(METHODS.built_in())
    for name, values in maps[one].items():
        largest = np.abs(values).max()
        assert largest > 0, name
        # A method that compares scores or squares maps carries their rounding.
        tolerance = 1e-3 if name in METHODS.built_in() else 1e-5
        assert np.abs(values - maps[other][name]).max() <= tolerance * largest, name
