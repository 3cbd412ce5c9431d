"""One-off explanations: the maps of any model for any images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import optree

from keras_saliency import heatmaps
from keras_saliency.engine import ScoredModel
from keras_saliency.methods import Method, make_method
from keras_saliency.probes import ProbeSet
from keras_saliency.targets import Label, Predicted, Target, as_target, bind

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Explanation:
    """The maps of `n` images and the scores that they explain.

    Attributes:
        maps: float32, signed, of the explained tensor's shape `(n, …)`; for several inputs the inputs' own
            structure, with None in the place of an integer input. In units of score per unit of input.
        scores: `(n,)` float32.
        target_classes: `(n,)` int64, −1 where the score belongs to no class.
        predicted_classes: `(n,)` int64, −1 where the model predicts no class.
        probabilities: `(n,)` float32 of the predicted class, NaN where the model gives none.
        score_kind: `"logit"`, `"output"`, `"centred_log_probability"` or `"custom"`.
        method: the method's name.
        probes: the explained images.
        channel_axis: of the images: −1, or 1 for channels first.
        diagnostics: what else there is to know; `"explained"` names the inputs, or the tensor behind them, that
            the maps belong to.
    """

    maps: Any
    scores: np.ndarray
    target_classes: np.ndarray
    predicted_classes: np.ndarray
    probabilities: np.ndarray
    score_kind: str
    method: str
    probes: ProbeSet = field(repr=False)
    channel_axis: int = -1
    diagnostics: Mapping[str, Any] = field(default_factory=dict)

    def heatmaps(self, view: str = "magnitude") -> np.ndarray:
        """The maps as `(n, height, width)` float32, of the first input that is an image.

        Args:
            view: `"magnitude"`, `"positive"`, `"negative"` or `"signed"`.

        Raises:
            ValueError: an unknown view, or no input is an image.
        """
        leaves = optree.tree_leaves(self.maps)
        image = next(filter(heatmaps.is_image, leaves), leaves[0])
        return heatmaps.heatmap(image, view, self.channel_axis)
