"""What a question answers beside scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_saliency.engine.rectifiers import RectifierCount
from keras_saliency.engine.token_grid import TokenGrid


@dataclass(frozen=True)
class Gradients:
    """The gradients of `n` scores.

    Attributes:
        maps: float32, signed, possibly read-only. One array of the explained tensor's shape, or, for several inputs,
            the inputs' own structure with None in the place of an integer input.
        rectifiers: what a rule for rectifiers found in the model; None without a rule.
    """

    maps: Any
    rectifiers: RectifierCount | None = None


@dataclass(frozen=True)
class LayerOutput:
    """The output of a layer for `n` examples.

    Attributes:
        activations: `(n, height, width, channels)` float32; channels come last whatever the model's format.
        layer: the layer's name, behind those of the models that it is nested in.
    """

    activations: np.ndarray
    layer: str


@dataclass(frozen=True)
class LayerGradients(LayerOutput):
    """The output of a layer for `n` examples, and the gradients of their scores for it.

    Attributes:
        gradients: of the shape of the activations.
    """

    gradients: np.ndarray


@dataclass(frozen=True)
class Attention:
    """The weights of attention among the tokens of an image, for `n` examples.

    Attributes:
        layers: the names of the layers, in the order of the calls.
        weights: for each layer `(n, heads, tokens, tokens)` float32: how much each token (a row) takes of each.
        gradients: of the scores for the weights, likewise; empty where they were not asked for.
        grid: which tokens lie over the image, and where.
        read: the tokens behind the last layer that the score reads: a class token, or those that are pooled.
        passed_over: other attention of the model, with the reason, each in words.
    """

    layers: tuple[str, ...]
    weights: tuple[np.ndarray, ...]
    gradients: tuple[np.ndarray, ...]
    grid: TokenGrid
    read: tuple[int, ...]
    passed_over: tuple[str, ...]
