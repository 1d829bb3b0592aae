"""Who may ask the station for anything: sessions, the token, other sites' forms, response headers.

A session is a signed cookie. What changes anything must carry the session's own form token in a
header, which no other site can read or send.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flows.review.station import Person

COOKIE = "nightsort_review"
FORM_TOKEN_HEADER = "x-nightsort-form"
LONGEST_NAME = 60
_SAFE = ("GET", "HEAD")
_OPEN_TO_ALL = ("/enter", "/static/")
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


def is_loopback(host: str) -> bool:
    """Whether an address to bind to is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Keys:
    """What sessions are signed with, and the token that opens one.

    secret : stays the same over restarts, so that a page that is open goes on working.
    token : None where the station is reached from this machine alone and asks for none.
    local : whether only this machine's names are accepted in the Host header.
    """

    secret: str
    token: str | None
    local: bool

    def admits(self, token: str) -> bool:
        """Whether a token opens a session."""
        return self.token is None or hmac.compare_digest(token.encode(), self.token.encode())

    def open_session(self, name: str) -> str:
        """The cookie of a new session of a reviewer."""
        content = json.dumps({"session": secrets.token_urlsafe(12), "name": name}).encode()
        text = base64.urlsafe_b64encode(content).decode()
        return f"{text}.{self._sign('session', text)}"

    def person(self, cookie: str | None) -> Person | None:
        """Whose session a cookie is, None where it is none of ours."""
        text, _, signature = (cookie or "").partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign("session", text).encode()):
            return None
        try:
            content = json.loads(base64.urlsafe_b64decode(text))
            return Person(content["session"], content["name"])
        except (ValueError, KeyError, TypeError, binascii.Error):
            return None

    def form_token(self, person: Person) -> str:
        """What the pages of a session send along with every change."""
        return self._sign("form", person.session)

    def _sign(self, purpose: str, text: str) -> str:
        key = f"{self.secret}\0{self.token or ''}".encode()
        return hmac.new(key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()


class Guard:
    """Stands before the application: lets through what may pass, with `request.state.person` set."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app, self._keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope)
        answer = self._refusal(request)
        await (answer or self._app)(scope, receive, send_guarded)

    def _refusal(self, request: Request) -> Response | None:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        if self._keys.local and host not in _LOOPBACK_NAMES:
            return _refused(HTTPStatus.MISDIRECTED_REQUEST, "this station answers on this machine alone")
        if request.method not in _SAFE and not _from_here(request):
            return _refused(HTTPStatus.FORBIDDEN, "this was sent by another site")
        request.state.person = self._keys.person(request.cookies.get(COOKIE))
        path = request.url.path
        if path == _OPEN_TO_ALL[0] or path.startswith(_OPEN_TO_ALL[1]):
            return None
        return self._refusal_of(request.state.person, request)

    def _refusal_of(self, person: Person | None, request: Request) -> Response | None:
        changes = request.method not in _SAFE
        if person is None:
            if changes or request.url.path.startswith(("/api/", "/pictures/")):
                return _refused(HTTPStatus.UNAUTHORIZED, "no session; open the station's page again")
            return RedirectResponse("/enter", HTTPStatus.SEE_OTHER)
        sent = request.headers.get(FORM_TOKEN_HEADER, "")
        if changes and not hmac.compare_digest(sent.encode(), self._keys.form_token(person).encode()):
            return _refused(HTTPStatus.FORBIDDEN, "the page is out of date; load it again")
        return None


def _from_here(request: Request) -> bool:
    """Whether a browser says that a change comes from the station's own pages, or no browser sent it."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")


def _refused(status: HTTPStatus, why: str) -> Response:
    return JSONResponse({"error": why}, status)
