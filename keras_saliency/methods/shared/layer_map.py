"""What the methods that look at one layer share: the layer's options and name, and its map at the image's size."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np

from keras_saliency.engine import ExplainedImage, LayerGradients, LayerOutput, Question
from keras_saliency.engine.token_grid import asked_grid
from keras_saliency.methods.base import Method, MethodResult
from keras_saliency.render.resize import bilinear

AUTO = "auto"


@dataclass(frozen=True)
class LayerMethod(Method):
    """The options of a method that looks at one layer; its map is not the gradient of the score.

    A subclass has a field `name`, behind its other options.
    """

    layer: Any = AUTO
    _: KW_ONLY
    grid: Any = AUTO

    is_gradient: ClassVar[bool] = False

    def __post_init__(self) -> None:
        asked_grid(self.grid)
        object.__setattr__(self, "name", self.name or name_with_layer(self.registered, self.layer))


def name_with_layer(registered: str, layer: Any) -> str:
    """The registered name, and behind it the layer where it is not `"auto"`: `grad_cam_conv5`.

    Raises:
        TypeError: `layer` is neither a name nor a layer.
    """
    called = layer if isinstance(layer, str) else getattr(layer, "name", None)
    if not isinstance(called, str) or not called or isinstance(layer, type):
        raise TypeError(
            f'Expected layer to be a name, a dotted path, a layer or "auto". Received: layer={layer!r}'
        )
    if isinstance(layer, str) and layer == AUTO:
        return registered
    return f"{registered}_{re.sub('[^a-z0-9_]+', '_', called.lower())}"


def layer_map(
    question: Question, layer: Any, grid: Any, combine: Callable[[LayerGradients], np.ndarray]
) -> MethodResult:
    """The map of a layer, resized to the explained image: bilinear between the centres of the layer's positions.

    Args:
        question: about `n` examples.
        layer: see `Question.layer`.
        grid: see there.
        combine: from the layer's activations and gradients `(n, h, w, channels)` to maps `(n, h, w)`.
    """
    image, found = question.image, question.layer(layer, grid)
    return as_map(found, combine(found), image)


def as_map(found: LayerOutput, maps: np.ndarray, image: ExplainedImage) -> MethodResult:
    """Maps `(n, h, w)` made from what was found at a layer, resized to the explained image."""
    resized = bilinear(maps, image.height, image.width)
    return MethodResult(
        resized.astype("float32", copy=False),
        {"layer": found.layer, "grid": list(found.activations.shape[1:3])},
    )
