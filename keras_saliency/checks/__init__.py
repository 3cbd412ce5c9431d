"""The questions to a trained model, one file each. A new check is one file and one line here.

Importing this loads no Keras: `check` and `Subject` are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from keras_saliency.checks import base
from keras_saliency.checks.accuracy import Accuracy
from keras_saliency.checks.base import Check, known_checks
from keras_saliency.checks.completeness import Completeness
from keras_saliency.checks.faithfulness import Faithfulness
from keras_saliency.checks.finite import Finite
from keras_saliency.checks.finite_difference import FiniteDifference
from keras_saliency.checks.gate.suites import SUITES, make_checks
from keras_saliency.checks.golden import Golden
from keras_saliency.checks.input_dependence import InputDependence
from keras_saliency.checks.nonzero import Nonzero
from keras_saliency.checks.parameter_randomization import ParameterRandomization
from keras_saliency.checks.random_logit import RandomLogit
from keras_saliency.checks.region import Region
from keras_saliency.checks.repeatability import Repeatability
from keras_saliency.checks.stability import Stability
from keras_saliency.checks.target_dependence import TargetDependence
from keras_saliency.checks.unexpected_region import UnexpectedRegion
from keras_saliency.checks.untrained import Untrained
from keras_saliency.reports.report import Report
from keras_saliency.reports.result import CheckResult, Status

if TYPE_CHECKING:
    from keras_saliency.checks.gate.runner import check, run_checks
    from keras_saliency.checks.shared.subject import Subject

BUILT_IN: tuple[type[Check], ...] = (
    Finite,
    Nonzero,
    InputDependence,
    TargetDependence,
    Repeatability,
    FiniteDifference,
    Untrained,
    Accuracy,
    Region,
    UnexpectedRegion,
    ParameterRandomization,
    RandomLogit,
    Completeness,
    Faithfulness,
    Stability,
    Golden,
)

__all__ = [
    "BUILT_IN",
    "SUITES",
    "Accuracy",
    "Check",
    "CheckResult",
    "Completeness",
    "Faithfulness",
    "Finite",
    "FiniteDifference",
    "Golden",
    "InputDependence",
    "Nonzero",
    "ParameterRandomization",
    "RandomLogit",
    "Region",
    "Repeatability",
    "Report",
    "Stability",
    "Status",
    "Subject",
    "TargetDependence",
    "UnexpectedRegion",
    "Untrained",
    "check",
    "known_checks",
    "make_checks",
    "run_checks",
]

_LOADED_LATE = {"check": "gate.runner", "run_checks": "gate.runner", "Subject": "shared.subject"}

base.REGISTRY.update({made.registered: made for made in BUILT_IN})


def __getattr__(name: str) -> Any:
    if name not in _LOADED_LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LOADED_LATE[name]}"), name)
