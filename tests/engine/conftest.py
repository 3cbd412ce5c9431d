import keras
import pytest

if keras.backend.backend() == "jax":
    import jax

    jax.config.update("jax_disable_most_optimizations", True)  # these tests compile much and compute little


@pytest.fixture(autouse=True)
def same_weights_every_time():
    """Layers built in a test draw the same numbers whichever tests ran before."""
    keras.utils.set_random_seed(0)
