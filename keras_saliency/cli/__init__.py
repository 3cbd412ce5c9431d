"""The command line `keras-saliency`: one file a command, one place for errors and exit codes."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from keras_saliency import __version__
from keras_saliency.arguments import told_to
from keras_saliency.cli import check, demo, diff, explain, golden, methods, survey, view
from keras_saliency.cli.console import forget_stdout
from keras_saliency.errors import SaliencyError
from keras_saliency.terminal import visible, visible_lines

COMMANDS = (demo, explain, check, diff, golden, survey, view, methods)

PASSED, WRONG_USE, INTERRUPTED = 0, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code: 0 done, 1 a check failed, 2 wrong use, something could not be read or written, or an
        internal error, 130 interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        with told_to("command line"):
            return int(options.run(options))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        forget_stdout()
        return PASSED
    except Exception as error:
        if options.traceback:
            sys.stderr.write(visible_lines(traceback.format_exc()))
        sys.stderr.write(f"keras-saliency {options.command}: {visible(_sentence(error))}\n")
        return WRONG_USE


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Exit with what is wrong, control characters made visible: names of files may hold some."""
        super().error(visible(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="keras-saliency", description="Watch what a Keras model looks at.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for command in COMMANDS:
        added = commands.add_parser(command.NAME, help=command.HELP, description=command.HELP)
        added.add_argument("--traceback", action="store_true", help="show the traceback of an error")
        command.add_arguments(added)
        added.set_defaults(run=command.run)
    return parser


def _sentence(error: Exception) -> str:
    if isinstance(error, (SaliencyError, ValueError, TypeError, OSError, ImportError)):
        return str(error)
    return f"internal error: {type(error).__name__}: {error}. Run again with --traceback to see where."
