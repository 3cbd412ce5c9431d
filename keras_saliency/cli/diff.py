"""`keras-saliency diff`: what two saved models look at on the same probes."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from keras_saliency.cli.arguments import (
    add_method_arguments,
    add_model_arguments,
    check_model,
    local,
    method_options,
    target_of,
)
from keras_saliency.cli.console import Console, is_watched
from keras_saliency.cli.quiet import quiet_imports
from keras_saliency.probes.files import load_probes
from keras_saliency.probes.names import class_name, probe_name
from keras_saliency.records.outputs import OutputFile, begins_with, check_outputs
from keras_saliency.records.whole_file import replace_file

if TYPE_CHECKING:
    from keras_saliency.explanation.difference import Difference
    from keras_saliency.reports.report import Report

NAME = "diff"
HELP = "Compare what two saved models look at on the same probes."

_NAMED = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("before", type=local, help="a .keras file; it is opened in Keras' safe mode")
    parser.add_argument("after", type=local, help="another one that takes the same inputs")
    parser.add_argument("probes", type=local, help="a saved probe set, or an .npz (keys images and labels)")
    parser.add_argument("--checks", help="suites and checks to make of both: a,b; default: none")
    add_method_arguments(parser)
    add_model_arguments(parser)
    parser.add_argument("--html", type=local, metavar="PATH", help="write a page with all maps side by side")


def run(options: argparse.Namespace) -> int:
    """Explain the probes by both models, and say what differs."""
    from keras_saliency.cli.diff_page import START, page_of

    console = Console()
    models = (options.before, options.after)
    for path in models:
        check_model(path)
    inputs = [("the model before", models[0]), ("the model after", models[1]), ("the probes", options.probes)]
    page = None if options.html is None else OutputFile(options.html, "The page", begins_with(START))
    check_outputs([] if page is None else [page], inputs)
    if options.backend:
        os.environ["KERAS_BACKEND"] = options.backend
    probes = load_probes(options.probes)
    with console.status("Loading Keras …"), quiet_imports():
        from keras_saliency.checks.gate.runner import check
        from keras_saliency.engine.model_files import load_model
        from keras_saliency.explanation import explain
        from keras_saliency.explanation.difference import Difference
        from keras_saliency.methods import make_method
    method = make_method(options.method or "gradient", method_options(options.option, options.layer))
    asked = {
        "target": target_of(options.target),
        "output": options.output,
        "logits": options.logits or "auto",
        "channel_axis": options.channel_axis,
        "seed": options.seed or 0,
    }
    explained, reports = [], []
    for path in models:
        with console.status(f"Loading {path} …"):
            model = load_model(path, options.imports or ())
        explained.append(explain(model, probes, method, progress=is_watched(), **asked))
        if options.checks:
            reports.append(check(model, probes, options.checks.split(","), method=method, **asked))
    found = Difference(*explained)
    lines = [*_lines(found), *(_of_checks(*reports) if reports else ())]
    console.print(f"{models[0]} → {models[1]}: {len(probes)} probes, maps by {method.name}")
    for line in lines:
        console.print(line)
    if page is not None:
        size = replace_file(options.html, page_of(found, models, lines).encode("utf-8", "replace"))
        console.print(f"{options.html}: {size / 1e6:.1f} MB")
    return 0


def _lines(found: Difference) -> Iterator[str]:
    """What differs, a sentence each."""
    yield _of_predictions(found)
    if found.accuracy is not None:
        yield "accuracy on the probes: {:.2f} → {:.2f}".format(*found.accuracy)
    defined = found.correlation[np.isfinite(found.correlation)]
    if defined.size:
        yield (
            f"rank correlation of the maps: median {np.median(defined):.2f}, "
            f"from {defined.min():.2f} to {defined.max():.2f}"
        )
    for region, (then, now) in found.enrichment.items():
        yield f"enrichment of region {region}: {_words(then)} → {_words(now)}"


def _words(mean: float) -> str:
    return "none" if np.isnan(mean) else f"{mean:.2f}"


def _of_predictions(found: Difference) -> str:
    probes = found.before.probes
    changed = np.flatnonzero(found.flipped)
    if not changed.size:
        return "predictions: none flipped"

    def told(probe: int) -> str:
        then, now = (
            class_name(probes.class_names, int(one.predicted_classes[probe]))
            for one in (found.before, found.after)
        )
        return f"{probe_name(probes.names, probe)}: {then} → {now}"

    more = f", and {changed.size - _NAMED} more" if changed.size > _NAMED else ""
    return f"predictions: {changed.size} of {len(probes)} flipped ({', '.join(map(told, changed[:_NAMED]))}{more})"


def _of_checks(before: Report, after: Report) -> Iterator[str]:
    """The verdicts that differ."""
    then = {result.name: result for result in before.results}
    changed = [
        f"check {result.name}: {then[result.name].status} → {result.status}. {result.sentence}"
        for result in after.results
        if result.name in then and then[result.name].status != result.status
    ]
    yield from changed or [f"checks: the same verdicts ({after.count_words()})"]
