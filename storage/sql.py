"""What the SQL back ends have in common: all but how their engines are made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from threading import Lock
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from jobstatus.credential import Credential
from jobstatus.errors import JobstatusError, StoreUnavailable
from jobstatus.job import Event, Job, Tombstone

from . import agreement, moving, notes, statements
from .base import JobQuery, Kept, Limits, Term
from .migrate import migrate
from .turnstile import Turnstile

P = ParamSpec("P")
T = TypeVar("T")

_MIGRATING = Lock()
TURN = 0.01
"""Seconds between two looks whether it is this store's turn to be brought up to date."""

Statements = Callable[Concatenate[Connection, P], T]


class Finder(Protocol):
    """What a back end finds single records with: polls are most of what is read, so each has a fast way for them."""

    async def find(self, key: str | int) -> Job | Tombstone | None:
        """Read as `JobStore.get` does."""

    async def aclose(self) -> None:
        """Let go of everything, once what is under way has ended; wait for it `FAREWELL` at the most."""


class Writer(Protocol):
    """What a back end writes with."""

    def write(self, run: Callable[[Connection], T]) -> Coroutine[Any, Any, T]:
        """Run statements, all or none of which are made; they are there for good when this returns.

        They may be run again where it is certain that they have not been made.
        """

    async def aclose(self) -> None:
        """Let go of everything."""


class Changes(Protocol):
    """How a back end's processes tell each other what they wrote."""

    def changes(self) -> AsyncGenerator[frozenset[str] | None]:
        """Listen as `JobStore.changes` does."""

    async def tell(self, ids: Sequence[str]) -> None:
        """Tell that these jobs were written, where the database does not do so by itself."""

    def doubt(self) -> None:
        """Have it told, as soon as may be, that some may have been written, where nobody knows."""

    async def aclose(self) -> None:
        """End it for all who listen."""


