"""The applications that are measured, each made from the URL of a store. What one needs is imported for it alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from starlette.types import ASGIApp

OURS = "jobstatus"
STOCK = "jobstatus-stock"
POOLED = "fastapi-asyncpg"
ONE_BY_ONE = "jobstatus-one-by-one"
LATER = "jobstatus-a-month-later"


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


def _fastapi_pooled(url: str) -> ASGIApp:
    from benchmarks.peers.pooled import open_pooled
    from benchmarks.peers.with_fastapi import create

    return create(url, opened=open_pooled)


def _one_by_one(url: str) -> ASGIApp:
    from benchmarks.peers.one_by_one import create

    return create(url)


def _month_later(url: str) -> ASGIApp:
    from benchmarks.peers.month_later import create

    return create(url)


APPS: dict[str, Callable[[str], ASGIApp]] = {
    "bare": _bare,
    "fastapi": partial(_fastapi, lean=False),
    "fastapi-lean": partial(_fastapi, lean=True),
    "connexion-async": partial(_connexion_async, checked=True),
    "connexion-async-unchecked": partial(_connexion_async, checked=False),
    "connexion-flask": _connexion_flask,
    OURS: partial(_jobstatus, engine="compiled"),
    STOCK: partial(_jobstatus, engine="stock"),
}
"""Those that are polled over SQLite."""
OTHERS: dict[str, Callable[[str], ASGIApp]] = {
    POOLED: _fastapi_pooled,
    ONE_BY_ONE: _one_by_one,
    LATER: _month_later,
}
"""Those that are measured beside this server in some other respect."""
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
