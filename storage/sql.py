"""What the SQL back ends have in common: all but how their engines are made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from jobstatus.credential import Credential
from jobstatus.errors import StoreUnavailable
from jobstatus.job import Event, Job, Tombstone

from . import statements
from .base import JobQuery, Term
from .migrate import migrate

P = ParamSpec("P")
T = TypeVar("T")

Statements = Callable[Concatenate[Connection, P], T]
Connect = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


FAREWELL = 10.0
"""Seconds that closing waits for what is under way."""


class Finder(Protocol):
    """What a back end finds single records with: polls are most of what is read, so each has a fast way for them."""

    async def find(self, key: str | int) -> Job | Tombstone | None:
        """Read as `JobStore.get` does."""

    async def aclose(self) -> None:
        """Let go of everything, once what is under way has ended; wait for it `FAREWELL` at the most."""


class SqlStore:
    """A store over two engines: a reader, each statement of which stands alone, and a writer with transactions.

    Single records are found by a finder of the back end's own.
    """

    def __init__(self, finder: Finder, reader: AsyncEngine, writer: AsyncEngine) -> None:
        self._finder = finder
        self._reader = reader
        self._writer = writer
        self._under_way: set[asyncio.Task[Any]] = set()
        self._closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._writer.url.render_as_string(hide_password=True)!r})"

    async def create(self, job: Job, event: Event) -> Job:
        return await self._write(statements.create_job, job, event)

    async def get(self, key: str | int) -> Job | Tombstone | None:
        self._expect_open()
        return await self._finder.find(key)

    async def replace(self, job: Job, event: Event) -> None:
        await self._write(statements.replace_job, job, event)

    async def bury(self, job: Job, tombstone: Tombstone) -> None:
        await self._write(statements.bury_job, job, tombstone)

    async def list(self, query: JobQuery) -> Sequence[Job]:
        return await self._read(statements.list_jobs, query)

    async def events(self, id: str) -> Sequence[Event]:
        return await self._read(statements.timeline, id)

    async def due(self, term: Term, now: datetime, limit: int) -> Sequence[Job]:
        return await self._read(statements.due_jobs, term, now, limit)

    async def forget(self, before: datetime, limit: int) -> int:
        return await self._write(statements.forget_tombstones, before, limit)

    async def add_credential(self, credential: Credential) -> None:
        await self._write(statements.add_credential, credential)

    async def find_credential(self, digest: bytes) -> Credential | None:
        return await self._read(statements.find_credential, digest)

    async def credentials(self) -> Sequence[Credential]:
        return await self._read(statements.list_credentials)

    async def revoke_credential(self, id: str, at: datetime) -> Credential | None:
        return await self._write(statements.revoke_credential, id, at)

    async def migrate(self) -> None:
        """Bring the tables up to date; of several processes that want to, one does it and the others wait."""
        await self._write(migrate)

    async def aclose(self) -> None:
        self._closed = True
        await asyncio.gather(self._settle(), self._finder.aclose())
        await self._reader.dispose()
        await self._writer.dispose()

    async def _settle(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=FAREWELL)

    def _expect_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store is closed")

    async def _read(self, run: Statements[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._complete(self._reader.connect, run, *args, **kwargs)

    async def _write(self, run: Statements[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._complete(self._writer.begin, run, *args, **kwargs)

    async def _complete(self, connect: Connect, run: Statements[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run to the end even where the caller gives up: a driver that is interrupted may keep the locks it holds."""
        self._expect_open()
        task = asyncio.create_task(_run(connect, run, *args, **kwargs))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            return await asyncio.shield(task)
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise unavailable(cause) from error


async def _run(connect: Connect, run: Statements[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    async with connect() as connection:
        return await connection.run_sync(run, *args, **kwargs)


async def open_sql(finder: Finder, reader: AsyncEngine, writer: AsyncEngine) -> SqlStore:
    """Make a store of its finder and its two engines, which are its own from now on."""
    store = SqlStore(finder, reader, writer)
    try:
        await store.migrate()
    except BaseException:
        await store.aclose()
        raise
    return store


def unavailable(cause: BaseException | None) -> StoreUnavailable:
    """Tell why the store cannot answer, but nothing of the statement: its values may be secret."""
    return StoreUnavailable(f"the store cannot answer: {cause}")
