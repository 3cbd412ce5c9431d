import keras

if keras.backend.backend() == "jax":
    import jax

    jax.config.update("jax_disable_most_optimizations", True)  # these tests compile much and compute little
