"""Which checks a name stands for. Loads no Keras, so that a test runner can ask while it collects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from keras_saliency.checks.base import Check, known_checks, unknown, validated

STRUCTURE = (
    "finite",
    "nonzero",
    "input_dependence",
    "target_dependence",
    "repeatability",
    "finite_difference",
    "untrained",
)
QUICK = (*STRUCTURE, "accuracy", "region", "unexpected_region", "parameter_randomization")
FULL = (*QUICK, "random_logit", "completeness", "faithfulness", "stability", "golden")

SUITES = {"structure": STRUCTURE, "quick": QUICK, "full": FULL}
NEED_A_SETTING = {"accuracy": "ks.Accuracy(0.9)", "golden": 'ks.Golden("golden.npz")'}
"""Checks that a suite holds only where one is given with its setting; how to give it."""


def make_checks(checks: Any, *, regions: Iterable[str] = ()) -> tuple[Check, ...]:
    """The checks, in order, each name once.

    Args:
        checks: the name of a suite or of a check, a check, or a list of these. A check that is given takes the
            place of the one of the same name in a suite. `"region"` stands for one check per region, which
            forbids it; where a `Region` is given, only the regions that are given are checked.
        regions: the names of the regions that the probes have.

    Raises:
        ValueError: an unknown name (the nearest ones are named), none at all, or two different checks of one name.
        TypeError: something is neither a name nor a check.
    """
    asked = list(checks) if isinstance(checks, (list, tuple)) else [checks]
    given = [validated(item) for item in asked if not isinstance(item, str)]
    by_name: dict[str, Check] = {}
    for check in given:
        if by_name.setdefault(check.name, check) is not check:
            raise ValueError(f"Two checks have the name {check.name!r}.")
    ordered: dict[str, Check] = {}
    for item in asked:
        for check in _expanded(item, given, tuple(regions)) if isinstance(item, str) else (item,):
            ordered.setdefault(check.name, by_name.get(check.name, check))
    if not ordered:
        raise ValueError(f"Expected at least one check. Received: checks={checks!r}")
    return tuple(ordered.values())


def _expanded(name: str, given: Sequence[Check], regions: tuple[str, ...]) -> list[Check]:
    """The checks that a name stands for."""
    known = known_checks()
    if name in SUITES:
        return [made for part in SUITES[name] for made in _made(part, given, regions, in_suite=True)]
    if name not in known:
        raise unknown(name, [*known, *SUITES])
    return _made(name, given, regions, in_suite=False)


def _made(name: str, given: Sequence[Check], regions: tuple[str, ...], *, in_suite: bool) -> list[Check]:
    same = [check for check in given if check.registered == name]
    if same:
        return same
    make = known_checks()[name]
    if name == "region":
        if not regions and not in_suite:
            raise ValueError(
                'The check "region" needs a region: mark one with ProbeSet(…, regions={"corner": mask}).'
            )
        return [make(region) for region in regions]
    if name in NEED_A_SETTING:
        if in_suite:
            return []
        raise ValueError(f"The check {name!r} needs a setting: give {NEED_A_SETTING[name]} in its place.")
    return [make()]
