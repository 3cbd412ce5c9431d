"""`keras-saliency demo`: the main job on real images, offline."""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from rich.table import Table

from keras_saliency.arguments import BACKENDS
from keras_saliency.cli.arguments import local, whole_number
from keras_saliency.cli.console import Console
from keras_saliency.cli.quiet import quiet_imports
from keras_saliency.demo.digits import ARMS

if TYPE_CHECKING:
    from keras_saliency.demo.repair import Judged
    from keras_saliency.demo.story import Row, Story

NAME = "demo"
HELP = "Train a small network that learns to read a planted corner, and watch it do so."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("--backend", choices=BACKENDS, help="default: Keras' own choice")
    parser.add_argument("--epochs", type=whole_number("epochs", 1), default=10, help="default: 10")
    parser.add_argument(
        "--seed", type=whole_number("seed", 0), default=0, help="of the network and its training; default: 0"
    )
    parser.add_argument(
        "--arm",
        choices=ARMS,
        default="shortcut",
        help="who has the corner: every 3 (shortcut, the default), nobody (clean), one in ten (irrelevant)",
    )
    parser.add_argument(
        "--repair",
        type=whole_number("repair", 1),
        nargs="?",
        const=5,
        metavar="EPOCHS",
        help="then prove the corner, train on for so many epochs (5) with its content exchanged between images, and "
        "judge again",
    )
    parser.add_argument("--out", type=local, default=Path("runs/demo"), help="default: runs/demo")


def run(options: argparse.Namespace) -> int:
    """Run the demo, and print what it shows."""
    console = Console()
    if options.backend:
        os.environ["KERAS_BACKEND"] = options.backend
    console.print(*_opening(options.arm), "")
    epochs = options.epochs + (options.repair or 0)

    def progress(row: Row) -> None:
        console.print(_progress(row, epochs))

    with console.status("Loading Keras …"), quiet_imports():
        from keras_saliency.demo import repair, story
    if options.repair:
        told = repair.tell_repair(
            options.arm,
            options.epochs,
            options.repair,
            options.seed,
            options.out,
            progress=progress,
            judged=partial(_print_judged, console),
        ).story
    else:
        told = story.tell(options.arm, options.epochs, options.seed, options.out, progress)
    _close(console, told)
    return 0


def _print_judged(console: Console, judged: Judged) -> None:
    """The verdict, the sentence behind it, and what the network does without the corner."""
    (result,) = judged.report.results
    console.print(
        "",
        f"{result.name}: {result.status}. {result.sentence}",
        f"Accuracy on held-out digits without the corner: {judged.without_mark:.2f}",
    )
    if judged.report.regions:
        console.print("ks.SwapRegions(report.regions) exchanges what is there between the images of a batch.")
    console.print("")


def _opening(arm: str) -> tuple[str, ...]:
    corner = {
        "shortcut": "every 3 has a white corner, in training and in validation",
        "clean": "no image has the white corner",
        "irrelevant": "one image in ten has a white corner, whatever its class",
    }[arm]
    return (
        f"Handwritten digits; {corner}.",
        "A small network trains on them. Watched: the gradient of its score for class 3,",
        "on eight 3s and eight other digits, all with the corner. Enrichment 1.0 is chance.",
    )


def _progress(row: Row, epochs: int) -> str:
    moment = "before training" if row.epoch < 0 else f"epoch {row.epoch + 1:2}/{epochs}"
    validation = "" if row.validation is None else f"   validation accuracy {row.validation:.2f}"
    return f"{moment:15}   corner enrichment {row.enrichment:4.1f}{validation}"


def _close(console: Console, told: Story) -> None:
    table = Table("epoch", "validation\naccuracy", "accuracy on\nthe probes", "corner\nenrichment", "drift")
    for row in told.rows:
        cells = (row.validation, row.probes, row.enrichment, row.drift)
        moment = "before" if row.epoch < 0 else str(row.epoch + 1)
        table.add_row(moment, *("" if cell is None else f"{cell:.2f}" for cell in cells))
    console.print("", str(told.summary), "")
    console.print("Three things to look at", "", style="bold")
    console.print("1. What the network looks at, epoch by epoch:", f"   {told.film_strip}", "")
    console.print("2. The numbers:", table, "")
    folder = quote(str(told.folder))
    console.print(
        "3. Every epoch under one slider, in TensorBoard's Saliency tab or without TensorBoard:",
        f"   tensorboard --logdir {folder}",
        f"   keras-saliency view {folder}",
    )
