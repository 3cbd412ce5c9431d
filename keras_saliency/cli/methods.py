"""`keras-saliency methods`: what there is, with options and cost."""

from __future__ import annotations

import argparse
from dataclasses import MISSING, Field, fields
from typing import Any

from rich.table import Table

from keras_saliency.cli.console import Console
from keras_saliency.cli.quiet import quiet_imports

NAME = "methods"
HELP = "List the methods with their options and their cost."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This command has no options."""


def run(options: argparse.Namespace) -> int:
    """Print the list."""
    del options
    console = Console(soft_wrap=False)
    with console.status("Loading Keras …"), quiet_imports():
        from keras_saliency.methods import known_methods
    table = Table("method", "what it is", "options", "cost", show_lines=True)
    for name, make in sorted(known_methods().items()):
        method = make()
        summary = (type(method).__doc__ or "").strip().splitlines()[0]
        table.add_row(name, summary, _options(method), method.cost)
    console.print(table)
    return 0


def _options(method: Any) -> str:
    return "\n".join(_option(field) for field in fields(method) if field.init and field.name != "name")


def _option(field: Field[Any]) -> str:
    return field.name if field.default is MISSING else f"{field.name}={field.default!r}"
