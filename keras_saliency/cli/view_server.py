"""The Saliency page without TensorBoard: the same routes, for this machine alone."""

from __future__ import annotations

import socket
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.utils import redirect
from werkzeug.wrappers import Request

from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.responses import json_response
from keras_saliency.tensorboard_plugin.routes import Routes

ADDRESS = "127.0.0.1"
USUAL_PORT = 6061
_HOSTS = ("127.0.0.1", "localhost")


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
        return make_server(
            ADDRESS,
            bound.getsockname()[1],
            view_app(answers),
            threaded=True,
            request_handler=_QuietHandler,
            fd=bound.fileno(),
        )


def view_app(answers: Answers) -> Any:
    """The WSGI application. It answers requests for this machine's own names alone.

    A page from elsewhere whose host name was made to point to 127.0.0.1 could read the log otherwise.
    """
    apps = Routes(lambda request: answers).apps()
    static = apps.pop("/static/*")

    @Request.application
    def app(request: Request) -> Any:
        if request.host.rpartition(":")[0] not in _HOSTS and request.host not in _HOSTS:
            return json_response(request, {"error": f"Expected the host {ADDRESS}."}, 400)
        if request.path == "/":
            return redirect("static/index.html")
        if request.path.startswith("/static/"):
            return static
        return apps.get(request.path) or json_response(request, {"error": "There is no such page."}, 404)

    return app


class _QuietHandler(WSGIRequestHandler):
    """Logs no requests."""

    def log_request(self, *_: object) -> None:
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
