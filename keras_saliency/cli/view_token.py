"""The token that requests must carry where `keras-saliency view` listens for other machines.

It comes once in the address that a person opens, `/?token=…`, and then in a cookie, so that it stands neither in the
address that the browser shows nor in what it tells other pages. Programs send it as `Authorization: Bearer …`.
"""

from __future__ import annotations

import hmac
import os
import secrets
from hashlib import sha256

from werkzeug.wrappers import Request, Response

VARIABLE = "KERAS_SALIENCY_TOKEN"
_SHORTEST = 16
_SCHEMES = ("bearer", "token")
_ENTRANCE = (
    '<!DOCTYPE html><meta charset="utf-8"><title>Saliency</title>'
    '<meta http-equiv="refresh" content="0; url=static/index.html"><a href="static/index.html">Saliency</a>\n'
)
REFUSAL = (
    "Expected the token of this server: open the address that keras-saliency view printed, with ?token= at its end, or "
    "send it in the header Authorization: Bearer."
)


def view_token() -> str:
    """The token of the environment variable `KERAS_SALIENCY_TOKEN`, else a new one.

    Raises:
        ValueError: that of the environment can be guessed, or cannot stand in an address.
    """
    given = os.environ.get(VARIABLE)
    if given is None:
        return secrets.token_urlsafe(32)
    if len(given) < _SHORTEST or not given.isascii() or not given.replace("-", "").replace("_", "").isalnum():
        raise ValueError(
            f"Expected {VARIABLE} to have at least {_SHORTEST} letters, digits, - and _. "
            f"Received: {len(given)} characters"
        )
    return given


def carries(request: Request, token: str) -> bool:
    """Whether a request has the token: in its address, in our cookie or in a header."""
    header = request.authorization
    said = (
        request.args.get("token"),
        request.cookies.get(_cookie(token)),
        header.token if header is not None and header.type in _SCHEMES else None,
    )
    return any(hmac.compare_digest(one.encode(), token.encode()) for one in said if one)


def entrance(token: str) -> Response:
    """What the address with the token shows: it leaves a cookie and goes on to the page.

    It is no redirect: behind a link on another site's page a strict cookie would not be sent to where that leads. The
    cookie names no path, so that the browser takes the one that it sees, also below a proxy's prefix.
    """
    response = Response(_ENTRANCE, content_type="text/html; charset=utf-8")
    response.set_cookie(_cookie(token), token, path=None, httponly=True, samesite="Strict")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'self'"
    return response


def _cookie(token: str) -> str:
    """The name of the cookie: cookies know no ports, and two servers of one machine must not take each other's."""
    return f"keras_saliency_{sha256(token.encode()).hexdigest()[:12]}"
