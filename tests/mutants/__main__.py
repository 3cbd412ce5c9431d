"""How many small changes to the code the tests notice: `python -m tests.mutants [--sample N] [ROOM or FILE …]`.

Each change (`mutations`) is made in a process of its own, forked once the tests are collected; the tests that reach its
line run there, the fastest first, until one fails. The files on disk stay as they are. Which test reaches which line is
measured before, by coverage. The tests are those of the room, `tests/<room>`, without those that train networks or take
long (`running`): what is noticed is noticed by a closed form or a small example.

Of a room with more than N changes a random sample of N is made, always the same for a seed; the share's exact interval
(Clopper and Pearson 1934) stands beside it. What survives is printed, unless `survivors.toml` says why it may.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from scipy.stats import binomtest

from tests.mutants.mutations import Mutant, mutants_of
from tests.mutants.running import examine

ROOMS = ("metrics", "checks", "records", "methods", "engine")
ARITHMETIC = {
    "attention", "averages", "axes", "chunks", "feature_maps", "float16", "flow", "layout", "outputs", "pixels",
    "reading", "rectifiers", "scores", "slabs", "tensorflow", "token_grid",
}  # fmt: skip
"""Of the engine the files that hold arithmetic; the others carry values, and ask frameworks and Keras."""
PACKAGE = Path("keras_saliency")
SURVIVORS = Path(__file__).with_name("survivors.toml")
ENOUGH = 0.9


def known() -> dict[tuple[str, str, str], str]:
    """What survives and may, with the reason."""
    if not SURVIVORS.exists():
        return {}
    listed = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))
    return {(one["file"], one["before"], one["after"]): one["why"] for one in listed["survivor"]}


def counting(counts: Counter[str]) -> Callable[[Mutant, int, str], None]:
    """A function that counts what became of a change, and prints what nobody expected to survive."""
    listed = known()

    def count(mutant: Mutant, tests: int, outcome: str) -> None:
        before, after = mutant.change
        is_listed = outcome == "survived" and (mutant.path.as_posix(), before, after) in listed
        counts["listed" if is_listed else outcome] += 1
        if outcome == "survived" and not is_listed:
            print(f"{mutant.path}:{mutant.lines[0]}  ({tests} tests)\n  - {before}\n  + {after}", flush=True)

    return count


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("places", nargs="*", default=ROOMS)
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tests", nargs="+", type=Path, help="instead of those of the room")
    options = parser.parse_args()
    poor = False
    for place in options.places:
        began = time.perf_counter()
        path = PACKAGE / place
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        if place == "engine":
            files = [file for file in files if file.stem in ARITHMETIC]
        folders = options.tests or [Path("tests") / (place if path.is_dir() else Path(place).parent)]
        mutants = [mutant for file in files for mutant in mutants_of(file)]
        chosen = random.Random(options.seed).sample(mutants, min(options.sample, len(mutants)))
        counts: Counter[str] = Counter()
        examine(sorted(chosen, key=lambda one: (one.path, one.lines[0])), folders, counting(counts))
        noticed, judged = counts["noticed"] + counts["hung"], len(chosen) - counts["listed"]
        low, high = binomtest(noticed, judged).proportion_ci(method="exact")
        print(
            f"{place}: {noticed} of {judged} changes are noticed ({counts['hung']} hang), {noticed / judged:.1%} "
            f"({low:.1%} to {high:.1%}), beside {counts['listed']} that may survive; {len(chosen)} of {len(mutants)} "
            f"were made, seed {options.seed}, in {time.perf_counter() - began:.0f} s.",
            flush=True,
        )
        poor |= noticed < ENOUGH * judged
    return int(poor)


if __name__ == "__main__":
    sys.exit(main())
