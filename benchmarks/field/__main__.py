"""`python -m benchmarks.field COMMAND`: each goes on where it was stopped, and says how far it is."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks.field.cases import FOLDER, Case, plan


def main() -> None:
    """Read the command, and do it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.field", description=__doc__)
    parser.add_argument("command", choices=["train", "judge", "table", "repair", "repaired", "lite0"])
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where trainings are stored (%(default)s)"
    )
    parser.add_argument("--only", default="", help="cases whose name holds this, such as vit- or -stripe-")
    parser.add_argument(
        "--held-out", action="store_true", help="the trainings on which no rule was chosen, instead"
    )
    parser.add_argument("--again", action="store_true", help="also what is stored already")
    parser.add_argument("--checks", nargs="*", default=[], help="judge: only these, again")
    parser.add_argument("--ways", nargs="*", default=[], help="repair: only these")
    parser.add_argument("--role", default="", help="repair: strong or clean alone")
    parser.add_argument(
        "--seeds", type=int, nargs="*", default=[0], help="repair: of these seeds (%(default)s)"
    )
    asked = parser.parse_args()
    cases = [case for case in plan(held_out=asked.held_out) if asked.only in case.name]
    if asked.command == "train":
        from benchmarks.field.training import train

        every(cases, lambda case: asked.folder / case.name / "record.json", train, asked.folder, asked.again)
    elif asked.command == "judge":
        from benchmarks.field.judging import judge

        cases = [case for case in cases if (asked.folder / case.name / "record.json").exists()]
        every(
            cases,
            lambda case: asked.folder / case.name / "verdicts.json",
            partial(judge, only=asked.checks),
            asked.folder,
            asked.again or bool(asked.checks),
        )
    elif asked.command == "table":
        from benchmarks.field.table import print_tables

        print_tables(cases, asked.folder)
    elif asked.command == "repair":
        from benchmarks.field import repair

        chosen = [
            case for case in repair.plan(asked.seeds) if asked.only in case.name and asked.role in case.name
        ]
        repair.every(chosen, asked.folder, asked.ways or list(repair.WAYS))
    elif asked.command == "repaired":
        from benchmarks.field.repaired import print_tables as print_repairs

        print_repairs(asked.folder)
    else:
        from benchmarks.field.imagenet import main as photographs

        photographs()


def every(
    cases: Iterable[Case],
    made: Callable[[Case], Path],
    make: Callable[[Case, Path], dict[str, object]],
    folder: Path,
    again: bool,
) -> None:
    """Make what is missing, a line each."""
    missing = [case for case in cases if again or not made(case).exists()]
    for count, case in enumerate(missing, 1):
        started = time.perf_counter()
        told = json.dumps(make(case, folder / case.name))
        print(f"{count}/{len(missing)} {time.perf_counter() - started:.1f} s {case.name} {told}", flush=True)


if __name__ == "__main__":
    main()
