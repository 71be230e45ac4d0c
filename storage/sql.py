"""What the SQL back ends have in common: all but how their engines are made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from jobstatus.credential import Credential
from jobstatus.errors import DuplicateId, StoreUnavailable, VersionMismatch
from jobstatus.job import Event, Job, Status, Tombstone

from .base import JobQuery
from .migrate import migrate
from .tables import credentials, events, jobs, tombstones

Record = TypeVar("Record")

MAX_NUMBER = 2**63 - 1

_ENDED = [status for status in Status if status.terminal]
_BY_KEY = {
    (table, kind): select(table).where(table.c[column] == bindparam("key"))
    for table in (jobs, tombstones)
    for kind, column in ((str, "id"), (int, "number"))
}
_TIMELINE = (
    select(*(events.c[field.name] for field in fields(Event)))
    .join_from(events, jobs)
    .where(jobs.c.id == bindparam("id"))
    .order_by(events.c.version)
)


class SqlStore:
    """A store over two engines: a reader, each statement of which stands alone, and a writer with transactions."""

    def __init__(self, reader: AsyncEngine, writer: AsyncEngine) -> None:
        self._reader = reader
        self._writer = writer
        self._closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._writer.url.render_as_string(hide_password=True)!r})"

    async def create(self, job: Job, event: Event) -> Job:
        async with self._writing(job.id) as connection:
            written = insert(jobs).values(_row(job, without={"number"})).returning(jobs.c.number)
            number = (await connection.execute(written)).scalar_one()
            # Looked for only now: a burial of the same id, were it under way, has held the insertion up.
            if await _find(connection, Tombstone, tombstones, job.id):
                raise DuplicateId(job.id)
            await connection.execute(insert(events).values(number=number, **_row(event)))
        return replace(job, number=number)

    async def get(self, key: str | int) -> Job | Tombstone | None:
        if isinstance(key, int) and not 0 < key <= MAX_NUMBER:
            return None
        # In this order no burial between the two reads can hide a job.
        async with self._reading() as connection:
            job = await _find(connection, Job, jobs, key)
            return job or await _find(connection, Tombstone, tombstones, key)

    async def replace(self, job: Job, event: Event) -> None:
        async with self._writing() as connection:
            changed = update(jobs).where(*_at(job.id, job.version - 1)).values(_row(job, without={"id", "number"}))
            await _expect_one(connection, changed, job.id, job.version - 1)
            await connection.execute(insert(events).values(number=job.number, **_row(event)))

    async def bury(self, job: Job, tombstone: Tombstone) -> None:
        async with self._writing() as connection:
            await _expect_one(connection, delete(jobs).where(*_at(job.id, job.version)), job.id, job.version)
            await connection.execute(insert(tombstones).values(_row(tombstone)))

    async def list(self, query: JobQuery) -> Sequence[Job]:
        chosen = select(jobs).where(*_conditions(query)).order_by(jobs.c.number.desc()).limit(query.limit)
        return await self._read(Job, chosen)

    async def events(self, id: str) -> Sequence[Event]:
        return await self._read(Event, _TIMELINE, id=id)

    async def due(self, now: datetime, limit: int) -> Sequence[Job]:
        lapsed = and_(jobs.c.lease_until <= now, jobs.c.status.not_in(_ENDED))
        chosen = select(jobs).where(or_(jobs.c.expires_at <= now, lapsed)).limit(limit)
        return await self._read(Job, chosen)

    async def forget(self, before: datetime, limit: int) -> int:
        oldest = select(tombstones.c.number).where(tombstones.c.at < before).order_by(tombstones.c.at).limit(limit)
        async with self._writing() as connection:
            dropped = await connection.execute(delete(tombstones).where(tombstones.c.number.in_(oldest)))
        return dropped.rowcount

    async def add_credential(self, credential: Credential) -> None:
        async with self._writing(credential.id) as connection:
            await connection.execute(insert(credentials).values(_row(credential)))

    async def find_credential(self, digest: bytes) -> Credential | None:
        found = await self._read(Credential, select(credentials).where(credentials.c.digest == digest))
        return found[0] if found else None

    async def credentials(self) -> Sequence[Credential]:
        chosen = select(credentials).order_by(credentials.c.created_at, credentials.c.id)
        return await self._read(Credential, chosen)

    async def revoke_credential(self, id: str, at: datetime) -> Credential | None:
        mine = credentials.c.id == id
        later = or_(credentials.c.revoked_at.is_(None), credentials.c.revoked_at > at)
        async with self._writing() as connection:
            await connection.execute(update(credentials).where(mine, later).values(revoked_at=at))
            return await _first(connection, Credential, select(credentials).where(mine))

    async def aclose(self) -> None:
        self._closed = True
        await self._reader.dispose()
        await self._writer.dispose()

    async def _read(self, record: type[Record], chosen: Select[Any], **values: Any) -> Sequence[Record]:
        async with self._reading() as connection:
            return [record(**row._asdict()) for row in await connection.execute(chosen, values)]

    async def migrate(self) -> None:
        """Bring the tables up to date; of several processes that want to, one does it and the others wait."""
        async with self._writing() as connection:
            await connection.run_sync(migrate)

    @asynccontextmanager
    async def _reading(self) -> AsyncGenerator[AsyncConnection]:
        with self._errors():
            async with self._reader.connect() as connection:
                yield connection

    @asynccontextmanager
    async def _writing(self, id: str | None = None) -> AsyncGenerator[AsyncConnection]:
        """Open a transaction; *id* is the one that may turn out to be taken."""
        with self._errors(id):
            async with self._writer.begin() as connection:
                yield connection

    @contextmanager
    def _errors(self, id: str | None = None) -> Iterator[None]:
        """Say in the store's own words what the driver raises."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        try:
            yield
        except SQLAlchemyError as error:
            if id is not None and isinstance(error, IntegrityError):
                raise DuplicateId(id) from error
            raise _unavailable(error) from error


