"""The Saliency page without TensorBoard: the same routes, for this machine alone or behind a token."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.utils import redirect
from werkzeug.wrappers import Request

from keras_saliency.cli.view_token import REFUSAL, carries, entrance
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.responses import file_response, json_response
from keras_saliency.tensorboard_plugin.routes import Routes

ADDRESS = "127.0.0.1"
USUAL_PORT = 6061
_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_METHODS = ("GET", "HEAD")
_MOST_CONNECTIONS = 64
_SECONDS = 20
"""How long a connection may be silent. A browser keeps some open, and opens new ones where they are closed."""


def make_view_server(
    shown: Answers | Path, port: int | None, host: str = ADDRESS, token: str | None = None
) -> BaseWSGIServer:
    """A server that is bound and does not answer yet.

    Args:
        shown: see `view_app`.
        port: None for the usual one or, where that is taken, any that is free.
        host: a name or address of this machine; `"0.0.0.0"` is all of them.
        token: see `view_app`.

    Raises:
        OSError: the port is taken, or `host` is none of this machine.
        ValueError: `port` is not the number of a port.
    """
    with _bound(host, port) as bound:
        address, number = bound.getsockname()[:2]
        return _ViewServer(address, number, view_app(shown, token), _QuietHandler, fd=bound.fileno())


def view_app(shown: Answers | Path, token: str | None = None) -> Any:
    """The WSGI application: the answers about a log, or a page that is one file.

    Without a token it answers requests for this machine's own names alone: a page from elsewhere whose host name was
    made to point to 127.0.0.1 could read the log otherwise. With one it answers requests that carry it, by any name.
    """
    apps = _page(shown) if isinstance(shown, Path) else Routes(lambda request: shown).apps()
    static = apps.pop("/static/*")

    @Request.application
    def app(request: Request) -> Any:
        if token is None and not _HOST.fullmatch(request.host):
            return json_response(request, {"error": f"Expected the host {ADDRESS}."}, 400)
        if token is not None and not carries(request, token):
            return json_response(request, {"error": REFUSAL}, 403)
        if request.method not in _METHODS:
            response = json_response(request, {"error": "Expected GET or HEAD."}, 405)
            response.headers["Allow"] = ", ".join(_METHODS)
            return response
        if request.path == "/":
            return redirect("static/index.html") if token is None else entrance(token)
        if request.path.startswith("/static/"):
            return static
        return apps.get(request.path) or json_response(request, {"error": "There is no such page."}, 404)

    return app


def _page(path: Path) -> dict[str, Any]:
    """The route of a page that is one file."""

    @Request.application
    def app(request: Request) -> Any:
        if request.path != "/static/index.html":
            return json_response(request, {"error": "There is no such page."}, 404)
        try:
            return file_response(request, path.read_bytes(), "text/html; charset=utf-8")
        except OSError:
            return json_response(request, {"error": "The page is gone."}, 404)

    return {"/static/*": app}


class _ViewServer(ThreadedWSGIServer):
    """Holds a bounded number of connections: one more ends the one that has been open for the longest time."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._open: dict[Any, None] = {}
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer on a new connection."""
        with self._lock:
            self._open[request] = None
            oldest = next(iter(self._open)) if len(self._open) > _MOST_CONNECTIONS else None
            self._open.pop(oldest, None)
        if oldest is not None:
            with suppress(OSError):  # it has just been closed
                oldest.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """A connection is over."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)


class _QuietHandler(WSGIRequestHandler):
    """Logs neither requests nor what is wrong with them, and waits for none."""

    timeout = _SECONDS

    def log_request(self, *_: object) -> None:
        """Nothing."""

    def log_error(self, *_: object) -> None:
        """Nothing."""


def _bound(host: str, port: int | None) -> socket.socket:
    family, address = _of_this_machine(host)
    if port is not None:
        return _listening(family, address, port)
    try:
        return _listening(family, address, USUAL_PORT)
    except OSError:
        return _listening(family, address, 0)


def _of_this_machine(host: str) -> tuple[int, str]:
    """The kind of address that a name stands for, and the address, at which this machine can be reached."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        socket.create_server((str(place[0]), 0), family=family).close()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OSError(
            f"Expected the host to be a name or address of this machine, or 0.0.0.0 for all of them: {reason}. "
            f"Received: host={host!r}"
        ) from error
    return family, str(place[0])


def _listening(family: int, address: str, port: int) -> socket.socket:
    if not 0 <= port < 2**16:
        raise ValueError(f"Expected a port from 0 to 65535. Received: port={port}")
    try:
        return socket.create_server((address, port), family=family)
    except OSError as error:
        raise OSError(f"Port {port} cannot be used: {error}") from error
