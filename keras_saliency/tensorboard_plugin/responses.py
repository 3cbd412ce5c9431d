"""Answers as HTTP responses."""

from __future__ import annotations

import gzip
import json
from typing import Any

from werkzeug.wrappers import Request, Response

_WORTH_ZIPPING = 2_000
_GZIP_LEVEL = 2
_CONTENT_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data: blob:; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def json_response(request: Request, answer: Any, status: int = 200) -> Response:
    """An answer as JSON, which no one keeps."""
    body = json.dumps(answer, separators=(",", ":"), allow_nan=False).encode()
    response = _response(body, "application/json", status)
    response.headers["Cache-Control"] = "no-store"
    if len(body) > _WORTH_ZIPPING and request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(body, _GZIP_LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
    return response


def file_response(request: Request, body: bytes, content_type: str) -> Response:
    """Bytes that a browser may keep, but asks about each time: a new log may have taken the old one's place."""
    response = _response(body, content_type, 200)
    response.headers["Cache-Control"] = "private, no-cache"
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = _CONTENT_POLICY
    response.add_etag()
    return response.make_conditional(request)


def _response(body: bytes, content_type: str, status: int) -> Response:
    response = Response(body, status=status, content_type=content_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
