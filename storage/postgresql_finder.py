"""The way of a poll into PostgreSQL: those that wait are answered together, by one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy import BigInteger, Dialect, Table, Text, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import asyncpg as dialects
from sqlalchemy.types import TypeEngine

from jobstatus.errors import StoreUnavailable
from jobstatus.job import Job, Tombstone

from .base import Limits
from .coalesce import Coalescer
from .columns import unbroken
from .postgresql_connection import TROUBLE, Connect, cannot_answer, drop, let_go
from .rows import Decoder, Memory, Row
from .statements import BY_KEY, findable
from .tables import jobs, tombstones
from .turnstile import in_time

Key = str | int
Found = tuple[Row | None, Row | None]
"""The rows of a job and of a tombstone."""

_DIALECT: Dialect = dialects.dialect()  # type: ignore[no-untyped-call]  # as SQLAlchemy has it
_COLUMNS: Mapping[type, tuple[str, TypeEngine[Any]]] = {str: ("id", Text()), int: ("number", BigInteger())}


def _text(table: Table, kind: type) -> str:
    column, type_ = _COLUMNS[kind]
    many = select(table).where(table.c[column] == any_(bindparam("keys", type_=ARRAY(type_))))
    return str(many.compile(dialect=_DIALECT))


_TEXTS: Mapping[tuple[Table, type], str] = {
    (table, kind): _text(table, kind) for table in (jobs, tombstones) for kind in (str, int)
}


class PostgresqlFinder:
    """Finds records by their key, over one connection."""

    def __init__(self, connect: Connect, limits: Limits) -> None:
        self._connect = connect
        self._seconds = limits.seconds
        self._connection: asyncpg.Connection | None = None
        self._rows: Coalescer[Key, Found] = Coalescer(self._read, one_fate=True)
        self._jobs = Memory(Decoder(Job, BY_KEY[jobs, str], _DIALECT))
        self._tombstone = Decoder(Tombstone, BY_KEY[tombstones, str], _DIALECT)

    async def find(self, key: Key) -> Job | Tombstone | None:
        """Read as `JobStore.get` does."""
        if not findable(key):
            return None
        job, tombstone = await self._rows.get(unbroken(key) if isinstance(key, str) else key)
        if job is not None:
            return self._jobs.decode(key, job)
        return self._tombstone(tombstone) if tombstone is not None else None

    async def aclose(self) -> None:
        """Let go of the connection, once what is under way has ended."""
        await self._rows.settled()
        connection, self._connection = self._connection, None
        await let_go(connection)

    async def _read(self, keys: Sequence[Key]) -> Sequence[Found]:
        """Read all keys; once more where the connection turns out to have been lost."""
        for last in (False, True):
            try:
                return await in_time(self._read_all(keys), self._seconds)
            except (*TROUBLE, StoreUnavailable) as error:
                connection, self._connection = self._connection, None
                lost = connection is not None and connection.is_closed()
                drop(connection)
                if last or not lost:
                    raise error if isinstance(error, StoreUnavailable) else cannot_answer(error) from error
        raise AssertionError("unreachable")

    async def _read_all(self, keys: Sequence[Key]) -> Sequence[Found]:
        """Read jobs, then tombstones of those that are none: no burial in between can hide a job."""
        connection = self._connection = self._connection or await self._connect()
        found = await _rows(connection, jobs, keys)
        missing = [key for key in keys if key not in found]
        left = await _rows(connection, tombstones, missing) if missing else {}
        return [(found.get(key), left.get(key)) for key in keys]


async def _rows(connection: asyncpg.Connection, table: Table, keys: Sequence[Key]) -> Mapping[Key, Row]:
    """Read the rows of a table by its keys, ids and numbers each by a query of their own."""
    rows: dict[Key, Row] = {}
    for kind, (column, _) in _COLUMNS.items():
        if wanted := [key for key in keys if isinstance(key, kind)]:
            rows |= {row[column]: tuple(row) for row in await connection.fetch(_TEXTS[table, kind], wanted)}
    return rows
