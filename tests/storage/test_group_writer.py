"""Writes that come in together are committed together, and each fares on its own."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import IntegrityError, OperationalError

from jobstatus.errors import StoreUnavailable, VersionMismatch
from jobstatus.storage.coalesce import LIMIT
from jobstatus.storage.group_writer import GroupWriter
from jobstatus.storage.migrate import migrate

TABLES = """
    CREATE TABLE kept (value INTEGER PRIMARY KEY, text TEXT);
    CREATE TABLE bound (value INTEGER REFERENCES kept DEFERRABLE INITIALLY DEFERRED);
"""
LOCK = 0.05
"""Seconds that a writer waits for others."""


class Hold:
    """A write that is under way until it is let go."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.begun = asyncio.Event()
        self.released = threading.Event()

    def __call__(self, connection: Connection) -> None:
        """Say that the write has begun, and stay."""
        self._loop.call_soon_threadsafe(self.begun.set)
        self.released.wait()


class File:
    """A file that is looked into from outside, and an engine that counts its commits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.commits = 0
        self.engine = create_engine(f"sqlite:///{path}", connect_args={"isolation_level": None, "timeout": LOCK})
        event.listen(self.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        event.listen(self.engine, "commit", self._count)
        self.always("PRAGMA foreign_keys = ON")
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(TABLES)

    def always(self, statement: str) -> None:
        """Have a statement run on each connection of the engine that is made from now on."""
        event.listen(self.engine, "connect", lambda connection, _: connection.execute(statement).close())

    def kept(self) -> list[int]:
        """Read what anybody else finds in the file now."""
        with closing(sqlite3.connect(self.path)) as connection:
            return [value for (value,) in connection.execute("SELECT value FROM kept ORDER BY value")]

    def _count(self, _: Connection) -> None:
        self.commits += 1


@pytest.fixture
def disk(file: Path) -> Iterator[File]:
    """Make a file with tables."""
    disk = File(file)
    yield disk
    disk.engine.dispose()


@pytest.fixture
async def writer(disk: File) -> AsyncGenerator[GroupWriter]:
    """Give a writer to the file, and see that it leaves no thread behind."""
    writer = GroupWriter(disk.engine)
    yield writer
    used = [thread for thread in threading.enumerate() if thread.name.startswith("sqlite-writer")]
    await writer.aclose()
    for thread in used:
        await asyncio.to_thread(thread.join)


def keep(value: int, text: str = "") -> Callable[[Connection], int]:
    """Make a write of one row, which gives its value back."""

    def run(connection: Connection) -> int:
        connection.exec_driver_sql("INSERT INTO kept VALUES (?, ?)", (value, text))
        return value

    return run


def keep_and_raise(value: int, error: Exception) -> Callable[[Connection], None]:
    """Make a write that fails once its row is written."""

    def run(connection: Connection) -> None:
        keep(value)(connection)
        raise error

    return run


def statement(text: str) -> Callable[[Connection], None]:
    """Make a write of one statement."""
    return lambda connection: connection.exec_driver_sql(text).close()


async def together(writer: GroupWriter, *runs: Callable[[Connection], Any]) -> list[Any]:
    """Have writes come in at the same time; give what each returned or raised."""
    return await asyncio.gather(*map(writer.write, runs), return_exceptions=True)


async def test_writes_that_come_in_together_share_a_commit(writer: GroupWriter, disk: File) -> None:
    """Each caller has what its own statements gave."""
    assert await together(writer, *map(keep, range(20))) == list(range(20))
    assert disk.commits == 1
    assert disk.kept() == list(range(20))


async def test_writes_that_come_in_during_a_commit_share_the_next(writer: GroupWriter, disk: File) -> None:
    """However far apart they come."""
    hold = Hold()
    first = asyncio.create_task(writer.write(hold))
    await hold.begun.wait()
    others = []
    for value in range(5):
        others.append(asyncio.create_task(writer.write(keep(value))))
        await asyncio.sleep(0)
    hold.released.set()
    await asyncio.gather(first, *others)

    assert disk.commits == 2


async def test_no_commit_has_more_writes_than_its_bound(writer: GroupWriter, disk: File) -> None:
    """The rest has the next ones, in the order of its coming."""
    assert await together(writer, *map(keep, range(2 * LIMIT + 1))) == list(range(2 * LIMIT + 1))
    assert disk.commits == 3


async def test_nobody_is_answered_before_the_commit(writer: GroupWriter, disk: File) -> None:
    """A write that has been made waits for the others of its commit; what is answered, others find in the file."""
    hold = Hold()
    first, second = asyncio.create_task(writer.write(keep(1))), asyncio.create_task(writer.write(hold))
    await hold.begun.wait()
    assert not first.done()
    assert disk.kept() == []
    hold.released.set()
    await first

    assert disk.kept() == [1]
    await second


@pytest.mark.parametrize("error", [VersionMismatch("a", 1), ValueError("not a value"), sqlite3.Warning("odd")])
async def test_a_write_that_fails_is_undone_alone(writer: GroupWriter, disk: File, error: Exception) -> None:
    """Its caller is told its own error; the others are not concerned, those before it and those after it."""
    assert await together(writer, keep(1), keep_and_raise(2, error), keep(3)) == [1, error, 3]
    assert disk.kept() == [1, 3]
    assert disk.commits == 1


async def test_a_statement_that_is_refused_is_no_concern_of_others(writer: GroupWriter, disk: File) -> None:
    """The database's own errors are the engine's, so that a store knows what they are."""
    first, second, third, fourth = await together(writer, keep(1), keep(1), statement("NONSENSE"), keep(2))

    assert (first, fourth) == (1, 2)
    assert isinstance(second, IntegrityError)
    assert isinstance(third, OperationalError)
    assert disk.kept() == [1, 2]


async def test_all_are_told_where_the_commit_fails(writer: GroupWriter, disk: File) -> None:
    """Nothing of the group is written; the next one is."""
    dangling = statement("INSERT INTO bound VALUES (7)")
    for outcome in await together(writer, keep(1), dangling, keep(2)):
        assert isinstance(outcome, IntegrityError)

    assert disk.kept() == []
    assert await writer.write(keep(3)) == 3
    assert disk.kept() == [3]


async def test_all_are_told_where_the_database_gives_up_the_transaction(writer: GroupWriter, disk: File) -> None:
    """As it may when a disk is full: what others had written in it is gone, so nobody is told that it is there."""
    await writer.write(keep(1))
    giving_up = statement("INSERT OR ROLLBACK INTO kept VALUES (1, '')")
    for outcome in await together(writer, keep(2), giving_up, keep(3)):
        assert isinstance(outcome, IntegrityError)

    assert disk.kept() == [1]
    assert await writer.write(keep(4)) == 4
    assert disk.kept() == [1, 4]


async def test_a_write_that_undoes_what_is_not_its_own_is_found_out(writer: GroupWriter, disk: File) -> None:
    """Even if it takes no notice of that itself: nobody is told that what is gone is there."""

    def careless(connection: Connection) -> None:
        with pytest.raises(IntegrityError):
            statement("INSERT OR ROLLBACK INTO kept VALUES (1, '')")(connection)

    await writer.write(keep(1))
    for outcome in await together(writer, keep(2), careless, keep(3)):
        assert isinstance(outcome, StoreUnavailable)

    assert disk.kept() == [1]


@pytest.mark.parametrize("longest", [1, 3])
async def test_a_full_disk_leaves_nothing_half_written(writer: GroupWriter, disk: File, longest: int) -> None:
    """Whoever is told that it is kept finds it, nobody else does; and when there is room again, it is used."""
    disk.always("PRAGMA max_page_count = 20")
    values = range(1000)
    outcomes = await together(writer, *(keep(value, "x" * 1500 * (1 + value % longest)) for value in values))
    told = [value for value, outcome in zip(values, outcomes, strict=True) if outcome == value]

    assert {str(outcome.orig) for outcome in outcomes if isinstance(outcome, OperationalError)} == {
        "database or disk is full"
    }
    assert disk.kept() == told
    await writer.write(statement("DELETE FROM kept"))
    assert await together(writer, keep(1), keep(2)) == [1, 2]


async def test_a_file_that_is_held_for_too_long_is_told_to_all(writer: GroupWriter, disk: File) -> None:
    """Whoever comes after it was let go is served."""
    with closing(sqlite3.connect(disk.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for outcome in await together(writer, keep(1), keep(2)):
            assert isinstance(outcome, OperationalError)
            assert str(outcome.orig) == "database is locked"

    assert await together(writer, keep(1), keep(2)) == [1, 2]


async def test_a_caller_who_gives_up_does_not_stop_its_write(writer: GroupWriter, disk: File) -> None:
    """Neither one whose group is under way, nor one that waits; the others are answered."""
    hold = Hold()
    first = [asyncio.create_task(writer.write(run)) for run in (keep(1), hold)]
    await hold.begun.wait()
    later = [asyncio.create_task(writer.write(keep(value))) for value in (2, 3)]
    await asyncio.sleep(0)
    for leaving in (first[0], later[0]):
        leaving.cancel()
    hold.released.set()

    await asyncio.gather(first[1], later[1])
    assert disk.kept() == [1, 2, 3]


async def test_tables_are_made_like_anything_else(writer: GroupWriter, disk: File) -> None:
    """Those who do so at once, and those who write meanwhile, are not in each other's way."""
    assert await together(writer, migrate, keep(1), migrate, keep(2)) == [None, 1, None, 2]

    with closing(sqlite3.connect(disk.path)) as connection:
        assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


async def test_closing_waits_for_the_writes_under_way(writer: GroupWriter, disk: File) -> None:
    """They are made and answered, were they more than one commit has."""
    writes = [asyncio.create_task(writer.write(keep(value))) for value in range(LIMIT + 1)]
    await asyncio.sleep(0)
    await writer.aclose()
    await writer.aclose()

    assert [write.result() for write in writes] == disk.kept() == list(range(LIMIT + 1))


async def test_closing_does_not_wait_for_ever(disk: File, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that hangs is left behind; whenever it ends, those who wait are answered and the thread ends too."""
    monkeypatch.setattr("jobstatus.storage.group_writer.FAREWELL", 0.01)
    before = set(threading.enumerate())
    writer, hold = GroupWriter(disk.engine), Hold()
    hanging = asyncio.create_task(writer.write(hold))
    await hold.begun.wait()
    waiting = asyncio.create_task(writer.write(keep(1)))
    await asyncio.sleep(0)
    await writer.aclose()
    assert not hanging.done()
    (thread,) = set(threading.enumerate()) - before
    monkeypatch.undo()
    hold.released.set()
    await writer.aclose()

    await hanging
    assert await waiting == 1
    await asyncio.to_thread(thread.join)
