"""`keras-saliency check`: the verdicts about a saved model, and an exit code that a CI understands."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path
from typing import Any, get_args

from keras_saliency import __version__
from keras_saliency.checks.base import CHECKS, Check
from keras_saliency.checks.gate.config import Config
from keras_saliency.checks.gate.suites import Chosen, make_checks
from keras_saliency.checks.gate.waivers import check_waivers, regions_of, with_waivers
from keras_saliency.cli.arguments import (
    add_config_argument,
    add_method_arguments,
    add_model_arguments,
    config_of,
    inputs_of,
    local,
)
from keras_saliency.cli.console import is_watched, stderr_console
from keras_saliency.cli.quiet import quiet_imports
from keras_saliency.cli.report_files import ReportFiles, add_report_arguments, exit_code, no_verdict, tell
from keras_saliency.probes import ProbeSet
from keras_saliency.probes.files import load_probes
from keras_saliency.records.outputs import check_outputs
from keras_saliency.reports.report import Report
from keras_saliency.reports.result import CheckResult
from keras_saliency.reports.verdicts import FailOn
from keras_saliency.terminal import visible

NAME = "check"
HELP = "Check a saved model: exit code 0 if it passes, 1 if a check fails, 2 if there is no verdict."

_Told = Callable[[Check, CheckResult | None], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("model", type=local, help="a .keras file; it is opened in Keras' safe mode")
    parser.add_argument("probes", type=local, help="a saved probe set, or an .npz (keys images and labels)")
    parser.add_argument("--checks", help="suites (structure, quick, full) and checks: a,b; default: quick")
    parser.add_argument(
        "--forbid", action="append", metavar="REGION", help="must not be used: a name, or a mask in an .npy"
    )
    parser.add_argument("--require", action="append", metavar="REGION", help="must be used")
    parser.add_argument("--min-accuracy", type=float, metavar="SHARE", help="on the probes, 0 to 1")
    parser.add_argument("--golden", metavar="FILE", help="approved maps, by `keras-saliency golden`")
    add_method_arguments(parser)
    parser.add_argument(
        "--fail-on",
        choices=get_args(FailOn),
        help="what gives exit code 1: failed (about the model, or asked for by name; default), any (of the maps too), "
        "or warned (warnings too)",
    )
    add_model_arguments(parser)
    add_config_argument(parser)
    add_report_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Run the checks, print the report, and return the exit code."""
    config = config_of(options)
    if config.backend:
        os.environ["KERAS_BACKEND"] = config.backend
    files = ReportFiles.of(NAME, config)
    with files.telling_of_earlier():
        probes = config.with_masks(load_probes(options.probes))
        items = config.items(probes)
        chosen = make_checks(items, probes)
        check_waivers(config.waivers, names_to_waive(chosen, probes))
        golden = [] if config.golden is None else [("the golden file", Path(config.golden))]
        check_outputs(files.outputs.values(), [*inputs_of(options, config), *golden])
        method = _method(config)
    files.begin(_no_verdict(options.model, probes, config))
    report = _checked(options.model, probes, items, method, config)
    report = with_waivers(report, config.waivers, date.today(), regions_of(chosen, probes))
    files.end(report)
    tell(report)
    return exit_code(report)


def names_to_waive(chosen: Iterable[Chosen], probes: ProbeSet) -> set[str]:
    """The names that checks can have in a report about these probes."""
    of_others = {name for name, kind in CHECKS.built_in().items() if hasattr(kind, "for_probes")}
    reported = {check.name for check in (*chosen, *make_checks("full", probes))}
    return reported | (set(CHECKS.names()) - of_others)


def _method(config: Config) -> Any:
    with _spoken(0) as (status, _), status("Loading Keras …"), quiet_imports():
        from keras_saliency.methods import make_method
    return make_method(config.method, config.method_options)


def _checked(path: Path, probes: ProbeSet, items: list[str | Check], method: Any, config: Config) -> Report:
    from keras_saliency.checks.gate.runner import check
    from keras_saliency.engine.model_files import load_model

    with _spoken(len(make_checks(items, probes))) as (status, progress):
        with status(f"Loading {path} …"):
            model = load_model(path, config.imports)
        with progress() as told:
            fail_on: FailOn = config.fail_on
            return check(
                model,
                probes,
                items,
                method=method,
                target=config.target,
                output=config.output,
                logits=config.logits,
                seed=config.seed,
                fail_on=fail_on,
                progress=told,
            )


@contextmanager
def _spoken(count: int) -> Iterator[tuple[Callable[[str], Any], Callable[[], Any]]]:
    """How progress is shown: on the terminal of a person, and nowhere else."""
    if not is_watched():
        yield lambda text: nullcontext(), lambda: nullcontext(None)
        return
    with stderr_console() as console:
        yield console.status, lambda: _bar(console, count)


@contextmanager
def _bar(console: Any, count: int) -> Iterator[_Told]:
    """A progress bar, which disappears at the end."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=count)

        def told(check: Check, result: CheckResult | None) -> None:
            bar.update(task, description=visible(check.name), advance=0 if result is None else 1)

        yield told


def _no_verdict(model: Path, probes: ProbeSet, config: Config) -> Report:
    """What the reports say from the start of a run to its end, and after it if it dies."""
    return Report(
        results=(no_verdict(),),
        model=model.stem,
        method=config.method,
        fingerprint=probes.fingerprint,
        probes=len(probes),
        versions={"keras_saliency": __version__},
        seed=config.seed,
        fail_on=config.fail_on,
    )
