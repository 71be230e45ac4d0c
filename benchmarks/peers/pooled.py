"""Reading jobs as one would with asyncpg: a pool of connections, and one query for each poll.

The pool is of the size that asyncpg gives it. It does not ask PostgreSQL to forget a connection's settings after each
query, as asyncpg would have it do: nothing sets any, and so there truly is one query for a poll.
"""

from __future__ import annotations

from typing import Any

import asyncpg
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import asyncpg as dialects

from jobstatus.credential import Credential
from jobstatus.job import Job, Tombstone
from jobstatus.storage import Store, open_store
from jobstatus.storage.rows import Decoder, Memory
from jobstatus.storage.statements import BY_KEY
from jobstatus.storage.tables import jobs, tombstones

_DIALECT = dialects.dialect()  # type: ignore[no-untyped-call]  # as SQLAlchemy has it


def _select(table: Table) -> str:
    return str(BY_KEY[table, str].compile(dialect=_DIALECT))


_SELECT, _SELECT_TOMBSTONE = _select(jobs), _select(tombstones)


class PooledStore:
    """What the FastAPI application asks of a store; credentials, which are kept for seconds, come from ours."""

    def __init__(self, pool: Any, store: Store) -> None:
        self._pool = pool
        self._store = store
        self._jobs = Memory(Decoder(Job, BY_KEY[jobs, str], _DIALECT))
        self._tombstone = Decoder(Tombstone, BY_KEY[tombstones, str], _DIALECT)

    async def get(self, key: str) -> Job | Tombstone | None:
        """Read a job by its id."""
        row = await self._pool.fetchrow(_SELECT, key)
        if row is not None:
            return self._jobs.decode(key, tuple(row))
        row = await self._pool.fetchrow(_SELECT_TOMBSTONE, key)
        return self._tombstone(tuple(row)) if row is not None else None

    async def find_credential(self, digest: bytes) -> Credential | None:
        """Read the credential with this digest."""
        return await self._store.find_credential(digest)

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._pool.close()
        await self._store.aclose()


async def open_pooled(url: str) -> PooledStore:
    """Open the database that *url* names."""
    return PooledStore(await asyncpg.create_pool(url, reset=_leave), await open_store(url))


async def _leave(connection: Any) -> None:
    """Leave a connection as it is."""
