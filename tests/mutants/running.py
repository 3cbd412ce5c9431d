"""Tests of changed code: a fork of a process that has collected them, for each change."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from multiprocessing import get_context
from pathlib import Path
from time import process_time
from types import FunctionType
from typing import Any

import pytest

from tests.mutants.mutations import Mutant

LONGEST = 2.0
"""Seconds of a processor: tests that take longer are left out."""
TRAINED = "arms"
"""A fixture; tests that use it train networks, and are left out."""
BUDGET = 30.0
"""Seconds of a processor for one change: tests of its file by name first, then the fastest."""
PATIENCE = 300
OPTIONS = (
    *("--assert=plain", "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:xdist"),
    *("-m", "not zoo and not repeats", "-o", "addopts=--strict-markers --import-mode=importlib"),
)
_OWN = {"__builtins__", "__dict__", "__weakref__", "__doc__", "__module__", "__annotations__"}
_OUTCOMES = {0: "survived", -signal.SIGALRM: "hung"}


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
        """The tests that reach a change, up to `BUDGET`; where it is made at import all of the file or of its name."""
        lines = self.lines.get(str(mutant.path.resolve()), {})
        here = set().union(*(lines.get(line, ()) for line in mutant.lines))
        if mutant.at_import:
            named = {test for test in self.seconds if mutant.path.stem in test}
            here = here.union(named, *lines.values()) or set(self.seconds)
        own = f"test_{mutant.path.stem}.py"
        reaching = sorted((test for test in self.seconds if test in here), key=lambda test: own not in test)
        spent = accumulate(self.seconds[test] for test in reaching)
        return [test for test, seconds in zip(reaching, spent, strict=True) if seconds <= BUDGET]


@dataclass(eq=False)  # pytest wants plugins that can be hashed
class Loop:
    """A pytest plugin that runs the tests it collected for each change, instead of once."""

    mutants: Sequence[Mutant]
    told: Callable[[Mutant, int, str], None]
    coverage: Any = None
    seconds: dict[str, float] = field(default_factory=dict)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if TRAINED not in getattr(item, "fixturenames", ())]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        context = sys.modules.get("tensorflow.python.eager.context")
        if context and context.context()._initialized:
            sys.exit("A test module computes with TensorFlow when it is imported: its forks would hang.")
        reach = self._reach(session)
        for mutant in self.mutants:
            tests = reach.tests_of(mutant)
            code = _in_a_fork(partial(self._run, session, tests, mutant)) if tests else 0
            self.told(mutant, len(tests), _OUTCOMES.get(code, "noticed"))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.coverage:
            os._exit(1)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if self.coverage:
            self.coverage.switch_context(nodeid)
            self.seconds[nodeid] = -process_time()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        if self.coverage:
            self.seconds[nodeid] += process_time()

    def _reach(self, session: pytest.Session) -> Reach:
        """What each test reaches, and how long it takes: all are run once.

        No test module may compute with a framework when it is imported: TensorFlow's threads do not outlive a fork.
        """
        from coverage import Coverage

        receiver, sender = get_context("fork").Pipe(duplex=False)

        def measure() -> int:
            self.coverage = Coverage(source=["keras_saliency"], data_file=None, config_file=False)
            with self.coverage.collect():
                self._run(session, [item.nodeid for item in session.items])
            data = self.coverage.get_data()
            lines = {name: data.contexts_by_lineno(name) for name in data.measured_files()}
            sender.send((self.seconds, lines, session.testsfailed))
            return 0

        child = os.fork()
        if not child:
            _work_and_end(measure)
        sender.close()
        seconds, lines, failed = receiver.recv()
        os.waitpid(child, 0)
        if failed:
            sys.exit(f"{failed} tests fail without any change.")
        took = dict(sorted(seconds.items(), key=lambda item: item[1]))
        quick = {test: time for test, time in took.items() if time <= LONGEST}
        return Reach(
            quick,
            {
                name: {line: quick.keys() & set(tests) for line, tests in those.items()}
                for name, those in lines.items()
            },
        )

    def _run(self, session: pytest.Session, tests: Sequence[str], mutant: Mutant | None = None) -> int:
        if mutant:
            _replace(mutant)
        items = {item.nodeid: item for item in session.items}
        chosen = [items[test] for test in tests]
        for item, following in zip(chosen, [*chosen[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return 0


def examine(
    mutants: Sequence[Mutant], folders: Sequence[Path], told: Callable[[Mutant, int, str], None]
) -> None:
    """Tell of each change how many tests reach it, and whether it is noticed, hung or survived."""
    code = pytest.main([*map(str, folders), *OPTIONS], [Loop(mutants, told)])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        sys.exit(f"The tests in {folders} cannot be run (exit code {code}).")


def _in_a_fork(work: Callable[[], int]) -> int:
    """The exit code of a function in a process of its own, that is killed when patience ends."""
    child = os.fork()
    if not child:
        signal.alarm(PATIENCE)
        _work_and_end(work)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _work_and_end(work: Callable[[], int]) -> None:
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    code = 99
    with suppress(BaseException):
        code = int(work())
    os._exit(code)


def _replace(mutant: Mutant) -> None:
    """Give an imported module, its functions and classes what they have in the changed one.

    Objects that were made of them at import stay as they are, so that a change may survive which a new process would
    notice; the other way round it cannot be.
    """
    name = ".".join(mutant.path.with_suffix("").parts).removesuffix(".__init__")
    module = importlib.import_module(name)
    changed = {**vars(module)}
    exec(compile(mutant.source, str(mutant.path.resolve()), "exec", dont_inherit=True), changed)
    _replace_in(module, vars(module), changed, name)


def _replace_in(owner: Any, old: Mapping[str, Any], new: Mapping[str, Any], module: str) -> None:
    for name, value in new.items():
        before = old.get(name)
        if before is value or name in _OWN:
            continue
        if isinstance(value, type) and isinstance(before, type):
            _replace_in(before, dict(vars(before)), dict(vars(value)), module)
        elif functions := list(zip(_functions(before), _functions(value), strict=False)):
            for mine, other in functions:
                if mine.__module__ == module and len(mine.__code__.co_freevars) == len(
                    other.__code__.co_freevars
                ):
                    mine.__code__ = other.__code__
                    mine.__defaults__, mine.__kwdefaults__ = other.__defaults__, other.__kwdefaults__
        elif isinstance(owner, type):
            with suppress(AttributeError, TypeError):
                setattr(owner, name, value)
        else:
            for other in list(sys.modules.values()):  # those that imported it by its name
                if getattr(other, "__dict__", {}).get(name, other) is before:
                    setattr(other, name, value)


def _functions(thing: Any) -> Iterator[FunctionType]:
    """The functions that are called where this attribute is."""
    if isinstance(thing, property):
        thing = thing.fget
    for name in ("func", "__func__", "__wrapped__"):  # cached properties, class methods, caches and managers
        thing = getattr(thing, name, thing)
    if isinstance(thing, FunctionType):
        yield thing
