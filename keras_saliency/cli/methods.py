"""`keras-saliency methods`: the methods, with their options and cost."""

from __future__ import annotations

import argparse
from dataclasses import MISSING, Field, fields
from typing import TYPE_CHECKING, Any

from rich.table import Table

from keras_saliency.cli.console import Console
from keras_saliency.cli.quiet import quiet_imports
from keras_saliency.terminal import visible

if TYPE_CHECKING:
    from keras_saliency.methods import Method

NAME = "methods"
HELP = "List the methods with their options and their cost."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This command has no options."""


def run(options: argparse.Namespace) -> int:
    """Print the list."""
    del options
    console = Console(soft_wrap=False)
    with console.status("Loading Keras …"), quiet_imports():
        from keras_saliency.methods import METHODS
    names = METHODS.names()
    table = Table(show_lines=True)
    for column in ("method", "what it is", "options", "cost"):
        table.add_column(column, overflow="fold", no_wrap=column == "method")
    for name in names:
        try:
            table.add_row(visible(name), *_described(METHODS.make(name)))
        except Exception as error:  # what another package offers may fail in any way
            table.add_row(visible(name), visible(f"{type(error).__name__}: {error}"))
    console.print(table)
    return 0


def _described(method: Method) -> tuple[str, str, str]:
    summary = (type(method).__doc__ or "").strip().partition("\n\n")[0]
    return visible(" ".join(summary.split())), _options(method), visible(method.cost)


def _options(method: Any) -> str:
    return "\n".join(_option(field) for field in fields(method) if field.init and field.name != "name")


def _option(field: Field[Any]) -> str:
    return field.name if field.default is MISSING else visible(f"{field.name}={field.default!r}")
