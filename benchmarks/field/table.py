"""The tables of docs/checks.md: how often each check fails, by network and mark."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.field.cases import MARKS, PAIRS, SHORTCUTS, Case
from keras_saliency.checks.shared.statistics import Proportion

ABOUT_MODEL = ("accuracy", "finite", "untrained", "region_mark", "unexpected_region", "unexpected_content")
LIKE_TRAINING = ("marked", "bare")
"""The probes that are as the images of the training."""
WITHOUT_MASK = ("unexpected_region", "unexpected_content")


@dataclass(frozen=True)
class Outcome:
    """A training, and what the checks said: a status by kind of probes and check."""

    case: Case
    record: dict[str, Any]
    statuses: dict[tuple[str, str], str]
    evaluations: dict[tuple[str, str], int]

    @property
    def network(self) -> str:
        """The network and its data."""
        return f"{self.case.network}, {self.case.data}"

    def failed(self, *checks: tuple[str, str]) -> bool | None:
        """Whether one of these failed; None where none of them was asked."""
        asked = [self.statuses[check] for check in checks if self.statuses.get(check, "skipped") != "skipped"]
        return None if not asked else "failed" in asked


def print_tables(cases: Iterable[Case], folder: Path) -> None:
    """Print all tables, and each false alarm and each miss by its name."""
    found = list(read(cases, folder))
    sound = [one for one in found if one.case.is_sound]
    shortcuts = [one for one in found if not one.case.is_sound]
    _print_trainings(found)
    _print_sound(sound)
    for role in SHORTCUTS:
        _print_shortcuts([one for one in shortcuts if one.case.role == role], role)
    for name in WITHOUT_MASK:
        made = [number for one in found for (_, check), number in one.evaluations.items() if check == name]
        if made:
            print(
                f"`{name}` makes {min(made)} to {max(made)} evaluations, in the median {np.median(made):.0f}"
            )


def read(cases: Iterable[Case], folder: Path) -> Iterable[Outcome]:
    """The trainings that were judged."""
    for case in cases:
        record, verdicts = (folder / case.name / f"{name}.json" for name in ("record", "verdicts"))
        if record.exists() and verdicts.exists():
            told = json.loads(verdicts.read_text())
            statuses = {(one["probes"], one["check"]): one["status"] for one in told}
            evaluations = {(one["probes"], one["check"]): one["evaluations"] for one in told}
            yield Outcome(case, json.loads(record.read_text()), statuses, evaluations)


def _print_trainings(found: Sequence[Outcome]) -> None:
    print("| network | mark | trainings | learned | accuracy | without marks | planted, median and range |")
    print("|---|---|---|---|---|---|---|")
    for network in dict.fromkeys(one.network for one in found):
        for role in ("clean", "irrelevant", "faint", "strong"):
            some = [one.record for one in found if one.network == network and one.case.role == role]
            if some:
                learned = sum(record["learned"] for record in some)
                cells = [_range(record[name] for record in some) for name in ("accuracy", "bare", "planted")]
                print(f"| {network} | {role} | {len(some)} | {learned} | {' | '.join(cells)} |")
    print()


def _print_sound(sound: Sequence[Outcome]) -> None:
    print("Sound trainings: how many fail, with and without a region that is marked\n")
    networks = list(dict.fromkeys(one.network for one in sound))
    print(f"| check | {' | '.join(networks)} | all | interval | warned |")
    print("|---" * (len(networks) + 4) + "|")
    names = dict.fromkeys(check for one in sound for _, check in one.statuses)
    model = [name for name in ABOUT_MODEL if name in names]
    rows = [
        (f"`{name}`", [(kind, name) for kind in LIKE_TRAINING])
        for name in (*model, *(set(names) - set(model)))
    ]
    rows = sorted(rows, key=lambda row: (row[1][0][1] not in model, row[0]))
    rows.insert(len(model), ("any of these", [(kind, name) for kind in LIKE_TRAINING for name in model]))
    rows.append(
        (
            f"of a mark never seen: {', '.join(f'`{name}`' for name in model)}",
            [("unseen", one) for one in model],
        )
    )
    for title, checks in rows:
        counted = _count(sound, checks)
        cells = [_count([one for one in sound if one.network == network], checks) for network in networks]
        warned = sum("warned" in [one.statuses.get(check) for check in checks] for one in sound)
        print(f"| {title} | {' | '.join(map(str, cells))} | {counted} | {_interval(counted)} | {warned} |")
    print()
    for one in sound:
        for (kind, check), status in one.statuses.items():
            if status in ("failed", "errored") and check in ABOUT_MODEL:
                print(f"false alarm: {one.case.name} {kind} {check} {status}")
    print()


def _print_shortcuts(found: Sequence[Outcome], role: str) -> None:
    print(f"{role.capitalize()} shortcuts: found, of those that were learned\n")
    header = ["", "trained", "learned", "`region`", "interval", *(f"`{name}`" for name in WITHOUT_MASK)]
    print(f"| {' | '.join([*header, 'without a mask', 'interval', 'not learned, found'])} |")
    print("|---" * (len(header) + 3) + "|")
    networks = dict.fromkeys(f"{network}, {data}" for network, data in PAIRS)
    groups: list[tuple[str, Callable[[Outcome], bool]]] = [
        *((mark, lambda one, mark=mark: one.case.mark == mark) for mark in MARKS),
        *((network, lambda one, network=network: one.network == network) for network in networks),
        ("all", lambda one: True),
    ]
    without = [("bare", name) for name in WITHOUT_MASK]
    for name, belongs in groups:
        some = [one for one in found if belongs(one)]
        learned = [one for one in some if one.record["learned"]]
        region, either = _count(learned, [("marked", "region_mark")]), _count(learned, without)
        each = [_count(learned, [check]) for check in without]
        others = _count([one for one in some if not one.record["learned"]], without)
        cells = [
            name,
            len(some),
            len(learned),
            region,
            _interval(region),
            *each,
            either,
            _interval(either),
            others,
        ]
        print(f"| {' | '.join(map(str, cells))} |")
    for one in found:
        if one.record["learned"]:
            numbers = f"planted {one.record['planted']:.2f}, removed {one.record['removed']:.2f}"
            if one.failed(("marked", "region_mark")) is False:
                print(f"missed with a mask: {one.case.name}, {numbers}")
            if one.failed(*without) is False:
                print(f"missed without one: {one.case.name}, {numbers}")
    print()


def _count(found: Sequence[Outcome], checks: Sequence[tuple[str, str]]) -> Proportion:
    """How many of the trainings fail one of the checks, of those where one applies."""
    told = [one.failed(*checks) for one in found]
    return Proportion(sum(failed is True for failed in told), sum(failed is not None for failed in told))


def _interval(counted: Proportion) -> str:
    return f"{counted.lower(0.025):.2f} … {counted.upper(0.025):.2f}" if counted.count else ""


def _range(values: Iterable[float]) -> str:
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:.2f} ({ordered[0]:.2f} … {ordered[-1]:.2f})"
