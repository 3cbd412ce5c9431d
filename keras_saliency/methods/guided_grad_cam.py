"""Guided backpropagation, seen through a class activation map."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
import optree
from typing_extensions import override

from keras_saliency.engine import Question
from keras_saliency.methods.base import MethodResult
from keras_saliency.methods.grad_cam import GradCAM
from keras_saliency.methods.shared.layer_map import LayerMethod
from keras_saliency.methods.shared.rectified import rectified_gradient


@dataclass(frozen=True)
class GuidedGradCAM(LayerMethod):
    """The map of `GuidedBackprop` times that of `GradCAM` (Selvaraju et al. 2016, arXiv:1610.02391, §3.2).

    The map has the shape of the explained image and a sign; of several inputs only the first image is explained. The
    class comes from Grad-CAM alone, the detail from guided backpropagation, with the limits that `GuidedBackprop`
    names. A model without a ReLU is an error. `diagnostics` are those of both. Costs two forward and two backward
    passes.

    Attributes:
        layer: a name, a dotted path into nested models, a layer, or `"auto"`, see `Question.layer`.
        grid: rows and columns of a layer of tokens; `"auto"` finds them.
        name: empty: `guided_grad_cam`, and the layer where it is not `"auto"`.

    Example:
        >>> explanation = ks.explain(model, images, ks.GuidedGradCAM("conv"))
        >>> explanation.maps.shape
        (12, 12, 12, 1)
    """

    _: KW_ONLY
    name: str = ""

    registered: ClassVar[str] = "guided_grad_cam"
    cost: ClassVar[str] = "2 forward and 2 backward passes"
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True

    @override
    def explain(self, question: Question, rng: np.random.Generator) -> MethodResult:
        image = question.image
        cam = GradCAM(self.layer, grid=self.grid).explain(question, rng)
        guided = rectified_gradient(question, "guided")
        maps = optree.tree_leaves(guided.maps)[image.position] * image.over_channels(cam.maps)
        return MethodResult(maps, {**guided.diagnostics, **cam.diagnostics})
