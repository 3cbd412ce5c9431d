"""A report as a table for a person."""

from __future__ import annotations

from io import StringIO

from keras_saliency.reports import words
from keras_saliency.reports.verdicts import Verdicts
from keras_saliency.terminal import visible, without_commands

_COLOURS = {
    "passed": "green",
    "warned": "yellow",
    "failed": "bold red",
    "skipped": "dim",
    "errored": "bold red",
    "waived": "magenta",
}


def encode(report: Verdicts, width: int, *, colour: bool) -> str:
    """The report as a table of so many columns; with terminal colours if wanted."""
    from rich.console import Console

    out = StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        force_jupyter=False,  # a notebook would get the table itself, and the text nothing
        no_color=not colour,
        highlight=False,
        markup=False,
    )
    for line in _parts(report):
        console.print(line)
    lines = out.getvalue().rstrip("\n").split("\n")
    return without_commands("\n".join(map(str.rstrip, lines)))


def _parts(report: Verdicts) -> list[object]:
    from rich.table import Table
    from rich.text import Text

    groups = words.groups(report)
    widest = max((len(visible(result.name)) for result in report.results), default=0)
    parts: list[object] = []
    for heading, results in groups:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("check", no_wrap=True, min_width=widest)
        table.add_column("verdict", no_wrap=True, min_width=len("verdict"))
        table.add_column("found", ratio=1)
        for result in results:
            name, sentence = Text(visible(result.name)), Text(visible(result.sentence))
            verdict = Text(report.verdict(result), style=_COLOURS[report.weight(result)])
            table.add_row(name, verdict, sentence)
        parts += [Text(visible(heading), style="bold"), table, Text()] if len(groups) > 1 else [table, Text()]
    if said := words.on_maps(report):
        parts += [Text(visible(said)), Text()]
    closing = Text(f"{'Passed' if report.passed else 'Not passed'}: {report.count_words()}.", style="bold")
    closing.append(f" {report.evaluations} model evaluations, {report.seconds:.1f} s.", style="not bold")
    return [
        Text(visible(f"{report.model}: {report.probes} probes, maps by {report.method}")),
        Text(),
        *parts,
        closing,
    ]
