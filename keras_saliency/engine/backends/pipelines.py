"""Functions of numpy in the pipelines of every framework, whichever Keras runs on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_saliency.probes.arrays import as_array


def on_arrays(function: Callable[..., np.ndarray], images: Any, *others: Any) -> Any:
    """What a function of numpy arrays makes of images, as the kind of array that they are.

    Args:
        function: takes all arrays, and returns images of the same shape and type.
        images: an array, or a tensor of TensorFlow (also inside `tf.data`), PyTorch or JAX.
        others: what else it takes; tensors of TensorFlow only where the images are.
    """
    framework = type(images).__module__.partition(".")[0]
    if framework == "tensorflow":
        return _in_tensorflow(function, images, *others)
    result = function(*map(as_array, (images, *others)))
    if framework == "torch":
        return images.new_tensor(result)
    if framework in ("jax", "jaxlib"):
        import jax.numpy as jnp

        return jnp.asarray(result, images.dtype)
    return result


def _in_tensorflow(function: Callable[..., np.ndarray], images: Any, *others: Any) -> Any:
    import tensorflow as tf

    images = tf.convert_to_tensor(images)
    result = tf.numpy_function(function, [images, *others], images.dtype)
    result.set_shape(images.shape)
    return result
