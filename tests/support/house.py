"""The whole server in this process, with a clock that tests move and credentials that they make."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.types import ASGIApp, Message

from jobstatus.app import create_app
from jobstatus.credential import Credential
from jobstatus.ids import new_id
from jobstatus.security.tokens import digest, new_token
from jobstatus.settings import Settings
from jobstatus.storage import Store, open_store

TENANT = "ac234de25c6741d2b1273da49eea1b9e"
OTHER_TENANT = "0f3c1b2a4d5e46f78190a1b2c3d4e5f6"
EVERYTHING = frozenset({"job:read", "job:write", "composition:read", "ASYNC-STATUS:READ", "ims:imageJobs:get"})


class MovingClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2031, 3, 4, 5, 6, 7, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        self.now += timedelta(**span)


class House:
    """A running server and what a test needs beside it."""

    def __init__(self, client: httpx.AsyncClient, store: Store, clock: MovingClock, api_key: str) -> None:
        self.client = client
        self.store = store
        self.clock = clock
        self.api_key = api_key

    async def token(
        self,
        tenant: str = TENANT,
        permissions: Iterable[str] = EVERYTHING,
        roles: Iterable[str] = ("admin",),
        **rest: Any,
    ) -> str:
        """Make a credential that holds everything, unless told otherwise, and give its token."""
        return await make_token(self.store, self.clock.now, tenant, permissions, roles, **rest)

    def headers(self, token: str) -> dict[str, str]:
        """Send a token in every way that some contract takes it."""
        return {
            "Authorization": f"Bearer {token}",
            "X-Auth-Token": token,
            "Cookie": f"mojolicious={token}",
            "api-key": self.api_key,
        }


async def make_token(
    store: Store, now: datetime, tenant: str, permissions: Iterable[str], roles: Iterable[str], **rest: Any
) -> str:
    """Keep a new credential in *store* and give its token."""
    token = new_token()
    credential = Credential(
        id=new_id(),
        name="test",
        tenant=tenant,
        digest=digest(token),
        created_at=now,
        permissions=frozenset(permissions),
        roles=frozenset(roles),
        **rest,
    )
    await store.add_credential(credential)
    return token


@asynccontextmanager
async def running_house(settings: Settings | None = None, store_url: str = "memory://") -> AsyncGenerator[House]:
    """Start a server, and stop it at the end."""
    clock = MovingClock()
    store = await open_store(store_url)
    try:
        app = create_app(settings or Settings(), store=store, clock=clock)
        async with _started(app):
            key = await make_token(store, clock.now, "broker", EVERYTHING, ["api-key"])
            transport = httpx.ASGITransport(app, raise_app_exceptions=True)
            async with httpx.AsyncClient(transport=transport, base_url="http://jobs.example") as client:
                yield House(client, store, clock, key)
    finally:
        await store.aclose()


@asynccontextmanager
async def _started(app: ASGIApp) -> AsyncGenerator[None]:
    """Drive the ASGI lifespan by hand: httpx does not."""
    inbox: asyncio.Queue[Message] = asyncio.Queue()
    outbox: asyncio.Queue[Message] = asyncio.Queue()
    task = asyncio.create_task(_run(app, inbox, outbox))
    await inbox.put({"type": "lifespan.startup"})
    assert (await outbox.get())["type"] == "lifespan.startup.complete"
    try:
        yield
    finally:
        await inbox.put({"type": "lifespan.shutdown"})
        assert (await outbox.get())["type"] == "lifespan.shutdown.complete"
        await task


async def _run(app: ASGIApp, inbox: Any, outbox: Any) -> None:
    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, inbox.get, outbox.put)
