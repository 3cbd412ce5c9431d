"""The routes of the page, the same in TensorBoard and without it. `docs/tab.md` lists them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotFound
from werkzeug.wrappers import Request, Response

from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.responses import file_response, json_response
from keras_saliency.tensorboard_plugin.static_files import content_type, static_file
from keras_saliency.tensorboard_plugin.store import NotStoredError

Handler: TypeAlias = Callable[[Request], Response]
WSGIApp: TypeAlias = Any

_logger = logging.getLogger("keras_saliency")
_RECORD = "application/octet-stream"
_INTEGER = re.compile(r"-?[0-9]{1,18}")


class Routes:
    """Answers requests.

    Args:
        answers: the answers for a request.
    """

    def __init__(self, answers: Callable[[Request], Answers]) -> None:
        self._answers = answers

    def apps(self) -> dict[str, WSGIApp]:
        """A WSGI application for each route; `/*` at its end stands for anything below."""
        handlers = {
            "/runs": self._runs,
            "/looks": self._looks,
            "/probes": self._probes,
            "/maps": self._maps,
            "/checks": self._checks,
            "/static/*": self._static,
        }
        return {route: _guarded(handler) for route, handler in handlers.items()}

    def _runs(self, request: Request) -> Response:
        return json_response(request, self._answers(request).runs())

    def _looks(self, request: Request) -> Response:
        run, method = _given(request, "run"), _given(request, "method")
        after = _integer(request, "after") if "after" in request.args else None
        limit = _integer(request, "limit") if "limit" in request.args else None
        if limit is not None and limit < 1:
            raise BadRequest(f"Expected a limit of at least 1. Received: limit={limit}")
        return json_response(request, self._answers(request).looks(run, method, after, limit))

    def _probes(self, request: Request) -> Response:
        return file_response(request, self._answers(request).probes(_given(request, "run")), _RECORD)

    def _maps(self, request: Request) -> Response:
        run, method, step = _given(request, "run"), _given(request, "method"), _integer(request, "step")
        return file_response(request, self._answers(request).maps(run, method, step), _RECORD)

    def _checks(self, request: Request) -> Response:
        return json_response(request, self._answers(request).checks(_given(request, "run")))

    def _static(self, request: Request) -> Response:
        name = request.path.partition("/static/")[2]
        body, kind = static_file(name), content_type(name)
        if body is None or kind is None:
            raise NotFound("There is no such file.")
        return file_response(request, body, kind)


def _guarded(handler: Handler) -> WSGIApp:
    """A handler as WSGI application that answers whatever goes wrong with a sentence, as JSON."""

    @Request.application
    def app(request: Request) -> Response:
        try:
            if request.method not in ("GET", "HEAD"):
                raise MethodNotAllowed(["GET", "HEAD"], "Expected GET or HEAD.")
            return handler(request)
        except NotStoredError as error:
            return json_response(request, {"error": str(error)}, 404)
        except HTTPException as error:
            response = json_response(request, {"error": str(error.description)}, error.code or 500)
            response.headers.extend(
                (name, value) for name, value in error.get_headers() if name != "Content-Type"
            )
            return response
        except Exception as error:
            _logger.exception("The Saliency tab could not answer %s", request.path)
            return json_response(request, {"error": f"Internal error: {type(error).__name__}: {error}"}, 500)

    return app


def _given(request: Request, name: str) -> str:
    value = request.args.get(name)
    if value is None:
        raise BadRequest(f"Expected the parameter {name}.")
    return value


def _integer(request: Request, name: str) -> int:
    text = _given(request, name)
    if not _INTEGER.fullmatch(text):
        raise BadRequest(f"Expected an integer. Received: {name}={text!r}")
    return int(text)
