"""The gradient of all log probabilities of a classifier for its images, as a loss needs it: weights learn from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from keras_saliency.engine.anatomy import Anatomy, forward
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.layout import ExplainedImage
from keras_saliency.engine.outputs import select_output
from keras_saliency.engine.scored_model import ScoredModel
from keras_saliency.engine.scores import class_table, with_link
from keras_saliency.probes.targets import as_target, bind

Tensor = Any


@dataclass(frozen=True)
class LogProbabilities:
    """The logarithms of the class probabilities that a classifier gives in inference mode.

    Attributes:
        model: a Keras model of one input, floating images.
        image: that input.
    """

    model: Any
    image: ExplainedImage
    _anatomy: Anatomy

    @classmethod
    def of(cls, model: Any, images: np.ndarray) -> LogProbabilities:
        """Of a model that is called on images like these.

        Raises:
            ValueError, SaliencyError: it is no model whose images have gradients.
        """
        anatomy = ScoredModel(model).inspect(images, bind(as_target("predicted"), len(images), None))
        plan, image = anatomy.plan, anatomy.image
        if image is None or not plan.floating or len(plan.names) > 1:
            raise ValueError(
                "Expected a model of one input, images of a floating data type. "
                f"Received: {', '.join(plan.names)} of {', '.join(plan.dtypes)}"
            )
        return cls(model, image, anatomy)

    def gradient(self, images: Tensor, compiled: Any) -> Tensor:
        """The gradient of their sum for images `(n, …)`, float32 in the shape of these.

        Args:
            images: a tensor.
            compiled: the model whose loss says whether the output consists of logits.

        Raises:
            ValueError: the output has no probabilities.
        """
        output = self._anatomy.output and with_link(self._anatomy.output, compiled, "auto")
        squashed_by = output and (output.activation or output.link)
        if output is None or squashed_by is None or output.positions:
            raise ValueError(
                "Expected a classifier that gives one prediction for an image: it ends in a softmax or sigmoid of "
                "Keras, or is compiled with a cross-entropy of from_logits=True. "
                f"Received: an output of shape {output and output.shape}"
            )

        def whole(images: Tensor) -> Tensor:
            traced = forward(self.model, self._anatomy.plan, [images])
            tensor = select_output(self.model, traced.outputs, None)
            logits = class_table(tensor, output, traced.record.of(tensor), "logit")
            if squashed_by != "sigmoid":
                return ops.sum(ops.log_softmax(logits))
            present = ops.sum(ops.log_sigmoid(logits))
            return present if output.is_binary else present + ops.sum(ops.log_sigmoid(-logits))

        return ops.cast(current_backend().input_gradient(whole, ops.cast(images, "float32")), "float32")
