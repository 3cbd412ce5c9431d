"""The questions to a trained model, one file each. A new check is one file and one line here.

Importing this loads no Keras: `check` and `Subject` are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from keras_saliency.checks import base
from keras_saliency.checks.base import Check, CheckResult, Status, known_checks
from keras_saliency.checks.report import Report
from keras_saliency.checks.suites import SUITES, make_checks

if TYPE_CHECKING:
    from keras_saliency.checks.runner import check, run_checks
    from keras_saliency.checks.subject import Subject

BUILT_IN: tuple[type[Check], ...] = ()

__all__ = [
    "BUILT_IN",
    "SUITES",
    "Check",
    "CheckResult",
    "Report",
    "Status",
    "Subject",
    "check",
    "known_checks",
    "make_checks",
    "run_checks",
]

_LOADED_LATE = {"check": "runner", "run_checks": "runner", "Subject": "subject"}

base.REGISTRY.update({made.registered: made for made in BUILT_IN})


def __getattr__(name: str) -> Any:
    if name not in _LOADED_LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LOADED_LATE[name]}"), name)