async def open_sql(reader: AsyncEngine, writer: AsyncEngine) -> SqlStore:
    """Make a store of its two engines, which are its own from now on."""
    store = SqlStore(reader, writer)
    try:
        await store.migrate()
    except BaseException:
        await store.aclose()
        raise
    return store


def _unavailable(error: SQLAlchemyError) -> StoreUnavailable:
    """Tell why the store cannot answer, but nothing of the statement: its values may be secret."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return StoreUnavailable(f"the store cannot answer: {cause}")


async def _find(connection: AsyncConnection, record: type[Record], table: Table, key: str | int) -> Record | None:
    return await _first(connection, record, _BY_KEY[table, type(key)], key=key)


async def _first(
    connection: AsyncConnection, record: type[Record], chosen: Select[Any], **values: Any
) -> Record | None:
    row = (await connection.execute(chosen, values)).first()
    return record(**row._asdict()) if row else None


async def _expect_one(connection: AsyncConnection, change: Any, id: str, version: int) -> None:
    if (await connection.execute(change)).rowcount != 1:
        raise VersionMismatch(id, version)


def _at(id: str, version: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return jobs.c.id == id, jobs.c.version == version


def _row(record: Any, without: Collection[str] = ()) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record) if field.name not in without}


def _conditions(query: JobQuery) -> Iterator[ColumnElement[bool]]:
    yield or_(jobs.c.expires_at.is_(None), jobs.c.expires_at > query.alive_at)
    if query.tenant is not None:
        yield jobs.c.tenant == query.tenant
    if query.statuses:
        yield jobs.c.status.in_(sorted(query.statuses))
    if query.type is not None:
        yield jobs.c.type == query.type
    if query.created_from is not None:
        yield jobs.c.created_at >= query.created_from
    if query.created_before is not None:
        yield jobs.c.created_at < query.created_before
    if query.below_number is not None:
        yield jobs.c.number < min(query.below_number, MAX_NUMBER)