class SqlStore:
    """A store over an engine, each statement of which stands alone, and what else a back end has for itself."""

    def __init__(
        self, *, finder: Finder, reader: AsyncEngine, writer: Writer, feed: Changes, limits: Limits | None = None
    ) -> None:
        self._finder = finder
        self._reader = reader
        self._writer = writer
        self._feed = feed
        self._turnstile = Turnstile(limits or Limits())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._reader.url.render_as_string(hide_password=True)!r})"

    async def create(self, job: Job, event: Event) -> Job:
        return await self._change(lambda _: [job.id], statements.create_job, job, event)

    async def get(self, key: str | int) -> Job | Tombstone | None:
        if self._turnstile.closed:
            raise StoreUnavailable("the store is closed")
        return await self._finder.find(key)

    async def replace(self, job: Job, event: Event) -> None:
        await self._change(lambda _: [job.id], statements.replace_job, job, event)

    async def bury(self, job: Job, tombstone: Tombstone) -> None:
        await self._change(lambda _: [job.id], statements.bury_job, job, tombstone)

    async def list(self, query: JobQuery) -> Sequence[Job]:
        return await self._read(statements.list_jobs, query)

    async def events(self, id: str) -> Sequence[Event]:
        return await self._read(statements.timeline, id)

    async def due(self, term: Term, now: datetime, limit: int, after: Job | None = None) -> Sequence[Job]:
        return await self._read(statements.due_jobs, term, now, limit, after)

    async def changed(self, tenant: str, since: datetime, limit: int, after: Job | None = None) -> Sequence[Job]:
        return await self._read(statements.changed_jobs, tenant, since, limit, after)

    async def expire(self, now: datetime, limit: int) -> int:
        ids = await self._change(_themselves, statements.expire_jobs, now, limit)
        return len(ids)

    async def forget(self, before: datetime, limit: int) -> int:
        return await self._write(statements.forget_tombstones, before, limit)

    async def forgettable(self, before: datetime) -> int:
        return await self._read(statements.count_tombstones, before)

    def changes(self) -> AsyncGenerator[frozenset[str] | None]:
        return self._feed.changes()

    async def scan(self, above: int, limit: int) -> Sequence[Kept]:
        return await self._read(moving.scan, above, limit)

    async def restore(self, above: int, upto: int, kept: Sequence[Kept]) -> None:
        await self._change(_themselves, moving.restore, above, upto, kept)

    async def lead(self, role: str, holder: str, seconds: float) -> bool:
        return await self._write(agreement.lead, role, holder, seconds)

    async def time(self) -> datetime | None:
        return await self._read(agreement.time)

    async def note(self, key: str) -> bytes | None:
        return await self._read(notes.read, key)

    async def swap(self, key: str, was: bytes | None, to: bytes, until: datetime) -> bool:
        return await self._write(notes.swap, key, was, to, until)

    async def drop_notes(self, before: datetime, limit: int) -> int:
        return await self._write(notes.drop, before, limit)

    async def add_credential(self, credential: Credential) -> None:
        await self._write(statements.add_credential, credential)

    async def find_credential(self, digest: bytes) -> Credential | None:
        return await self._read(statements.find_credential, digest)

    async def credentials(self) -> Sequence[Credential]:
        return await self._read(statements.list_credentials)

    async def revoke_credential(self, id: str, at: datetime) -> Credential | None:
        return await self._write(statements.revoke_credential, id, at)

    async def aclose(self) -> None:
        await asyncio.gather(self._turnstile.aclose(), self._finder.aclose())
        await self._feed.aclose()  # what was under way has been told of
        await asyncio.gather(self._reader.dispose(), self._writer.aclose())

    async def _read(self, run: Statements[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._through(read(self._reader, lambda connection: run(connection, *args, **kwargs)))

    async def _write(self, run: Statements[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._through(self._writer.write(lambda connection: run(connection, *args, **kwargs)))

    async def _change(
        self, changed: Callable[[T], Sequence[str]], run: Statements[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Write, and tell which jobs have changed: also if the caller has given up, for they are written even so."""

        async def change() -> T:
            try:
                done = await self._writer.write(lambda connection: run(connection, *args, **kwargs))
            except JobstatusError:
                raise  # nothing is written
            except Exception:
                self._feed.doubt()
                raise
            await self._feed.tell(changed(done))
            return done

        return await self._through(change())

    async def _through(self, call: Coroutine[Any, Any, T]) -> T:
        try:
            return await self._turnstile.through(call)
        except (SQLAlchemyError, OSError) as error:
            raise unavailable(error) from error


def _themselves(ids: Sequence[str]) -> Sequence[str]:
    return ids


async def up_to_date(store: SqlStore, writer: Writer) -> SqlStore:
    """Bring a store's tables up to date; if that fails, let go of it.

    Of several processes that want to, one does it and the others wait.
    """
    try:
        async with _alone():
            await writer.write(migrate)
    except SQLAlchemyError as error:
        await store.aclose()
        raise unavailable(error) from error
    except BaseException:
        await store.aclose()
        raise
    return store


@asynccontextmanager
async def _alone() -> AsyncGenerator[None]:
    """Wait until no other store of this process is being brought up to date, of whatever loop it is.

    Alembic keeps the connection that it works on in the process: another one would have its tables there.
    """
    while not _MIGRATING.acquire(blocking=False):  # noqa: ASYNC110  an event belongs to one loop
        await asyncio.sleep(TURN)
    try:
        yield
    finally:
        _MIGRATING.release()


async def read(engine: AsyncEngine, run: Callable[[Connection], T]) -> T:
    """Run statements that only read; once more where the connection turns out to have been lost."""
    for last in (False, True):
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(run)
        except DBAPIError as error:
            if last or not error.connection_invalidated:
                raise
    raise AssertionError("unreachable")


def unavailable(error: BaseException) -> StoreUnavailable:
    """Tell why the store cannot answer, but nothing of the statement: its values may be secret."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return StoreUnavailable(f"the store cannot answer: {cause}")
