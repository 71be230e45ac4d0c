"""Pages for people: what runs here, the reference of each contract, and one job in all of them.

A small Flask application beside the API. It answers in threads of its own; what it asks of the server runs on the
server's event loop.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from flask import Flask, Response, abort, request
from flask.sessions import SecureCookieSessionInterface
from starlette.types import ASGIApp

from jobstatus.console import documents, pages, reference, session
from jobstatus.console.view import View

PATHS = ("/docs", "/console", "/openapi", "/static")
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def owns(path: str) -> bool:
    """Tell whether a path is one of the pages."""
    return path == "/" or (path.startswith(PATHS) and f"/{path.split('/')[1]}" in PATHS)


def create_console(view: View, key: str | None) -> Flask:
    """Build the pages over *view*; *key* signs their sessions."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=key or secrets.token_urlsafe(32),
        SESSION_COOKIE_NAME="jobstatus_session",
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_PATH="/console",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=8),
        MAX_CONTENT_LENGTH=16 * 1024,
    )
    app.session_interface = _Sessions()
    app.before_request(_same_site)
    app.after_request(_guard)
    for part in (documents, pages, reference, session):
        app.register_blueprint(part.blueprint(view))
    return app


def as_asgi(app: Flask, workers: int = 4) -> ASGIApp:
    """Run the pages in a few threads beside the event loop."""
    return cast(ASGIApp, WSGIMiddleware(cast(Any, app), workers=workers))


class _Sessions(SecureCookieSessionInterface):
    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


def _same_site() -> None:
    """Let no other site's page post a form here."""
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        abort(403)


def _guard(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-store")
    return response
