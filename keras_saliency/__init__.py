"""Watch what a Keras model looks at while it trains.

Names are loaded on first use: importing the package loads neither Keras nor a framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_saliency.checks import (
        Accuracy,
        Completeness,
        Faithfulness,
        Finite,
        FiniteDifference,
        Golden,
        InputDependence,
        Nonzero,
        ParameterRandomization,
        RandomLogit,
        Region,
        Repeatability,
        Stability,
        TargetDependence,
        UnexpectedRegion,
        Untrained,
        check,
    )
    from keras_saliency.engine import ScoredModel
    from keras_saliency.errors import (
        ChecksFailedError,
        MethodDoesNotApplyError,
        SaliencyError,
        SaliencyWarning,
    )
    from keras_saliency.explanation import Explanation, explain
    from keras_saliency.looks.look import Look
    from keras_saliency.looks.reading import load_looks
    from keras_saliency.methods import (
        RISE,
        XRAI,
        Activations,
        BlurIntegratedGradients,
        DeconvNet,
        ExpectedGradients,
        GradCAM,
        GradCAMPlusPlus,
        Gradient,
        GuidedBackprop,
        GuidedGradCAM,
        GuidedIntegratedGradients,
        InputXGradient,
        IntegratedGradients,
        LayerCAM,
        Occlusion,
        ScoreCAM,
        SmoothGrad,
        SmoothGradSquared,
        VarGrad,
    )
    from keras_saliency.probes import ProbeSet
    from keras_saliency.probes.targets import ClassIndex, Label, OutputGradient, Predicted
    from keras_saliency.reports.report import Report
    from keras_saliency.reports.result import CheckResult
    from keras_saliency.training.callback import SaliencyCallback
    from keras_saliency.training.schedule import Batches

__version__ = "0.1.0"

__all__ = [
    "RISE",
    "XRAI",
    "Accuracy",
    "Activations",
    "Batches",
    "BlurIntegratedGradients",
    "CheckResult",
    "ChecksFailedError",
    "ClassIndex",
    "Completeness",
    "DeconvNet",
    "ExpectedGradients",
    "Explanation",
    "Faithfulness",
    "Finite",
    "FiniteDifference",
    "Golden",
    "GradCAM",
    "GradCAMPlusPlus",
    "Gradient",
    "GuidedBackprop",
    "GuidedGradCAM",
    "GuidedIntegratedGradients",
    "InputDependence",
    "InputXGradient",
    "IntegratedGradients",
    "Label",
    "LayerCAM",
    "Look",
    "MethodDoesNotApplyError",
    "Nonzero",
    "Occlusion",
    "OutputGradient",
    "ParameterRandomization",
    "Predicted",
    "ProbeSet",
    "RandomLogit",
    "Region",
    "Repeatability",
    "Report",
    "SaliencyCallback",
    "SaliencyError",
    "SaliencyWarning",
    "ScoreCAM",
    "ScoredModel",
    "SmoothGrad",
    "SmoothGradSquared",
    "Stability",
    "TargetDependence",
    "UnexpectedRegion",
    "Untrained",
    "VarGrad",
    "check",
    "explain",
    "load_looks",
]

_HOMES = {
    "Accuracy": "checks",
    "Activations": "methods",
    "Batches": "training.schedule",
    "BlurIntegratedGradients": "methods",
    "CheckResult": "reports.result",
    "ChecksFailedError": "errors",
    "ClassIndex": "probes.targets",
    "Completeness": "checks",
    "DeconvNet": "methods",
    "ExpectedGradients": "methods",
    "Explanation": "explanation",
    "Faithfulness": "checks",
    "Finite": "checks",
    "FiniteDifference": "checks",
    "Golden": "checks",
    "GradCAM": "methods",
    "GradCAMPlusPlus": "methods",
    "Gradient": "methods",
    "GuidedBackprop": "methods",
    "GuidedGradCAM": "methods",
    "GuidedIntegratedGradients": "methods",
    "InputDependence": "checks",
    "InputXGradient": "methods",
    "IntegratedGradients": "methods",
    "Label": "probes.targets",
    "LayerCAM": "methods",
    "Look": "looks.look",
    "MethodDoesNotApplyError": "errors",
    "Nonzero": "checks",
    "Occlusion": "methods",
    "OutputGradient": "probes.targets",
    "ParameterRandomization": "checks",
    "Predicted": "probes.targets",
    "ProbeSet": "probes",
    "RISE": "methods",
    "RandomLogit": "checks",
    "Region": "checks",
    "Repeatability": "checks",
    "Report": "reports.report",
    "SaliencyCallback": "training.callback",
    "SaliencyError": "errors",
    "SaliencyWarning": "errors",
    "ScoreCAM": "methods",
    "ScoredModel": "engine",
    "SmoothGrad": "methods",
    "SmoothGradSquared": "methods",
    "Stability": "checks",
    "TargetDependence": "checks",
    "UnexpectedRegion": "checks",
    "Untrained": "checks",
    "VarGrad": "methods",
    "XRAI": "methods",
    "check": "checks",
    "explain": "explanation",
    "load_looks": "looks.reading",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
