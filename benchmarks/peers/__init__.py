"""The applications that are measured, each made from the URL of a store. What one needs is imported for it alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from starlette.types import ASGIApp

OURS = "jobstatus"
STOCK = "jobstatus-stock"


def _bare(url: str) -> ASGIApp:
    from benchmarks.peers.bare import create

    return create(url)


def _fastapi(url: str, lean: bool) -> ASGIApp:
    from benchmarks.peers.with_fastapi import create

    return create(url, lean=lean)


def _connexion_async(url: str, checked: bool) -> ASGIApp:
    from benchmarks.peers.with_connexion import create_async

    return create_async(url, checked=checked)


def _connexion_flask(url: str) -> ASGIApp:
    from benchmarks.peers.with_connexion import create_flask

    return create_flask(url)


def _jobstatus(url: str, engine: str) -> ASGIApp:
    from jobstatus.app import create_app
    from jobstatus.settings import Settings

    return create_app(Settings.model_validate({"store": url, "engine": engine}))


APPS: Mapping[str, Callable[[str], ASGIApp]] = {
    "bare": _bare,
    "fastapi": partial(_fastapi, lean=False),
    "fastapi-lean": partial(_fastapi, lean=True),
    "connexion-async": partial(_connexion_async, checked=True),
    "connexion-async-unchecked": partial(_connexion_async, checked=False),
    "connexion-flask": _connexion_flask,
    OURS: partial(_jobstatus, engine="compiled"),
    STOCK: partial(_jobstatus, engine="stock"),
}
LABELS: Mapping[str, str] = {
    "bare": "bare ASGI function, no checks",
    "fastapi": "FastAPI",
    "fastapi-lean": "FastAPI, answers unchecked",
    "connexion-async": "Connexion AsyncApp",
    "connexion-flask": "Connexion FlaskApp",
    OURS: "jobstatus",
    STOCK: "jobstatus on Connexion's stages",
}
"""What the plot calls them."""
SERVED = tuple(name for name in APPS if name != "connexion-async-unchecked")
"""Those that are loaded as servers; the others are called in process only."""
