"""The errors of Traffic Ops: alerts, in the words of the real server."""

from __future__ import annotations

import html
import posixpath
import re
from dataclasses import replace
from urllib.parse import quote

from jobstatus import errors
from jobstatus.answer import Answer, Request
from jobstatus.errors import Cause

_NOT_AN_INTEGER = "getting integer parameters: parameter 'id' not an integer"
_NO_VERSION = "couldn't get a valid version from the requested path"
_LOG_IN = "unauthorized, please log in."
_UNIMPLEMENTED = (
    b'{"alerts":[{"level":"error","text":"The requested api version is not implemented by this server. If you are using'
    b" a newer client with an older server, you will need to use an older client version or upgrade your server."
    b'"}]}'
)
_KNOWN_VERSION = re.compile(r"/api/(3\.[01]|4\.[01]|5\.0)(\.[^/]*)?(/.*)?", re.DOTALL)
_DOTS = re.compile(r"//|/\.\.?(/|$)")


def divert(request: Request) -> Answer | None:
    """Lead a path with empty or dotted parts to the one that is meant, as the real server's router does."""
    if not _DOTS.search(request.path):
        return None
    clean = posixpath.normpath("/" + request.path.lstrip("/"))
    if request.path.endswith(("/", "/.", "/..")) and clean != "/":
        clean += "/"
    where = quote(clean) + (f"?{request.query}" if request.query else "")
    page = f'<a href="{html.escape(where)}">Moved Permanently</a>.\n\n'.encode()
    if request.method != "GET":
        return Answer(status=301, headers={"Location": where})
    return Answer(page, 301, {"Location": where}, "text/html; charset=utf-8")


def admit(request: Request) -> None:
    """Refuse what another site's page makes a browser send: the cookies go along, and a call changes something."""
    if request.method != "GET" and request.headers.get("sec-fetch-site") == "cross-site":
        raise errors.Forbidden


def failure(error: errors.JobstatusError, request: Request) -> Answer:
    """Tell an error."""
    match error:
        case errors.BadRequest(violations=violations):
            return alert(400, _NO_VERSION if any(v.field == "version" for v in violations) else _NOT_AN_INTEGER)
        case errors.Unauthenticated():
            return replace(alert(401, _stranger(error)), headers={"WWW-Authenticate": "Bearer"})
        case errors.Forbidden(permissions=lacking):
            return alert(403, f"missing required Permissions: {', '.join(lacking)}" if lacking else "Forbidden.")
        case errors.ForeignTenant():
            return alert(403, "Forbidden.")
        case errors.TooManyRequests(retry_after=seconds):
            return replace(alert(429, "Too Many Requests"), headers={"Retry-After": str(seconds)})
        case errors.JobNotFound() | errors.JobGone():
            return alert(404, "Not Found")
        case errors.PathNotFound() | errors.MethodNotAllowed():
            return _no_path(request.path)
        case errors.PayloadTooLarge():
            return alert(413, "Request Entity Too Large")
        case _:
            return alert(500, "Internal Server Error")


def alert(status: int, text: str, level: str = "error") -> Answer:
    """Build an answer that is one alert."""
    return Answer({"alerts": [{"text": text, "level": level}]}, status)


def _stranger(error: errors.Unauthenticated) -> str:
    match error.cause:
        case Cause.BAD_SIGNATURE:
            return "bad signature - unauthorized, please log in"
        case Cause.EXPIRED:
            return "signature expired - unauthorized, please log in"
        case Cause.MALFORMED:
            return f"error parsing cookie: malformed cookie '{error.detail}' - no dashes"
        case Cause.UNREADABLE:
            return "Unauthorized"
        case Cause.NO_USER:
            return "user not found"
        case _:
            return _LOG_IN


def _no_path(path: str) -> Answer:
    if path == "/api" or (path.startswith("/api/") and not _KNOWN_VERSION.fullmatch(path)):
        return Answer(_UNIMPLEMENTED, 501)
    return alert(404, f"The requested path '{path}' does not exist.")
