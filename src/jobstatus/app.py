"""The server, built from its settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager, nullcontext
from datetime import timedelta
from typing import Any

from starlette.types import ASGIApp

from jobstatus import logs
from jobstatus.clock import Clock, utc_now
from jobstatus.console import as_asgi, create_console, owns
from jobstatus.console.view import View
from jobstatus.contract.delivery import Delivery, Terms
from jobstatus.contract.engine import Engine
from jobstatus.contract.memo import Memo
from jobstatus.contract.patience import Patience
from jobstatus.contract.recorder import Recorder
from jobstatus.contract.spec import Document
from jobstatus.contract.wiring import wire
from jobstatus.door import Door
from jobstatus.handlers import CONTRACTS
from jobstatus.history import History
from jobstatus.ids import new_id
from jobstatus.limits import Turnpikes
from jobstatus.security.gate import Gate, security_map
from jobstatus.service import JobService
from jobstatus.settings import Settings
from jobstatus.shared_clock import SharedClock
from jobstatus.storage import Limits, Store, opened
from jobstatus.sweeper import Sweeper
from jobstatus.waiting import Waiters

SLACK = timedelta(seconds=5)
"""How far the clocks of servers may be apart, beside twice what a write may take."""


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
    engine = Engine(document, CONTRACTS, None if stock else Memo())
    delivery, turnpikes = Delivery(engine), Turnpikes(settings.limits)
    gate = Gate(clock, timedelta(seconds=settings.credential_seconds))
    door = Door(settings, gate, clock)
    view = View(engine, gate, settings)

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncGenerator[None]:
        async with opened(settings.store, _limits(settings)) if store is None else nullcontext(store) as kept:
            shared, keep = SharedClock(kept, clock), settings.retention
            await shared.set()
            history, waiters = History(kept, shared, settings.sweep_seconds), Waiters(kept)
            service = JobService(
                kept,
                clock=shared,
                retention=keep,
                history=history,
                waiters=waiters,
                pause=settings.retry_after_seconds,
                slack=SLACK + 2 * timedelta(seconds=settings.store_seconds),
            )
            sweeper = Sweeper(kept, clock=shared, retention=keep, holder=new_id(), seconds=settings.sweep_seconds)
            engine.start({"jobs": service, "sessions": door.sessions, "tokens": door.tokens})
            turnpikes.start(kept)
            delivery.start(_terms(settings, service, waiters, door, turnpikes))
            gate.start(kept)
            view.start(asyncio.get_running_loop())
            async with door, sweeper.running(), history.running(), aclosing(waiters):
                if started is not None:
                    started()
                yield

    key = settings.session_key.get_secret_value() if settings.session_key else None
    pages = as_asgi(create_console(view, key))
    app = wire(
        engine,
        delivery,
        stock=stock,
        security_map=security_map(gate, door.entrances),
        profile=settings.profile,
        max_body_bytes=settings.max_body_bytes,
        lifespan=lifespan,
        clock=clock,
        elsewhere=lambda path: pages if owns(path) else None,
    )
    return app if settings.record is None else Recorder(app, document, settings.record)


def _terms(settings: Settings, service: JobService, waiters: Waiters, door: Door, turnpikes: Turnpikes) -> Terms:
    return Terms(
        patience=Patience(
            waiters, most=settings.wait_seconds, room=settings.wait_most, holds=settings.holds(CONTRACTS)
        ),
        pause=service.retry_after,
        turnpike=lambda asked: None if asked.public else turnpikes.at(asked.contract, poll=asked.poll),
        now=service.now,
        entrances=door.lasting,
        heartbeat=settings.heartbeat_seconds,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(seconds=settings.store_seconds, queue=settings.store_queue)
