"""`check`: the verdicts about one model."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

from keras_saliency.arguments import whole
from keras_saliency.checks.base import Check
from keras_saliency.checks.gate.suites import make_checks
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.engine.versions import versions
from keras_saliency.explanation.reading import probes_to_check, warn_of_range
from keras_saliency.methods import Method
from keras_saliency.probes import with_channel_axis
from keras_saliency.reports.report import Report
from keras_saliency.reports.result import CheckResult
from keras_saliency.reports.verdicts import FailOn

Progress = Callable[[Check, CheckResult | None], None]


def check(
    model: Any,
    probes: Any,
    checks: Any = "quick",
    *,
    method: str | Method = "gradient",
    target: Any = None,
    output: str | int | None = None,
    logits: str = "auto",
    chunk_size: int | None = None,
    channel_axis: int | None = None,
    seed: int = 0,
    fail_on: FailOn = "failed",
    progress: Progress | None = None,
) -> Report:
    """The verdicts of some checks about a trained model.

    Args:
        model: a Keras model on any backend. Nothing of it is changed, not even for a moment.
        probes: the images that the checks ask about, with labels and regions where they are to be judged: a
            `ProbeSet`; `(x, y)`, `x` or a data set, of which 16 are drawn, evenly over the labels, by `seed`; or files,
            as in `ks.explain`.
        checks: the name of a suite (`"structure"`, `"quick"`, `"full"`) or of a check, a check, or a list of these.
        method: whose maps are judged: a name or a method.
        target: what is explained, see `ks.explain`.
        output: the name or position of the output, for models with several.
        logits: see `ks.explain`.
        chunk_size: images per call of the model; None chooses 32, and up to 128 for a small model.
        channel_axis: where the images have their channels, see `ks.ProbeSet`; None: the model tells.
        seed: of every private generator; the same seed gives the same report, its times apart.
        fail_on: `"warned"` lets a warning fail the report too.
        progress: called with each check and None before it runs, and with its result after.

    Raises:
        LogitsNotFoundError, ModelRejectedInputsError, NoGradientError: the model cannot be explained at all.
        ValueError, TypeError: an argument is wrong. What goes wrong inside one check is its result, `"errored"`.

    Example:
        >>> report = ks.check(model, probes, ["structure", ks.Accuracy(0.9), ks.Region("corner")])
        >>> report.passed
        True
        >>> report.raise_for_failures()
    """
    if fail_on not in get_args(FailOn):
        raise ValueError(f'Expected fail_on to be "failed" or "warned". Received: fail_on={fail_on!r}')
    seed = whole("seed", seed, 0)
    probes = with_channel_axis(probes_to_check(model, probes, target, seed), channel_axis)
    chosen = make_checks(checks, probes)
    started = time.perf_counter()
    subject = Subject.of(
        model,
        probes,
        method,
        target=target,
        output=output,
        logits=logits,
        chunk_size=chunk_size,
        seed=seed,
    )
    warn_of_range(model, subject.question.anatomy.layout, probes)
    results = run_checks(chosen, subject, progress)
    return Report(
        results=results,
        model=model.name,
        method=subject.method.name,
        fingerprint=probes.fingerprint,
        probes=len(probes),
        versions=versions(),
        seed=seed,
        fail_on=fail_on,
        evaluations=subject.evaluations,
        seconds=time.perf_counter() - started,
    )


def run_checks(
    checks: tuple[Check, ...], subject: Subject, progress: Progress | None = None
) -> tuple[CheckResult, ...]:
    """The results of the checks, in order; an exception in one is its result, and the others go on."""
    return tuple(_told(check, subject, progress or _silent) for check in checks)


def _told(check: Check, subject: Subject, progress: Progress) -> CheckResult:
    progress(check, None)
    before, started = subject.evaluations, time.perf_counter()
    result = _verdict(check, subject)
    result = replace(result, evaluations=subject.evaluations - before, seconds=time.perf_counter() - started)
    progress(check, result)
    return result


def _verdict(check: Check, subject: Subject) -> CheckResult:
    try:
        return check.run(subject)
    except Exception as error:
        return CheckResult(check.name, "errored", f"{type(error).__name__}: {error}")


def _silent(check: Check, result: CheckResult | None) -> None:
    """Report no progress."""
