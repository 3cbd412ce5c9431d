"""A loss that keeps a network from reading what it is told not to read."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from typing_extensions import override

from keras_saliency.arguments import real
from keras_saliency.engine import LogProbabilities
from keras_saliency.training.repair.masks import fixed_masks


@keras.saving.register_keras_serializable("keras_saliency")
class RightReasons(keras.Model):  # type: ignore[misc]
    """A classifier whose loss is larger where it reads forbidden regions (Ross et al. 2017, arXiv:1703.03717).

    To the compiled loss is added `weight` × the mean over the batch of Σ (∂ Σₖ log pₖ ÷ ∂ pixel)², over the pixels of
    the regions, their channels and all classes k. Your own network is trained: `reasons.model` is what you gave, and is
    saved and used without this class. The loss of `evaluate` is the network's.

    A step has a second pass in inference mode, and the gradient of its gradient: of three convolutions on a CPU it
    takes 2.3 times as long on TensorFlow, 3.1 on PyTorch and 7 on JAX. `reasons_penalty` in Keras' logs is the sum
    before it is weighted; `val_reasons_penalty` is that of the validation data.

    Args:
        model: a built classifier of one input, images of a floating data type, that gives one prediction for an image.
            It ends in a softmax or sigmoid of Keras, or the loss that this model is compiled with says
            `from_logits=True`.
        regions: what must not be read: a boolean mask `(height, width)`, or masks by name, as a `ProbeSet` has them.
        weight: what the sum is multiplied by, at least 0. Gradients are per unit of a pixel: images from 0 to 255 need
            255² times the weight of images from 0 to 1.

    Raises:
        ValueError, SaliencyError: these do not belong together, or the model is no such classifier (`fit` refuses one
            without probabilities).

    Example:
        >>> corner = np.zeros((12, 12), bool)
        >>> corner[:3, :3] = True
        >>> reasons = ks.RightReasons(model, corner, weight=0.1)
        >>> reasons.compile("adam", "sparse_categorical_crossentropy")
        >>> _ = reasons.fit(images, labels, epochs=1, verbose=0)
        >>> reasons.model is model
        True
    """

    def __init__(self, model: keras.Model, regions: Any, weight: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.weight = real("weight", weight, least=0)
        self.forbidden = np.any(list(fixed_masks(regions).values()), axis=0)
        self._found = LogProbabilities.of(model, _one_image(model, self.forbidden.shape))
        size = self._found.image.height, self._found.image.width
        if self.forbidden.shape != size:
            raise ValueError(
                f"Expected regions of the size of the images, {size}. Received: shape={self.forbidden.shape}"
            )
        self._penalty = keras.metrics.Mean("reasons_penalty")
        self.built = True

    @override
    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """What the model returns."""
        return self.model(inputs, training=training)

    @override
    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The compiled loss, and in training what is added to it.

        Raises:
            ValueError: the model gives no probabilities.
        """
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        gradient = self._found.gradient(x, compiled=self)
        inside = ops.multiply(
            gradient, self._found.image.over_channels(self.forbidden[None].astype("float32"))
        )
        penalty = ops.sum(ops.square(inside)) / ops.cast(ops.shape(gradient)[0], "float32")
        self._penalty.update_state(penalty)
        return loss + ops.cast(self.weight * penalty, loss.dtype) if training else loss

    @override
    def get_config(self) -> dict[str, Any]:
        """See `keras.Model.get_config`."""
        own = {"model": keras.saving.serialize_keras_object(self.model), "weight": self.weight}
        return {**super().get_config(), **own, "regions": self.forbidden.tolist()}

    @classmethod
    @override
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> RightReasons:
        """See `keras.Model.from_config`."""
        model = keras.saving.deserialize_keras_object(config["model"], custom_objects)
        return cls(**{**config, "model": model})


def _one_image(model: keras.Model, size: tuple[int, ...]) -> np.ndarray:
    """What the model takes; where it takes images of any size, one of this size."""
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or not model.built:
        raise ValueError(f"Expected a built model of one input. Received: input_shape={shape!r}")
    sizes = iter(size)
    return np.zeros((1, *(next(sizes, 1) if side is None else side for side in shape[1:])), "float32")
