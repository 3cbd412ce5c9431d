"""`python -m benchmarks.planted train|judge|table`: each goes on where it was stopped, and says how far it is."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks.field.__main__ import every
from benchmarks.planted.training import FOLDER, plan, train


def main() -> None:
    """Read the command, and do it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planted", description=__doc__)
    parser.add_argument("command", choices=["train", "judge", "table"])
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where trainings are stored (%(default)s)"
    )
    parser.add_argument("--only", default="", help="trainings whose name holds this, such as digits-stripe")
    parser.add_argument("--tuning", action="store_true", help="those on which rules were chosen, instead")
    parser.add_argument("--again", action="store_true", help="also what is stored already")
    asked = parser.parse_args()
    cases = [case for case in plan(tuning=asked.tuning) if asked.only in case.name]
    if asked.command == "train":
        every(cases, lambda case: asked.folder / case.name / "record.json", train, asked.folder, asked.again)
        return
    from benchmarks.planted.judging import judge
    from benchmarks.planted.table import print_table

    trained = [case for case in cases if (asked.folder / case.name / "record.json").exists()]
    if asked.command == "judge":
        stored = "verdicts.json"
        every(trained, lambda case: asked.folder / case.name / stored, judge, asked.folder, asked.again)
    else:
        print_table(trained, asked.folder)


if __name__ == "__main__":
    main()
