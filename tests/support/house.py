"""The whole server in this process, with a clock that tests move and credentials that they make."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr
from raw_asgi import started
from starlette.types import ASGIApp

from jobstatus.app import create_app
from jobstatus.credential import Credential, Kind
from jobstatus.ids import new_id
from jobstatus.security.passwords import hash_password
from jobstatus.security.seal import Seal
from jobstatus.security.tokens import digest, name_digest, new_token
from jobstatus.security.vault import AccessKey, Vault
from jobstatus.settings import Settings
from jobstatus.storage import Store, open_store

TENANT = "ac234de25c6741d2b1273da49eea1b9e"
OTHER_TENANT = "0f3c1b2a4d5e46f78190a1b2c3d4e5f6"
EVERYTHING = frozenset(
    {
        *("job:read", "job:write", "composition:read", "encounter:write"),
        *("ASYNC-STATUS:READ", "ACME:READ", "DELIVERY-SERVICE:UPDATE", "DS-SECURITY-KEY:UPDATE"),
        *("CDN:READ", "CDN:UPDATE", "DNS-SEC:UPDATE"),
        *("ims:imageJobs:get", "ims:imageJobs:getPercentage"),
    }
)
SESSION_KEY = "a key for sessions, of tests alone"
SECRET_KEY = "a key for secrets of tests alone and long enough"
VAULT = Vault(SECRET_KEY)
SESSIONS = Seal(SESSION_KEY.encode(), "traffic ops session")
KEYS = {"session_key": SecretStr(SESSION_KEY), "secret_key": SecretStr(SECRET_KEY)}
"""The settings that a server must have to take what is made here."""


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

    def __init__(self, app: ASGIApp, client: httpx.AsyncClient, store: Store, clock: MovingClock, api_key: str) -> None:
        self.app = app
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
        """Send a token in every way that some contract takes it; a session where that is one."""
        return {
            "Authorization": f"Bearer {token}",
            "X-Auth-Token": token,
            "Cookie": f"mojolicious={self.session(token)}",
            "api-key": self.api_key,
        }

    def session(self, token: str, **span: float) -> str:
        """Give the cookie of a session of a token's holder, which lasts a month unless told otherwise."""
        end = self.clock.now + timedelta(**(span or {"days": 30}))
        return SESSIONS.seal({"auth_data": digest(token).hex(), "expires": int(end.timestamp()), "by": "tests"})

    async def user(self, name: str, password: str, **rest: Any) -> Credential:
        """Make a user who may do everything, unless told otherwise."""
        known = name_digest(Kind.USER, name)
        return await self._keep(digest=known, kind=Kind.USER, secret=hash_password(password), name=name, **rest)

    async def access_key(self, *, temporary: bool = False, **rest: Any) -> AccessKey:
        """Make an access key that may do everything, unless told otherwise."""
        key = AccessKey.new(temporary=temporary)
        await self.keep_access_key(key, VAULT.lock(key), **rest)
        return key

    async def keep_access_key(self, key: AccessKey, locked: str, **rest: Any) -> None:
        """Keep an access key with its secret encrypted in whatever way."""
        known = name_digest(Kind.ACCESS_KEY, key.access_key)
        await self._keep(digest=known, kind=Kind.ACCESS_KEY, secret=locked, **rest)

    async def _keep(self, **fields: Any) -> Credential:
        usual = {"id": new_id(), "name": "test", "tenant": TENANT, "created_at": self.clock.now}
        credential = Credential(**{**usual, "permissions": EVERYTHING, "roles": frozenset({"admin"}), **fields})
        await self.store.add_credential(credential)
        return credential


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
        keyed = (settings or Settings()).model_copy(update=KEYS)
        app = create_app(keyed, store=store, clock=clock)
        async with started(app):
            key = await make_token(store, clock.now, "broker", EVERYTHING, ["api-key"])
            transport = httpx.ASGITransport(app, raise_app_exceptions=True)
            hooks = {"request": [_sort_out]}
            async with httpx.AsyncClient(
                transport=transport, base_url="http://jobs.example", event_hooks=hooks
            ) as client:
                yield House(app, client, store, clock, key)
    finally:
        await store.aclose()


async def _sort_out(request: httpx.Request) -> None:
    """Keep another contract's bearer token from Traffic Ops, which would take it before its cookie."""
    if "mojolicious" in request.headers.get("cookie", "") and re.match("/api/[0-9]", request.url.path):
        request.headers.pop("authorization", None)
