"""The way of a poll into a SQLite file: a glance, or else one thread and one snapshot for all who wait."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from sqlalchemy.dialects import sqlite

from jobstatus.job import Job, Tombstone

from .coalesce import Coalescer
from .rows import Decoder, Memory, Row
from .sql import unavailable
from .sqlite_glance import SqliteGlance
from .statements import BY_KEY, findable
from .tables import jobs, tombstones
from .turnstile import FAREWELL

Rows = tuple[Row | None, Row | None]
"""The rows of a job and of a tombstone."""
Found = Rows | sqlite3.Error
"""The rows, or why they cannot be read."""

_DIALECT = sqlite.dialect()
_TEXTS = {
    kind: [str(BY_KEY[table, kind].compile(dialect=_DIALECT)) for table in (jobs, tombstones)] for kind in (str, int)
}


class SqliteReader:
    """Finds records by their key.

    A driver that works through threads costs far more for each read than SQLite itself. So there is a glance first;
    where that has nothing to say, the way to the thread is shared: calls that wait are answered together, from one
    snapshot.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], glance: SqliteGlance | None = None) -> None:
        self._connect = connect
        self._glance = glance
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "sqlite-reader")
        self._closing: asyncio.Task[None] | None = None
        self._rows: Coalescer[str | int, Found] = Coalescer(self._read, one_fate=True)
        self._jobs = Memory(Decoder(Job, BY_KEY[jobs, str], _DIALECT))
        self._tombstone = Decoder(Tombstone, BY_KEY[tombstones, str], _DIALECT)

    async def find(self, key: str | int) -> Job | Tombstone | None:
        """Read as `JobStore.get` does."""
        if not findable(key):
            return None
        rows = self._glance.take(partial(_look, key)) if self._glance is not None else None
        try:
            job, tombstone = rows or _rows(await self._rows.get(key))
        except sqlite3.Error as error:
            raise unavailable(error) from error
        if job is not None:
            return self._jobs.decode(key, job)
        return self._tombstone(tombstone) if tombstone is not None else None

    async def aclose(self) -> None:
        """Let go of the thread and the connection, once what is under way has ended; wait for it no longer than due."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._closing), FAREWELL)

    async def _close(self) -> None:
        if self._glance is not None:
            self._glance.close()
        try:
            await self._rows.settled()
        finally:
            disconnected = self._thread.submit(self._disconnect)
            self._thread.shutdown(wait=False)
        await asyncio.wrap_future(disconnected)

    async def _read(self, keys: Sequence[str | int]) -> Sequence[Found]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read_all, keys)

    # What follows runs in the thread.

    def _read_all(self, keys: Sequence[str | int]) -> Sequence[Found]:
        """Read all keys from one snapshot, which begins here: it holds all that was committed until now."""
        try:
            connection = self._connection = self._connection or self._connect()
            connection.execute("BEGIN")
            connection.execute("PRAGMA schema_version")  # takes the snapshot: what fails from here on is a row's fault
            found = [_read_one(connection, key) for key in keys]
            connection.commit()
        except BaseException:
            self._disconnect()  # whatever state it is in, the next one starts anew
            raise
        return found

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _read_one(connection: sqlite3.Connection, key: str | int) -> Found:
    """Read the rows of a key. One that cannot be read is no concern of the other callers."""
    try:
        return _look(key, connection)
    except sqlite3.Error as error:
        return error


def _look(key: str | int, connection: sqlite3.Connection) -> Rows:
    """Read the rows of a key, in an order in which no burial in between can hide a job."""
    job, tombstone = _TEXTS[int if isinstance(key, int) else str]
    row = connection.execute(job, (key,)).fetchone()
    return row, None if row else connection.execute(tombstone, (key,)).fetchone()


def _rows(found: Found) -> Rows:
    if isinstance(found, sqlite3.Error):
        raise found
    return found
