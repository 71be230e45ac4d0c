"""The server, built from its settings."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from typing import Any

import structlog
from starlette.types import ASGIApp

from jobstatus import handlers, logs
from jobstatus.clock import Clock, utc_now
from jobstatus.console import as_asgi, create_console, owns
from jobstatus.console.view import View
from jobstatus.contract.engine import Engine
from jobstatus.contract.memo import Memo
from jobstatus.contract.recorder import Recorder
from jobstatus.contract.spec import Document
from jobstatus.contract.wiring import wire
from jobstatus.door import Door
from jobstatus.security.gate import Gate, security_map
from jobstatus.service import JobService
from jobstatus.settings import Settings
from jobstatus.storage import Store, open_store

log = structlog.get_logger()


def create_app(
    settings: Settings | None = None,
    *,
    store: Store | None = None,
    clock: Clock = utc_now,
    started: Callable[[], None] | None = None,
) -> ASGIApp:
    """Build the whole server.

    Its store is opened when the server starts and closed when it stops; one that is handed in stays open. Once
    everything is there, *started* is called.
    """
    settings = settings or Settings()
    logs.configure()
    document = Document.load()
    stock = settings.engine == "stock"
    engine = Engine(document, handlers.CONTRACTS, None if stock else Memo())
    gate = Gate(clock, timedelta(seconds=settings.credential_seconds))
    door = Door(settings, gate, clock)
    view = View(engine, gate, settings)

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncGenerator[None]:
        async with _opened(settings.store) if store is None else nullcontext(store) as opened:
            service = JobService(opened, clock=clock, retention=settings.retention)
            engine.start({"jobs": service, "sessions": door.sessions, "tokens": door.tokens})
            gate.start(opened)
            view.start(asyncio.get_running_loop())
            async with door, _sweeping(service, settings.sweep_seconds):
                if started is not None:
                    started()
                yield

    key = settings.session_key.get_secret_value() if settings.session_key else None
    pages = as_asgi(create_console(view, key))
    app = wire(
        engine,
        stock=stock,
        security_map=security_map(gate, door.entrances),
        profile=settings.profile,
        max_body_bytes=settings.max_body_bytes,
        lifespan=lifespan,
        clock=clock,
        elsewhere=lambda path: pages if owns(path) else None,
    )
    return app if settings.record is None else Recorder(app, document, settings.record)


@asynccontextmanager
async def _opened(url: str) -> AsyncGenerator[Store]:
    store = await open_store(url)
    try:
        yield store
    finally:
        await store.aclose()


@asynccontextmanager
async def _sweeping(service: JobService, seconds: float) -> AsyncGenerator[None]:
    """Sweep from time to time for as long as the server runs."""
    task = asyncio.create_task(_sweep(service, seconds))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _sweep(service: JobService, seconds: float) -> None:
    pause = seconds
    while True:
        await asyncio.sleep(pause)
        pause = seconds
        try:
            swept = await service.sweep()
        except Exception as error:  # whatever one sweep met with, the next is made
            log.error("sweep failed", exc_info=error)
            continue
        if swept.lost or swept.expired or swept.forgotten:
            log.info("swept", lost=swept.lost, expired=swept.expired, forgotten=swept.forgotten)
        pause = 0 if swept.more else seconds
