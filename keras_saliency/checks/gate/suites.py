"""Which checks a name stands for. Loads no Keras, so that a test runner can ask while it collects."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from keras_saliency.checks.base import CHECKS, Check
from keras_saliency.errors import NeedsSettingError
from keras_saliency.probes import ProbeSet
from keras_saliency.registry import unknown

STRUCTURE = (
    "finite",
    "nonzero",
    "input_dependence",
    "target_dependence",
    "repeatability",
    "finite_difference",
    "untrained",
)
QUICK = (
    *STRUCTURE,
    "accuracy",
    "region",
    "unexpected_region",
    "unexpected_content",
    "parameter_randomization",
)
FULL = (*QUICK, "random_logit", "completeness", "faithfulness", "stability", "golden")

SUITES = {"structure": STRUCTURE, "quick": QUICK, "full": FULL}


def make_checks(checks: Any, probes: ProbeSet) -> tuple[Check, ...]:
    """The checks, in order, each name once.

    Args:
        checks: the name of a suite or of a check, a check, or a list of these. A check that is given takes the
            place of those that its registered name stands for: where a `Region` is given, only the regions that
            are given are checked.
        probes: what a name stands for may depend on them, see `Check`.

    Raises:
        ValueError: an unknown name (the nearest ones are named), none at all, or two different checks of one name.
        NeedsSettingError: a check that is asked for by name needs a setting; a suite leaves it out.
        PluginError: a check of another package cannot be loaded.
        TypeError: something is neither a name nor a check.
    """
    asked = list(checks) if isinstance(checks, (list, tuple)) else [checks]
    given = [CHECKS.validated(item) for item in asked if not isinstance(item, str)]
    by_name: dict[str, Check] = {}
    for check in given:
        if by_name.setdefault(check.name, check) is not check:
            raise ValueError(f"Two checks have the name {check.name!r}.")
    ordered: dict[str, Check] = {}
    for item in asked:
        for check in _expanded(item, given, probes) if isinstance(item, str) else (item,):
            ordered.setdefault(check.name, by_name.get(check.name, check))
    if not ordered:
        raise ValueError(f"Expected at least one check. Received: checks={checks!r}")
    return tuple(ordered.values())


def _expanded(name: str, given: Sequence[Check], probes: ProbeSet) -> list[Check]:
    """The checks that the name of a suite or of a check stands for."""
    if name not in SUITES:
        if name not in (names := CHECKS.names()):
            raise unknown("check", name, sorted([*names, *SUITES]), "Checks and suites")
        return _named(name, given, probes)
    expanded: list[Check] = []
    for part in SUITES[name]:
        with suppress(NeedsSettingError):
            expanded += _named(part, given, probes)
    return expanded


def _named(name: str, given: Sequence[Check], probes: ProbeSet) -> list[Check]:
    if same := [check for check in given if check.registered == name]:
        return same
    for_probes = getattr(CHECKS.find(name), "for_probes", None)
    return [CHECKS.make(name)] if for_probes is None else list(map(CHECKS.validated, for_probes(probes)))
