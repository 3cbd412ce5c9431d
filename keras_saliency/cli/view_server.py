"""The Saliency page without TensorBoard: the same routes, for this machine alone."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from typing import Any

from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.utils import redirect
from werkzeug.wrappers import Request

from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.responses import json_response
from keras_saliency.tensorboard_plugin.routes import Routes

ADDRESS = "127.0.0.1"
USUAL_PORT = 6061
_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_METHODS = ("GET", "HEAD")
_MOST_CONNECTIONS = 64
_SECONDS = 20
"""How long a connection may be silent. A browser keeps some open, and opens new ones where they are closed."""


def make_view_server(answers: Answers, port: int | None) -> BaseWSGIServer:
    """A server on 127.0.0.1 that is bound and does not answer yet.

    Args:
        answers: what to answer.
        port: None for the usual one or, where that is taken, any that is free.

    Raises:
        OSError: the port is taken.
        ValueError: `port` is not the number of a port.
    """
    with _bound(port) as bound:
        return _ViewServer(
            ADDRESS, bound.getsockname()[1], view_app(answers), _QuietHandler, fd=bound.fileno()
        )


def view_app(answers: Answers) -> Any:
    """The WSGI application. It answers requests for this machine's own names alone.

    A page from elsewhere whose host name was made to point to 127.0.0.1 could read the log otherwise.
    """
    apps = Routes(lambda request: answers).apps()
    static = apps.pop("/static/*")

    @Request.application
    def app(request: Request) -> Any:
        if not _HOST.fullmatch(request.host):
            return json_response(request, {"error": f"Expected the host {ADDRESS}."}, 400)
        if request.method not in _METHODS:
            response = json_response(request, {"error": "Expected GET or HEAD."}, 405)
            response.headers["Allow"] = ", ".join(_METHODS)
            return response
        if request.path == "/":
            return redirect("static/index.html")
        if request.path.startswith("/static/"):
            return static
        return apps.get(request.path) or json_response(request, {"error": "There is no such page."}, 404)

    return app


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


def _bound(port: int | None) -> socket.socket:
    if port is not None:
        return _listening(port)
    try:
        return _listening(USUAL_PORT)
    except OSError:
        return _listening(0)


def _listening(port: int) -> socket.socket:
    if not 0 <= port < 2**16:
        raise ValueError(f"Expected a port from 0 to 65535. Received: port={port}")
    try:
        return socket.create_server((ADDRESS, port))
    except OSError as error:
        raise OSError(f"Port {port} cannot be used: {error}") from error
