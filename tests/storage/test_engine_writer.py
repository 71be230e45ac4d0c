"""A transaction that the database undoes, for it stood in the way of another, is made again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from back_ends import BackEnds, need
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from jobstatus.storage.engine_writer import ATTEMPTS, EngineWriter

Statements = Callable[[Connection], int]
TABLES = (
    "CREATE TABLE counts (name text PRIMARY KEY, total int NOT NULL)",
    "INSERT INTO counts VALUES ('a', 0), ('b', 0)",
)


@pytest.fixture
async def writer(all_back_ends: BackEnds, tmp_path: Path) -> AsyncGenerator[EngineWriter]:
    """Give a writer to a database that has two counts."""
    need("postgresql")
    url = await all_back_ends.url("postgresql", tmp_path)
    writer = EngineWriter(create_async_engine("postgresql+asyncpg://", async_creator=partial(asyncpg.connect, url)))
    await writer.write(lambda connection: [connection.execute(text(statement)) for statement in TABLES])
    yield writer
    await writer.aclose()
    await all_back_ends.tidy()


def counting(*names: str) -> Statements:
    """Count up one after the other, slowly; give how often this was run."""
    runs = 0

    def count(connection: Connection) -> int:
        nonlocal runs
        runs += 1
        for name in names:
            connection.execute(text("UPDATE counts SET total = total + 1 WHERE name = :name"), {"name": name})
            connection.execute(text("SELECT pg_sleep(0.2)"))
        return runs

    return count


def counts(connection: Connection) -> dict[str, int]:
    """Read what has been counted."""
    return {row.name: row.total for row in connection.execute(text("SELECT name, total FROM counts"))}


async def test_of_two_writers_that_block_each_other_both_are_made(writer: EngineWriter) -> None:
    """Each once, and one of them at its second try."""
    runs = await asyncio.gather(writer.write(counting("a", "b")), writer.write(counting("b", "a")))

    assert sorted(runs) == [1, 2]
    assert await writer.write(counts) == {"a": 2, "b": 2}


async def test_what_fails_otherwise_is_made_once_and_undone(writer: EngineWriter) -> None:
    """An error of the statements' own would come again."""
    runs = counting("a")

    def fail(connection: Connection) -> None:
        runs(connection)
        connection.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError, match="division by zero"):
        await writer.write(fail)

    assert await writer.write(runs) == 2
    assert await writer.write(counts) == {"a": 1, "b": 0}


async def test_what_is_undone_every_time_is_given_up(writer: EngineWriter) -> None:
    """After so many tries the caller is told."""
    runs = 0

    def undone(connection: Connection) -> None:
        nonlocal runs
        runs += 1
        connection.execute(text("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '40001'; END $$"))

    with pytest.raises(DBAPIError):
        await writer.write(undone)

    assert runs == ATTEMPTS
