"""How many small changes to the code the tests notice: `python -m tests.mutants [--sample N] [ROOM or FILE …]`.

Each change (`mutations`) is made in a process of its own, forked after the frameworks are imported, and the tests that reach
its line run there, the fastest first, until one fails; the file on disk stays as it is. Which test reaches which line is
measured before, by coverage. The tests are those of the room, `tests/<room>`, without those that train a network
(`LONGEST`): what is noticed is noticed by a closed form or a small example.

Of a room with more than N changes a random sample of N is made, always the same for a seed, and the share's exact interval
(Clopper and Pearson 1934) stands beside it. What survives is printed, unless `survivors.toml` says why it may.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path

from scipy.stats import binomtest

from tests.mutants.mutations import Mutant, mutants_of

ROOMS = ("metrics", "checks")
PACKAGE = Path("keras_saliency")
SURVIVORS = Path(__file__).with_name("survivors.toml")
LONGEST = 2.0
"""Tests that take longer, in seconds, are left out: they train networks."""
PATIENCE = 60.0
OPTIONS = ("-q", "-x", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist")
"""Plain, as pytest else imports our package, a plugin of its own, by a loader that reads the file on disk."""


class Reached:
    """A pytest plugin: which tests reach which lines of the package, and how long each takes."""

    def __init__(self, coverage):
        self.coverage, self.seconds = coverage, {}

    def pytest_runtest_logstart(self, nodeid, location):
        del location
        self.coverage.switch_context(nodeid)
        self.seconds[nodeid] = -time.perf_counter()

    def pytest_runtest_logfinish(self, nodeid, location):
        del location
        self.seconds[nodeid] += time.perf_counter()
        self.coverage.switch_context("")


def in_a_fork(work: Callable[[], int]) -> tuple[int, float]:
    """The exit code of a function in a forked process, and the seconds that it took; killed when patience ends."""
    began = time.perf_counter()
    child = os.fork()
    if not child:
        signal.alarm(int(PATIENCE))
        quiet = os.open(os.devnull, os.O_WRONLY)
        if not os.environ.get("MUTANTS_LOUD"):
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
        try:
            os._exit(int(work()))
        except BaseException:  # noqa: BLE001  the process is ours, and says by its code that it failed
            os._exit(99)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), time.perf_counter() - began


@dataclass(frozen=True)
class Reach:
    """What the tests of a room reach.

    Attributes:
        seconds: how long each test takes, the fastest first.
        lines: for each file of the package, for each line, the tests that reach it.
    """

    seconds: dict[str, float]
    lines: dict[str, dict[int, set[str]]]

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests that reach a change; where it is made at import those that reach the file, or else all."""
        lines = self.lines.get(str(mutant.path.resolve()), {})
        here = set().union(*(lines.get(line, ()) for line in mutant.lines))
        chosen = here or set().union(*lines.values()) or set(self.seconds)
        return [test for test in self.seconds if test in chosen]


def measured(folder: Path, data: Path) -> Reach:
    """What the tests in a folder reach, without the slow ones; measured in a fork, as all that they load is."""
    import coverage

    def measure():
        import pytest

        signal.alarm(1800)
        measuring = coverage.Coverage(source=[str(PACKAGE)], data_file=None, config_file=False)
        plugin = Reached(measuring)
        with measuring.collect():
            code = pytest.main([str(folder), *OPTIONS, "-m", "not zoo"], [plugin])
        if code:
            return code
        lines = {
            name: measuring.get_data().contexts_by_lineno(name)
            for name in measuring.get_data().measured_files()
        }
        data.write_text(json.dumps({"seconds": plugin.seconds, "lines": lines}))
        return 0

    code, _ = in_a_fork(measure)
    if code:
        sys.exit(f"The tests in {folder} fail (exit code {code}) without any change.")
    found = json.loads(data.read_text())
    took = {test: time for test, time in found["seconds"].items() if time <= LONGEST}
    seconds = dict(sorted(took.items(), key=lambda item: item[1]))
    lines = {
        name: {int(line): seconds.keys() & set(tests) for line, tests in lines.items()}
        for name, lines in found["lines"].items()
    }
    return Reach(seconds, lines)


def survives(mutant: Mutant, tests: list[str]) -> bool:
    """Whether no test fails."""
    source, path = mutant.source, str(mutant.path.resolve())
    original = SourceFileLoader.get_code

    def get_code(loader, name):
        if loader.path == path:
            return compile(source, path, "exec", dont_inherit=True)
        return original(loader, name)

    def work():
        import pytest

        SourceFileLoader.get_code = get_code
        return pytest.main([*tests, *OPTIONS])

    return not tests or in_a_fork(work)[0] == 0


def known() -> dict[tuple[str, str, str], str]:
    """What survives and may, with the reason."""
    if not SURVIVORS.exists():
        return {}
    listed = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))
    return {(one["file"], one["before"], one["after"]): one["why"] for one in listed["survivor"]}


def examine(mutants: Iterable[Mutant], reach: Reach) -> Counter:
    """Counts of what became of the changes; those that nobody expected to survive are printed."""
    counts, listed = Counter(), known()
    for mutant in mutants:
        tests = reach.tests_of(mutant)
        if not survives(mutant, tests):
            counts["noticed"] += 1
            continue
        before, after = mutant.change
        why = listed.get((mutant.path.as_posix(), before, after))
        counts["listed" if why else "survived"] += 1
        if not why:
            print(
                f"{mutant.path}:{mutant.lines[0]}  ({len(tests)} tests)\n  - {before}\n  + {after}",
                flush=True,
            )
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("places", nargs="*", default=ROOMS)
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    import keras  # noqa: F401  once, for all that are forked
    import scipy.ndimage
    import scipy.signal

    poor = False
    for place in options.places:
        began = time.perf_counter()
        path = PACKAGE / place
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        folder = Path("tests") / (place if path.is_dir() else Path(place).parent)
        reach = measured(folder, Path("/tmp") / f"mutants-{os.getpid()}.json")
        mutants = [mutant for file in files for mutant in mutants_of(file)]
        chosen = random.Random(options.seed).sample(mutants, min(options.sample, len(mutants)))
        counts = examine(sorted(chosen, key=lambda one: (one.path, one.lines[0])), reach)
        noticed, judged = counts["noticed"], len(chosen) - counts["listed"]
        low, high = binomtest(noticed, judged).proportion_ci(method="exact")
        print(
            f"{place}: {noticed} of {judged} changes are noticed, {noticed / judged:.1%} ({low:.1%} to {high:.1%}), beside "
            f"{counts['listed']} that may survive; {len(chosen)} of {len(mutants)} were made, seed {options.seed}, in "
            f"{time.perf_counter() - began:.0f} s.",
            flush=True,
        )
        poor |= noticed < 0.9 * judged
    return int(poor)


if __name__ == "__main__":
    sys.exit(main())
