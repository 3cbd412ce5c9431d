"""The tables of docs/repair.md: what each repair does, over all, by mark and by network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.field.cases import MARKS, PAIRS
from benchmarks.field.repair import UNTOLD, lines
from benchmarks.field.training import LEARNED
from keras_saliency.checks.shared.statistics import Proportion

Line = dict[str, Any]
CLEAN = ("nothing", "plain")
"""What the accuracies are compared with: the clean arm as it was trained, and after as many batches more."""


@dataclass(frozen=True)
class Row:
    """A training after a repair.

    Attributes:
        line: what is stored of it.
        less: the accuracy without the mark, less that of the clean arm, by each of `CLEAN` that there is.
    """

    line: Line
    less: dict[str, float]

    @property
    def fails(self) -> bool:
        """Whether the gate fails that knows of no mark."""
        return any(self.line.get(name) == "failed" for name in UNTOLD)

    @property
    def fails_told(self) -> bool | None:
        """Whether `region` fails, which knows where the mark is; None where it was not asked."""
        status = self.line.get("region_mark")
        return None if status in (None, "skipped") else status == "failed"

    @property
    def follows(self) -> bool:
        """Whether the mark still turns more than half of the other images into its class."""
        return bool(self.line["planted"] > LEARNED)


def print_tables(folder: Path) -> None:
    """Print all tables, and each training whose gate still fails after an exchange."""
    found = rows(lines(folder))
    for role in ("strong", "clean"):
        some = [row for row in found if row.line["role"] == role]
        print(f"\n{role}\n")
        _print(some, lambda line: line["way"], dict.fromkeys(row.line["way"] for row in some))
        for way in dict.fromkeys(row.line["way"] for row in some):
            of_way = [row for row in some if row.line["way"] == way]
            print(f"\n{role}, {way}\n")
            _print(of_way, lambda line: line["mark"], MARKS)
            networks = [f"{network}, {data}" for network, data in PAIRS]
            _print(of_way, lambda line: f"{line['network']}, {line['data']}", networks)
    for row in found:
        if row.line["way"] not in CLEAN and (row.fails or row.fails_told):
            words = [str(row.line[name]) for name in ("network", "data", "mark", "role", "seed", "way")]
            statuses = [row.line.get(name) for name in (*UNTOLD, "region_mark")]
            print(f"still fails: {' '.join(words)} {statuses} planted {row.line['planted']:.2f}")


def rows(stored: Iterable[Line]) -> list[Row]:
    """What was repaired, of what was learned and of the clean."""
    done = [line for line in stored if line["done"] and (line["learned"] or line["role"] == "clean")]
    clean = {(_place(line), line["way"]): line["bare"] for line in done if line["role"] == "clean"}

    def less(line: Line) -> dict[str, float]:
        known = {way: clean.get((_place(line), way)) for way in CLEAN}
        return {way: line["bare"] - bare for way, bare in known.items() if bare is not None}

    return [Row(line, less(line)) for line in done]


def _place(line: Line) -> tuple[str, ...]:
    return tuple(str(line[name]) for name in ("network", "data", "mark", "seed"))


def _print(found: Sequence[Row], group: Callable[[Line], str], names: Iterable[str]) -> None:
    print("| | trainings | gate fails | interval | with the mask | mark followed | accuracy |", end="")
    print(" less the clean | less the clean, trained on |\n|---|---|---|---|---|---|---|---|---|")
    for name in [*names, "all"]:
        some = [row for row in found if name in (group(row.line), "all")]
        if some:
            fails = Proportion(sum(row.fails for row in some), len(some))
            told = [row.fails_told for row in some if row.fails_told is not None]
            follow = Proportion(sum(row.follows for row in some), len(some))
            accuracy = np.mean([row.line["bare"] for row in some])
            less = [_mean([row.less[way] for row in some if way in row.less]) for way in CLEAN]
            cells = [name, len(some), fails, f"{fails.lower(0.025):.2f} … {fails.upper(0.025):.2f}"]
            cells += [Proportion(sum(told), len(told)), follow, f"{accuracy:.3f}", *less]
            print(f"| {' | '.join(map(str, cells))} |")


def _mean(values: Sequence[float]) -> str:
    """The mean, and the least."""
    return f"{np.mean(values):+.3f} ({min(values):+.3f})" if values else ""
