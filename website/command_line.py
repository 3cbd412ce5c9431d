"""The arguments of a command as a table, in the place of a comment such as `<!-- help: check -->`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from keras_saliency import cli


def with_help(text: str) -> str:
    """The text of a page with the arguments of each command that it asks for."""
    return re.sub(r"^<!-- help: (\w+) -->$", lambda comment: _table(comment[1]), text, flags=re.MULTILINE)


def _table(command: str) -> str:
    (commands,) = (
        action for action in cli._parser()._actions if isinstance(action, argparse._SubParsersAction)
    )
    parser = commands.choices[command]
    return "\n".join([str(parser.description), "", "| argument | |", "|---|---|", *_rows(parser)])


def _rows(parser: argparse.ArgumentParser) -> Iterator[str]:
    formatter = parser._get_formatter()
    for action in parser._actions[1:]:  # all but --help
        said = formatter._expand_help(action) if action.help else ""
        yield f"| {_written(action)} | {said} |"


def _written(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{action.metavar or action.dest}`"
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    return ", ".join(f"`{option}{value}`" for option in action.option_strings)
