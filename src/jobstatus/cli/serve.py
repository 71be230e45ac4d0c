"""`jobstatus serve`."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import sys
from typing import Annotated, Any

import typer

from jobstatus.errors import ConfigurationError
from jobstatus.settings import EngineName, Settings

from . import exits, output
from .options import AsJson, Store

EXAMPLE = "Example: jobstatus serve --port 8080 --store sqlite:///jobs.db"
SHUTDOWN = 10
"""Seconds for which requests under way are waited for at the end."""
KEEP_ALIVE = 75
"""Seconds for which an idle connection is kept: longer than most clients wait between polls, so that few reconnect."""
_FIELDS = Settings.model_fields


def serve(
    host: Annotated[str, typer.Option(envvar="JOBSTATUS_HOST", help=_FIELDS["host"].description)] = _FIELDS[
        "host"
    ].default,
    port: Annotated[int, typer.Option(envvar="JOBSTATUS_PORT", help=_FIELDS["port"].description)] = _FIELDS[
        "port"
    ].default,
    workers: Annotated[int, typer.Option(envvar="JOBSTATUS_WORKERS", help=_FIELDS["workers"].description)] = _FIELDS[
        "workers"
    ].default,
    store: Store = _FIELDS["store"].default,
    engine: Annotated[
        EngineName, typer.Option(envvar="JOBSTATUS_ENGINE", help=_FIELDS["engine"].description)
    ] = _FIELDS["engine"].default,
    as_json: AsJson = False,
) -> None:
    """Run the server until SIGTERM or Ctrl-C; requests under way are still answered. All settings: docs/settings.md."""
    settings = _settings(host=host, port=port, workers=workers, store=store, engine=engine)
    asyncio.run(_prepare(settings))
    _run(settings, as_json)


def _settings(**given: str | int) -> Settings:
    """Hand the options on, to this process and its workers, as the variables that they stand for."""
    os.environ.update({f"JOBSTATUS_{name.upper()}": str(value) for name, value in given.items()})
    os.environ.setdefault("JOBSTATUS_SESSION_KEY", secrets.token_urlsafe(32))
    return Settings.read()


async def _prepare(settings: Settings) -> None:
    """Bring the store up to date before the workers all try to."""
    from jobstatus.storage import opened

    if settings.workers > 1 and settings.store.startswith("memory:"):
        raise ConfigurationError("workers cannot share memory://; use a store such as sqlite:///jobs.db")
    async with opened(settings.store):
        pass


def _run(settings: Settings, as_json: bool) -> None:
    logging.getLogger("uvicorn.error").addHandler(Announcer(as_json, settings.workers))
    try:
        _listen(settings)
    except SystemExit:  # it has told why, but its exit code has another meaning here
        raise typer.Exit(exits.Exit.USAGE) from None


def _listen(settings: Settings) -> None:
    import uvicorn

    uvicorn.run(
        "jobstatus.serving.application:create",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        **server_options(),
    )


def server_options() -> dict[str, Any]:
    """Give what uvicorn is told beside where to listen; what of it is for speed was measured."""
    return {
        "http": _http(),
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "log_level": "info",
        "access_log": False,
        "server_header": False,
        "timeout_keep_alive": KEEP_ALIVE,
        "timeout_graceful_shutdown": SHUTDOWN,
    }


def _http() -> Any:
    """Give what speaks HTTP; where there is no httptools, uvicorn's own choice."""
    if sys.platform == "win32":
        return "auto"
    from jobstatus.serving.protocol import OnePiece

    return OnePiece


class Announcer(logging.Handler):
    """Tells where the server listens, once it does, and its troubles; the rest of its talk is for nobody.

    With several workers it is told once the process above them can be asked to stop, which is a moment later.
    """

    def __init__(self, as_json: bool = False, workers: int = 1) -> None:
        super().__init__()
        self._as_json = as_json
        self._last = "Uvicorn running on " if workers == 1 else "Started parent process "
        self._url = ""

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if record.levelno >= logging.WARNING:
            output.complain(self.format(record))
        if said.startswith("Uvicorn running on "):
            self._url = said.split()[3]
        if said.startswith(self._last):
            plain = f"jobstatus listens on {self._url} (Ctrl-C to stop)"
            print(json.dumps({"url": self._url}) if self._as_json else plain, flush=True)
