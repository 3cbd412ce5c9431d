"""The table of docs/survey.md: what surveys say of planted strategies."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from benchmarks.field.cases import Case
from keras_saliency.checks.shared.statistics import Proportion


def print_table(cases: Iterable[Case], folder: Path) -> None:
    """A line for each mark and data set: trainings, learned, found and proven, accused of anything else."""
    rows: dict[tuple[str, str, str], list[tuple[bool, bool, bool]]] = {}
    for case in cases:
        stored = folder / case.name / "verdicts.json"
        if not stored.exists():
            continue
        record = json.loads((folder / case.name / "record.json").read_text())
        failed = [
            one["class"] for one in json.loads(stored.read_text())["results"] if one["status"] == "failed"
        ]
        meant = {record["meant"], record["rival"]} if case.role == "strong" else set()
        mark = case.mark if case.role != "clean" else ""
        line = (record["learned"], bool(meant & set(failed)), bool(set(failed) - meant))
        for key in ((case.data, case.role, mark), ("all", case.role, "")):
            rows.setdefault(key, []).append(line)
    print(
        "| data | role | mark | trainings | learned | found and proven | 95 % interval | accused of what is not so |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for (data, role, mark), lines in rows.items():
        proven = Proportion(
            sum(found for learned, found, _ in lines if learned), sum(line[0] for line in lines)
        )
        interval = f"{proven.lower(0.025):.2f} … {proven.upper(0.025):.2f}" if proven.count else ""
        wrong = sum(line[2] or (role != "strong" and line[1]) for line in lines)
        learned = f"{proven.count} | {proven if proven.count else ''} | {interval}"
        print(f"| {data} | {role} | {mark} | {len(lines)} | {learned} | {Proportion(wrong, len(lines))} |")
