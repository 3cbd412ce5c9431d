"""The verdict of one check, without what a run does where maps fail: it tries other methods, which takes long."""

from __future__ import annotations

from typing import Any

from keras_saliency.checks.gate.runner import run_checks
from keras_saliency.checks.gate.suites import make_checks
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.probes import ProbeSet
from keras_saliency.reports.result import CheckResult


def verdict(
    model: Any, probes: ProbeSet, check: Any, method: Any = "gradient", **options: Any
) -> CheckResult:
    """What `ks.check` finds with this check; arguments as there."""
    (result,) = run_checks(make_checks(check, probes), Subject.of(model, probes, method, **options))
    return result
