"""`keras-saliency survey`: what a saved model looks at in a whole data set, and which of it are shortcuts."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_saliency import __version__
from keras_saliency.cli.arguments import (
    add_method_arguments,
    add_model_arguments,
    check_model,
    local,
    method_options,
    region,
    scale,
    size,
    target_of,
    whole_number,
)
from keras_saliency.cli.console import Console, is_watched
from keras_saliency.cli.quiet import quiet_imports
from keras_saliency.cli.report_files import (
    ReportFiles,
    add_report_arguments,
    exit_code,
    no_verdict,
    tell_github,
)
from keras_saliency.probes.files import STORED
from keras_saliency.records import npz
from keras_saliency.records.outputs import OutputFile, begins_with, check_outputs
from keras_saliency.reports.report import Report
from keras_saliency.terminal import visible

if TYPE_CHECKING:
    from keras_saliency.surveys.survey import Survey

NAME = "survey"
HELP = "Look at a whole data set: groups of examples in which a model looks at the same, tried by experiment."

_DEMO = Path("runs/survey")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument(
        "model", type=local, nargs="?", help="a .keras file; it is opened in Keras' safe mode"
    )
    parser.add_argument(
        "dataset",
        type=local,
        nargs="?",
        help="a folder of pictures, with a folder for each class, or an .npz (keys images and labels)",
    )
    parser.add_argument(
        "--resize", type=size, metavar="HEIGHTxWIDTH", help="of pictures; default: the model's"
    )
    parser.add_argument(
        "--scale",
        type=scale,
        help="multiply the pixels of pictures, 0 to 255, as in 1/255; default: what the model tells",
    )
    parser.add_argument("--out", type=local, help="the folder to write to, or to go on in")
    parser.add_argument(
        "--demo",
        action="store_true",
        help=f"make a data set of digits, a part of the 3s with a mark, and a model of it; default of --out: {_DEMO}",
    )
    parser.add_argument(
        "--limit",
        type=whole_number("limit", 1),
        metavar="N",
        help="look at N examples, chosen by their content",
    )
    parser.add_argument(
        "--region",
        type=region,
        action="append",
        default=[],
        metavar="[NAME=]MASK.npy",
        help="the table gets its enrichment in each map; may be repeated",
    )
    parser.add_argument("--on", choices=["ray"], help="where to measure; default: in this process")
    parser.add_argument("--no-images", action="store_true", help="keep no pictures of examples, maps alone")
    parser.add_argument("--no-maps", action="store_true", help="keep no maps in the folder")
    add_method_arguments(parser)
    add_model_arguments(parser)
    add_report_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Survey the data set, say what was found, and return the exit code."""
    from keras_saliency.surveys.folder import PARTS
    from keras_saliency.surveys.page import words
    from keras_saliency.surveys.page.findings import Findings
    from keras_saliency.surveys.page.folder import PAGE
    from keras_saliency.surveys.page.page import START, encode

    console = Console()
    if options.backend:
        os.environ["KERAS_BACKEND"] = options.backend
    _check_given(options)
    files = ReportFiles.of(NAME, options, START)
    with files.telling_of_earlier():
        if options.demo:
            _make_demo(options, console)
        check_model(options.model)
        _check_folder(options.out, options.dataset)
        masks = [(f"the region {name}", path) for name, path in options.region]
        inputs = [("the model", options.model), ("the data set", options.dataset), *masks]
        page = OutputFile(options.out / PAGE, "The page of the survey", begins_with(START))
        check_outputs([page, *files.outputs.values()], inputs)
        regions = {name: _mask(path) for name, path in options.region}
        method = _method(options, console)
    unfinished = _unfinished(options, method.name)
    if any(one.path.resolve().is_relative_to(options.out.resolve()) for one in files.outputs.values()):
        (options.out / PARTS).mkdir(parents=True, exist_ok=True)  # which says that the folder is a survey's
    files.begin(unfinished.report, lambda _: encode(Findings(unfinished)))
    survey = _surveyed(options, method, regions, console)
    files.end(survey.report, lambda _: page.path.read_text(encoding="utf-8"))
    for line in words.lines(Findings(survey)):
        console.print(line)
    console.print("", f"The page: {page.path}", f"          keras-saliency view {quote(str(options.out))}")
    tell_github(survey.report)
    return exit_code(survey.report)


