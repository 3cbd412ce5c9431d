"""Printing to a reader who may have gone, and to a person who may not be there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console as _Console


class Console(_Console):
    """Plain lines on stdout; a reader who has gone is a `BrokenPipeError`, as everywhere in Python."""

    def __init__(self, *, soft_wrap: bool = True) -> None:
        super().__init__(highlight=False, markup=False, soft_wrap=soft_wrap)

    def on_broken_pipe(self) -> None:
        """Let the error out, where rich itself would end the process with exit code 1."""
        raise  # noqa: PLE0704  (called by rich while it handles the error)


def say(text: str) -> None:
    """Print to stdout, whether or not somebody reads it, in whatever characters stdout has."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        forget_stdout()


def forget_stdout() -> None:
    """Send what is still to come on stdout nowhere: its reader has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def is_watched() -> bool:
    """Whether a person looks at stderr: a terminal, and no CI."""
    return sys.stderr.isatty() and not os.environ.get("CI")


@contextmanager
def stderr_console() -> Iterator[_Console]:
    """A console on a duplicate of stderr, which goes on while stderr itself is held back."""
    with os.fdopen(os.dup(sys.stderr.fileno()), "w") as file:
        yield _Console(file=file, highlight=False, markup=False)
