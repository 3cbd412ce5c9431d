"""`check`: the verdicts about one model."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

from keras_saliency.arguments import whole
from keras_saliency.checks.base import Check, skipped
from keras_saliency.checks.gate.advice import advised
from keras_saliency.checks.gate.suites import Chosen, make_checks
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.engine.versions import versions
from keras_saliency.errors import CheckDoesNotApplyError
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

    Each is about the model, or about the maps of this method on it. Where maps fail, up to three other methods are
    tried on what failed, and the report names one that passes it.

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
        fail_on: what fails the report. `"failed"`: a failure about the model; one of the maps where no verdict about
            the model can be trusted then (`nonzero`, `input_dependence`, `repeatability`, `finite_difference`); and one
            of a check that is asked for, given or by its own name. `"any"`: every failure. `"warned"`: warnings too.
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
        known = ", ".join(map(repr, get_args(FailOn)))
        raise ValueError(f"Expected fail_on to be one of {known}. Received: fail_on={fail_on!r}")
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
    advice = advised(subject, chosen, results)
    return Report(
        results=results,
        model=model.name,
        method=subject.method.name,
        fingerprint=probes.fingerprint,
        probes=len(probes),
        versions=versions(),
        seed=seed,
        fail_on=fail_on,
        advice=advice,
        evaluations=subject.evaluations,
        seconds=time.perf_counter() - started,
    )


def run_checks(
    chosen: tuple[Chosen, ...],
    subject: Subject,
    progress: Progress | None = None,
    *,
    before_training: bool = False,
) -> tuple[CheckResult, ...]:
    """The results of the checks, in order; an exception in one is its result, and the others go on.

    A check that was asked for and cannot be judged is `"errored"`: a verdict that was asked for is given, or missed.

    Args:
        chosen: the checks.
        subject: what they judge.
        progress: see `check`.
        before_training: whether nothing was learned yet, so that maps may be constant and no class predicted: a check
            that was asked for may find nothing to judge then, and one that cannot be made is raised.

    Raises:
        CheckDoesNotApplyError: `before_training`, and a check that was asked for cannot be made.
    """
    return tuple(_told(one, subject, progress or _silent, before_training) for one in chosen)


def _told(one: Chosen, subject: Subject, progress: Progress, before_training: bool) -> CheckResult:
    progress(one.check, None)
    before, started = subject.evaluations, time.perf_counter()
    result = _verdict(one, subject, before_training)
    result = replace(
        result,
        evaluations=subject.evaluations - before,
        seconds=time.perf_counter() - started,
        about=one.about,
        counts=one.counts,
    )
    progress(one.check, result)
    return result


def _verdict(one: Chosen, subject: Subject, before_training: bool) -> CheckResult:
    try:
        result = one.check.run(subject)
    except Exception as error:
        applies = not isinstance(error, CheckDoesNotApplyError)
        if one.asked and before_training:
            raise CheckDoesNotApplyError(f"The check {one.name} cannot be made: {_said(error)}") from error
        if applies or one.asked:
            return CheckResult(one.name, "errored", _said(error))
        return getattr(error, "instead", None) or skipped(one.check, str(error))
    if result.status == "skipped" and one.asked and not before_training:
        return replace(result, status="errored", sentence=_unanswered(result.sentence))
    return result


def _said(error: Exception) -> str:
    if isinstance(error, CheckDoesNotApplyError):
        return _unanswered(str(error))
    return f"{type(error).__name__}: {error}"


def _unanswered(reason: str) -> str:
    return f"{reason.rstrip('.')}. It was asked for: give what it needs, or leave it out."


def _silent(check: Check, result: CheckResult | None) -> None:
    """Report no progress."""
