"""`keras-saliency view`: the Saliency page without TensorBoard, or the page of a survey, served or as one file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from keras_saliency.cli.arguments import local, whole_number
from keras_saliency.cli.console import Console
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.records.outputs import OutputFile, begins_with, check_outputs
from keras_saliency.records.whole_file import replace_file
from keras_saliency.surveys.page.folder import page_of

if TYPE_CHECKING:
    from keras_saliency.tensorboard_plugin.answers import Answers

NAME = "view"
HELP = "Show the Saliency page of a log directory without TensorBoard, or a survey, or export it as one HTML file."

_KEPT = 32_000_000
_SMALLEST = 0.001
_ALL = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_FROM_ELSEWHERE = " On another machine, put the name of this one in it."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument(
        "logdir",
        type=local,
        help="the log_dir of a SaliencyCallback, a folder of several, or that of a survey",
    )
    parser.add_argument(
        "--host",
        help="listen there, such as 0.0.0.0 in a container, for those who have the token in the printed address; "
        "default: 127.0.0.1 without a token, for this machine alone",
    )
    parser.add_argument("--port", type=int, help="default: 6061 or, if it is taken, a free one")
    parser.add_argument("--export", type=local, metavar="PAGE.html", help="write one file and serve nothing")
    parser.add_argument(
        "--every", type=whole_number("every", 1), default=1, metavar="N", help="export every N-th look"
    )
    parser.add_argument(
        "--max-size", type=megabytes, default=200, metavar="MB", help="of the exported file; default: 200"
    )


def run(options: argparse.Namespace) -> int:
    """Serve, or export."""
    console = Console()
    page = page_of(options.logdir)
    shown = LogStore(options.logdir) if page is None else page
    if options.export is None:
        _serve(console, shown, options)
    elif isinstance(shown, LogStore):
        _export(console, shown, options)
    else:
        _copy(console, shown, options)
    return 0


def _serve(console: Console, shown: LogStore | Path, options: argparse.Namespace) -> None:
    from keras_saliency.cli.view_server import ADDRESS, make_view_server
    from keras_saliency.cli.view_token import view_token

    token = None if options.host is None else view_token()
    served = _answers(shown) if isinstance(shown, LogStore) else shown
    server = make_view_server(served, options.port, options.host or ADDRESS, token)
    if isinstance(shown, LogStore):
        shown.runs()
        _say_if_cut(console, shown)
    console.print(f"{options.logdir}: {_address(server.host, server.port, token)}   (Ctrl-C ends it)")
    if token is not None:
        console.print(
            "Whoever has this address sees the log and its pictures, and nothing is encrypted on the way."
            + (_FROM_ELSEWHERE if server.host in _ALL else "")
        )
    server.serve_forever()
    raise KeyboardInterrupt  # which the server took, and returned


def _answers(store: LogStore) -> Answers:
    from keras_saliency.tensorboard_plugin.answers import Answers
    from keras_saliency.tensorboard_plugin.recent import Recent
    from keras_saliency.tensorboard_plugin.trainings import Trainings

    recent = Recent(_KEPT)
    return Answers(Trainings(store, recent), recent)


def _address(host: str, port: int, token: str | None) -> str:
    """What to open; of a server on all addresses of this machine that for itself."""
    shown = _ALL.get(host, host)
    shown = f"[{shown}]" if ":" in shown else shown
    return f"http://{shown}:{port}/" + ("" if token is None else f"?token={token}")


def _export(console: Console, store: LogStore, options: argparse.Namespace) -> None:
    from keras_saliency.looks.page.export import START, export_page

    check_outputs([OutputFile(options.export, "The page", begins_with(START))], [])
    with console.status(f"Reading {options.logdir} …"):
        page = export_page(store, options.every, options.max_size)
        size = replace_file(options.export, page.encode())
    _say_if_cut(console, store)
    console.print(f"{options.export}: {size / 1e6:.1f} MB")


def _copy(console: Console, page: Path, options: argparse.Namespace) -> None:
    """The page of a survey, which is one file already."""
    from keras_saliency.surveys.page.page import START

    check_outputs([OutputFile(options.export, "The page", begins_with(START))], [("the survey's page", page)])
    size = page.stat().st_size
    if size > options.max_size * 1e6:
        raise ValueError(
            f"The page of this survey has {size / 1e6:.1f} MB. Received: --max-size {options.max_size:g}"
        )
    replace_file(options.export, page.read_bytes())
    console.print(f"{options.export}: {size / 1e6:.1f} MB")


def _say_if_cut(console: Console, store: LogStore) -> None:
    if not store.is_whole:
        console.print(
            "There are too many folders here: 20,000 were searched for looks, those behind links last. Give the "
            "log_dir of a SaliencyCallback to see the others."
        )


def megabytes(text: str) -> float:
    """A size in megabytes. argparse names this function where it reports text that is not a number."""
    size = float(text)
    if not size >= _SMALLEST:
        raise argparse.ArgumentTypeError(f"expected a number of megabytes, at least {_SMALLEST}")
    return size
