"""Printing to a pipe that may be closed, and to a terminal that may not be there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from rich.console import Console as _Console
from rich.status import Status
from rich.text import Text

from keras_saliency.terminal import visible


class Console(_Console):
    """Plain lines, on stdout by default. A text is one line, without markup, control characters and commands.

    A pipe that its reader has closed is a `BrokenPipeError`, as everywhere in Python.
    """

    def __init__(self, *, soft_wrap: bool = True, file: IO[str] | None = None) -> None:
        super().__init__(highlight=False, markup=False, soft_wrap=soft_wrap, file=file)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print texts, a line each, and whatever else rich can draw."""
        super().print(*map(_plain, objects), sep="\n", **options)

    def status(self, status: Any, **options: Any) -> Status:
        """A line for as long as the block lasts."""
        return super().status(_plain(status), **options)

    def on_broken_pipe(self) -> None:
        """Raise the error: rich itself would end the process with exit code 1."""
        raise  # noqa: PLE0704  (called by rich while it handles the error)


def say(text: str) -> None:
    """Print to stdout in the characters that it has; that its reader has closed the pipe is not an error."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        forget_stdout()


def forget_stdout() -> None:
    """Discard what else is printed to stdout, as its reader has closed the pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def is_watched() -> bool:
    """Whether a person looks at stderr: it is a terminal, and this is not CI."""
    return sys.stderr.isatty() and not os.environ.get("CI")


@contextmanager
def stderr_console() -> Iterator[Console]:
    """A console on a duplicate of stderr, which goes on while stderr itself is held back."""
    with os.fdopen(os.dup(sys.stderr.fileno()), "w") as file:
        yield Console(soft_wrap=False, file=file)


def _plain(shown: Any) -> Any:
    return Text(visible(shown)) if isinstance(shown, str) else shown
