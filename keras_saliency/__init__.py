"""Watch what a Keras model looks at while it trains.

Names are loaded on first use: importing the package loads neither Keras nor a framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_saliency.callback import SaliencyCallback
    from keras_saliency.engine import ScoredModel
    from keras_saliency.errors import SaliencyError, SaliencyWarning
    from keras_saliency.explanation import Explanation, explain
    from keras_saliency.look import Look
    from keras_saliency.methods import Gradient
    from keras_saliency.probes import ProbeSet
    from keras_saliency.targets import ClassIndex, Label, OutputGradient, Predicted
    from keras_saliency.writers import load_looks

__version__ = "0.1.0"

_HOMES = {
    "ClassIndex": "targets",
    "Explanation": "explanation",
    "Gradient": "methods",
    "Label": "targets",
    "Look": "look",
    "OutputGradient": "targets",
    "Predicted": "targets",
    "ProbeSet": "probes",
    "SaliencyCallback": "callback",
    "SaliencyError": "errors",
    "SaliencyWarning": "errors",
    "ScoredModel": "engine",
    "explain": "explanation",
    "load_looks": "writers",
}

__all__ = [
    "ClassIndex",
    "Explanation",
    "Gradient",
    "Label",
    "Look",
    "OutputGradient",
    "Predicted",
    "ProbeSet",
    "SaliencyCallback",
    "SaliencyError",
    "SaliencyWarning",
    "ScoredModel",
    "explain",
    "load_looks",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
