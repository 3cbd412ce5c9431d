"""The ways to make maps, one file each. A new method is one file and one line here."""

from __future__ import annotations

from collections import Counter
from typing import Any

from keras_saliency.methods import base
from keras_saliency.methods.activations import Activations
from keras_saliency.methods.base import Method, MethodResult, known_methods, make_method
from keras_saliency.methods.blur_integrated_gradients import BlurIntegratedGradients
from keras_saliency.methods.deconvnet import DeconvNet
from keras_saliency.methods.expected_gradients import ExpectedGradients
from keras_saliency.methods.grad_cam import GradCAM
from keras_saliency.methods.grad_cam_plus_plus import GradCAMPlusPlus
from keras_saliency.methods.gradient import Gradient
from keras_saliency.methods.guided_backprop import GuidedBackprop
from keras_saliency.methods.guided_grad_cam import GuidedGradCAM
from keras_saliency.methods.guided_integrated_gradients import GuidedIntegratedGradients
from keras_saliency.methods.input_x_gradient import InputXGradient
from keras_saliency.methods.integrated_gradients import IntegratedGradients
from keras_saliency.methods.layer_cam import LayerCAM
from keras_saliency.methods.occlusion import Occlusion
from keras_saliency.methods.rise import RISE
from keras_saliency.methods.score_cam import ScoreCAM
from keras_saliency.methods.smoothgrad import SmoothGrad
from keras_saliency.methods.smoothgrad_squared import SmoothGradSquared
from keras_saliency.methods.vargrad import VarGrad
from keras_saliency.methods.xrai import XRAI

BUILT_IN: tuple[type[Method], ...] = (
    Gradient,
    InputXGradient,
    GuidedBackprop,
    DeconvNet,
    SmoothGrad,
    SmoothGradSquared,
    VarGrad,
    IntegratedGradients,
    BlurIntegratedGradients,
    GuidedIntegratedGradients,
    ExpectedGradients,
    XRAI,
    GradCAM,
    GradCAMPlusPlus,
    LayerCAM,
    GuidedGradCAM,
    ScoreCAM,
    Activations,
    Occlusion,
    RISE,
)

__all__ = [
    "BUILT_IN",
    "RISE",
    "XRAI",
    "Activations",
    "BlurIntegratedGradients",
    "DeconvNet",
    "ExpectedGradients",
    "GradCAM",
    "GradCAMPlusPlus",
    "Gradient",
    "GuidedBackprop",
    "GuidedGradCAM",
    "GuidedIntegratedGradients",
    "InputXGradient",
    "IntegratedGradients",
    "LayerCAM",
    "Method",
    "MethodResult",
    "Occlusion",
    "ScoreCAM",
    "SmoothGrad",
    "SmoothGradSquared",
    "VarGrad",
    "known_methods",
    "make_method",
    "make_methods",
]


base.REGISTRY.update({method.registered: method for method in BUILT_IN})


def make_methods(methods: Any) -> tuple[Method, ...]:
    """One or several methods; no two may have one name."""
    made = tuple(map(make_method, methods if isinstance(methods, (list, tuple)) else [methods]))
    if not made:
        raise ValueError("Expected at least one method. Received: methods=[]")
    if doubled := [name for name, count in Counter(method.name for method in made).items() if count > 1]:
        raise ValueError(
            f"Two methods have the name {doubled[0]!r}; give one of them another: Gradient(name='gradient_2')."
        )
    return made