def _check_given(options: argparse.Namespace) -> None:
    """Raise `ValueError` where the options do not say what to look at, or where to write."""
    given = [one for one in (options.model, options.dataset) if one is not None]
    if options.demo and given:
        raise ValueError(f"Expected either --demo or a model and a data set. Received: --demo and {given[0]}")
    if not options.demo and len(given) < 2:
        raise ValueError("Expected a model and a data set, or --demo.")
    if options.out is None and not options.demo:
        raise ValueError("Expected --out FOLDER, where the survey is written.")
    options.out = options.out or _DEMO


def _check_folder(out: Path, dataset: Path) -> None:
    """Raise where there is no data set, where the survey would become a part of it, or where other files are."""
    from keras_saliency.surveys.folder import refuse_other_things

    if not dataset.exists():
        raise FileNotFoundError(f"No such data set: {dataset}")
    if out.resolve().is_relative_to(dataset.resolve()):
        raise ValueError(
            f"The survey cannot be written to {out}, in the data set {dataset}: give it another folder."
        )
    refuse_other_things(out)


def _make_demo(options: argparse.Namespace, console: Console) -> None:
    """Train the demo's network; what it was trained on is looked at."""
    with console.status("Loading Keras …"), quiet_imports():
        from keras_saliency.demo import survey as demo
        from keras_saliency.demo.story import new_folder
        from keras_saliency.surveys.surveying import require_packages
    require_packages()
    console.print(
        f"Scans of digits; {demo.PALE:.0%} can hardly be read, and of these the 3s have a white corner.",
        "A small network trains on them; then the survey looks at all of them. Nobody tells it of the corner.",
        "",
    )
    folder = new_folder(options.out.parent, options.out.name)
    with console.status("Training …"), quiet_imports():  # Keras loads more when it trains
        made = demo.make(folder)
    options.model, options.dataset, options.out = made.model, made.data, folder / "survey"


def _method(options: argparse.Namespace, console: Console) -> Any:
    with console.status("Loading Keras …"), quiet_imports():
        from keras_saliency.methods import make_method
        from keras_saliency.surveys.surveying import require_packages
    require_packages()
    return make_method(options.method or "gradient", method_options(options.option, options.layer))


def _dataset(options: argparse.Namespace, model: Any) -> Any:
    """The file or folder; pictures with a size or a scale are read so."""
    from keras_saliency.surveys.sources import of_pictures

    if options.resize is None and options.scale is None:
        return options.dataset
    if options.dataset.suffix in STORED:
        raise ValueError(f"--resize and --scale are for pictures. Received: {options.dataset}")
    target = target_of(options.target)
    return of_pictures(model, [options.dataset], target, options.resize, options.scale)


def _mask(path: Path) -> np.ndarray:
    try:
        return npz.read_array(path)
    except FileNotFoundError:
        raise FileNotFoundError(f"No such mask: {path}") from None


def _unfinished(options: argparse.Namespace, method: str) -> Survey:
    """What the reports say from the start of a run to its end, and after it if it dies."""
    from keras_saliency.surveys.survey import Survey

    versions = {"keras_saliency": __version__}
    report = Report((no_verdict(),), options.model.stem, method, "", 0, versions, options.seed or 0)
    return Survey(options.out, (), report, {}, 0)


def _surveyed(
    options: argparse.Namespace, method: Any, regions: dict[str, np.ndarray], console: Console
) -> Survey:
    from keras_saliency.engine.model_files import load_model
    from keras_saliency.surveys.surveying import survey

    with console.status(f"Loading {options.model} …"):
        model = load_model(options.model, options.imports or ())
    try:
        return survey(
            model,
            _dataset(options, model),
            options.out,
            method=method,
            target=target_of(options.target),
            regions=regions,
            output=options.output,
            logits=options.logits or "auto",
            channel_axis=options.channel_axis,
            seed=options.seed or 0,
            limit=options.limit,
            on=options.on,
            store_images=not options.no_images,
            maps=not options.no_maps,
            progress=is_watched(),
        )
    except KeyboardInterrupt as interrupt:
        for note in getattr(interrupt, "__notes__", ()):  # what was measured stays
            sys.stderr.write(f"keras-saliency survey: {visible(note)}\n")
        raise
