"""Loading millions of rows in minutes, past the store, into tables that the store has made.

What would be done for each row is left out meanwhile: waiting for the disk, noting changes that nobody follows, and
looking for the job of each event. Indexes are kept, so that they are as they grow in use. Afterwards all is on the
disk, and the tables are as a server knows them.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from benchmarks.large.rows import EVENT_COLUMNS, JOB_COLUMNS, Population
from jobstatus.storage import open_store

PAGE = 20_000
"""Jobs that are loaded at once."""
Tell = Callable[[int], None]
"""Takes how many more jobs have been loaded."""

_LOOSE = ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "cache_size = -1000000")
_TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'jobs'"


def load(url: str, population: Population, tell: Tell) -> None:
    """Load jobs, each with one event, into a store that is empty."""
    asyncio.run(_make(url))
    if url.startswith("sqlite:"):
        _load_sqlite(Path(url.removeprefix("sqlite:///")), population, tell)
    else:
        asyncio.run(_load_postgresql(url, population, tell))


async def _make(url: str) -> None:
    await (await open_store(url)).aclose()


def _load_sqlite(file: Path, population: Population, tell: Tell) -> None:
    job, event = (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        for table, columns in (("jobs", JOB_COLUMNS), ("events", EVENT_COLUMNS))
    )
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for pragma in _LOOSE:
            connection.execute(f"PRAGMA {pragma}")
        triggers = connection.execute(_TRIGGERS).fetchall()
        connection.execute("BEGIN")
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for jobs, events in population.pages(PAGE):
            connection.executemany(job, jobs)
            connection.executemany(event, events)
            tell(len(jobs))
        for _, made in triggers:
            connection.execute(made)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    _to_disk(file)


def _to_disk(file: Path) -> None:
    descriptor = os.open(file, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def _load_postgresql(url: str, population: Population, tell: Tell) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        for jobs, events in population.pages(PAGE):
            await connection.copy_records_to_table("jobs", records=jobs, columns=JOB_COLUMNS)
            await connection.copy_records_to_table("events", records=events, columns=EVENT_COLUMNS)
            tell(len(jobs))
        await connection.fetch("SELECT setval(pg_get_serial_sequence('jobs', 'number'), $1)", population.count)
        await connection.execute("VACUUM (ANALYZE) jobs, events")  # as the database does by itself, a little later
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
