import numpy as np
import pytest

from keras_saliency.render import Caption


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def heatmaps(rng):
    """Magnitude and signed maps `(n, height, width)` of noise."""

    def of(n, height, width):
        signed = rng.normal(size=(n, height, width)).astype(np.float32)
        return {"signed": signed, "magnitude": np.abs(signed)}

    return of


@pytest.fixture
def captions():
    def of(n, wrong=()):
        return [Caption((f"probe_{i}", "label cat", "predicted cat 0.91"), i in wrong) for i in range(n)]

    return of
