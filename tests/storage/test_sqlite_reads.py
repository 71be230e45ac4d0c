"""How the SQLite back end reads single records: for many at once, and always what is there now."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jobstatus.errors import StoreUnavailable
from jobstatus.job import Job, Tombstone
from jobstatus.storage import Store
from jobstatus.storage.coalesce import LIMIT
from jobstatus.storage.sqlite_reader import SqliteReader
from jobstatus.testing.stores.samples import bury, change, put

MANY = 20


@pytest.fixture
def other(store: Store, file: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection of somebody else's to the same file."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        yield connection


def connected(file: Path) -> sqlite3.Connection:
    """Connect as a reader does."""
    return sqlite3.connect(file, isolation_level=None)


@pytest.mark.parametrize("key", ["id", "number"])
async def test_a_change_by_somebody_else_is_seen_at_once(store: Store, other: sqlite3.Connection, key: str) -> None:
    """A record that was read before is not told again once it is another."""
    job = await put(store)
    for version in range(2, 10):
        other.execute("UPDATE jobs SET version = ?, message = ?", (version, f"version {version}"))

        found = await store.get(getattr(job, key))
        assert isinstance(found, Job)
        assert (found.version, found.message) == (version, f"version {version}")


async def test_a_record_that_is_gone_is_not_told_again(store: Store, other: sqlite3.Connection) -> None:
    """Neither by its id nor by its number, whoever took it away; another that takes its id is another."""
    job = await put(store)
    assert await store.get(job.id) == await store.get(job.number) == job
    tombstone = await bury(store, job)
    assert await store.get(job.id) == await store.get(job.number) == tombstone
    other.execute("DELETE FROM tombstones")
    assert await store.get(job.id) is await store.get(job.number) is None
    again = await put(store, id=job.id)

    assert await store.get(job.id) == again


async def test_a_record_that_has_not_changed_is_decoded_no_more(store: Store) -> None:
    """All who poll it, but for the first, are given the same one, until there is a new version."""
    job = await put(store)
    await store.get(job.id)
    first = await store.get(job.id)
    assert await store.get(job.id) is first
    changed = await change(store, job)

    assert await store.get(job.id) == changed


async def test_calls_that_come_together_see_one_state(store: Store, other: sqlite3.Connection, file: Path) -> None:
    """They cost one transaction, in which each key is read once; what is written meanwhile the next ones see."""
    jobs = [await put(store) for _ in range(MANY)]
    statements: list[str] = []

    def write_meanwhile(statement: str) -> None:
        statements.append(statement)
        if "WHERE" in statement:
            with closing(connected(file)) as writer:
                writer.execute("UPDATE jobs SET version = version + 1")

    def connect() -> sqlite3.Connection:
        connection = connected(file)
        connection.set_trace_callback(write_meanwhile)
        return connection

    reader = SqliteReader(connect)
    found = await asyncio.gather(*(reader.find(job.id) for job in jobs * 2))
    later = await reader.find(jobs[0].id)
    await reader.aclose()

    assert found == jobs * 2
    assert isinstance(later, Job)
    assert later.version == MANY + 1
    assert statements.count("BEGIN") == 2
    assert sum("WHERE" in statement for statement in statements) == MANY + 1


async def test_jobs_tombstones_and_nothing_are_read_together(store: Store) -> None:
    """Each caller is told of its own key, by id or by number."""
    jobs = [await put(store, id=str(number)) for number in range(MANY, 0, -1)]
    tombstones = {job.id: await bury(store, job) for job in jobs[::2]}
    expected: list[Job | Tombstone | None] = [tombstones.get(job.id, job) for job in jobs]

    assert await asyncio.gather(*(store.get(job.id) for job in jobs)) == expected
    keys: list[str | int] = [*(job.id for job in jobs), "none", *(job.number for job in jobs), MANY + 1]
    assert await asyncio.gather(*map(store.get, keys)) == [*expected, None, *expected, None]


async def test_text_that_cannot_be_written_is_nobodys_id(store: Store) -> None:
    """It is nothing, and the others that ask at the same time are served."""
    job = await put(store)

    assert await asyncio.gather(*map(store.get, ["\ud800", job.id])) == [None, job]


@pytest.mark.parametrize(
    ("spoiling", "told"),
    [("status = 'unheard of'", ValueError), ("message = CAST(x'ff' AS TEXT)", StoreUnavailable)],
)
async def test_a_row_that_cannot_be_read_is_no_concern_of_others(
    store: Store, other: sqlite3.Connection, spoiling: str, told: type[Exception]
) -> None:
    """Its own callers are told, those that ask for others at the same time are served."""
    jobs = [await put(store) for _ in range(3)]
    other.execute(f"UPDATE jobs SET {spoiling} WHERE id = ?", (jobs[1].id,))

    first, second, third = await asyncio.gather(*(store.get(job.id) for job in jobs), return_exceptions=True)

    assert [first, third] == [jobs[0], jobs[2]]
    assert isinstance(second, told)


async def test_a_store_that_could_not_read_reads_again_when_it_can(store: Store, other: sqlite3.Connection) -> None:
    """All callers are told why, in the store's own error."""
    job = await put(store)
    assert await store.get(job.id) == job
    other.execute("ALTER TABLE jobs RENAME TO hidden")
    for answer in await asyncio.gather(*(store.get(job.id) for _ in range(3)), return_exceptions=True):
        assert isinstance(answer, StoreUnavailable)
        assert str(answer) == "the store cannot answer: no such table: jobs"
    other.execute("ALTER TABLE hidden RENAME TO jobs")

    assert await store.get(job.id) == job


async def test_a_reader_that_could_not_connect_tries_again(store: Store, file: Path) -> None:
    """A failure to open is told to those who waited for it alone."""
    job = await put(store)
    refusals = [sqlite3.OperationalError("unable to open database file")]

    def connect() -> sqlite3.Connection:
        if refusals:
            raise refusals.pop()
        return connected(file)

    reader = SqliteReader(connect)
    with pytest.raises(StoreUnavailable, match="the store cannot answer: unable to open database file"):
        await reader.find(job.id)

    assert await reader.find(job.id) == job
    await reader.aclose()


async def test_a_transaction_that_failed_is_in_nobodys_way(store: Store, file: Path) -> None:
    """The next calls read from a connection that knows nothing of it."""
    job = await put(store)
    refusals = [sqlite3.SQLITE_DENY]

    def refuse_once(action: int, *_: str | None) -> int:
        return refusals.pop() if action == sqlite3.SQLITE_PRAGMA and refusals else sqlite3.SQLITE_OK

    def connect() -> sqlite3.Connection:
        connection = connected(file)
        connection.set_authorizer(refuse_once)
        return connection

    reader = SqliteReader(connect)
    with pytest.raises(StoreUnavailable, match="the store cannot answer: not authorized"):
        await reader.find(job.id)

    assert await reader.find(job.id) == job
    await reader.aclose()


async def test_a_file_that_was_taken_away_is_not_made_by_reading(store: Store, file: Path) -> None:
    """A job that was acknowledged is never told to be unknown because its file is."""
    file.unlink()
    with pytest.raises(StoreUnavailable):
        await store.get("a")

    assert not file.exists()


async def test_closing_waits_for_the_reads_under_way(store: Store) -> None:
    """They are answered, were they more than are read together; those that come later are refused."""
    job = await put(store)
    keys: list[str | int] = [job.id, *map(str, range(3 * LIMIT)), job.number]
    reads = [asyncio.create_task(store.get(key)) for key in keys]
    await asyncio.sleep(0)
    await store.aclose()

    assert [read.result() for read in reads] == [job, *[None] * (3 * LIMIT), job]
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.get(job.id)


async def test_closing_does_not_wait_for_ever(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that hangs is left behind; whenever it ends, its caller is answered and the thread ends too."""
    monkeypatch.setattr("jobstatus.storage.sqlite_reader.FAREWELL", 0.01)
    job = await put(store)
    before = set(threading.enumerate())
    released = threading.Event()

    def connect() -> sqlite3.Connection:
        released.wait()
        return connected(file)

    reader = SqliteReader(connect)
    read = asyncio.create_task(reader.find(job.id))
    await asyncio.sleep(0)
    await reader.aclose()
    assert not read.done()
    (thread,) = set(threading.enumerate()) - before
    monkeypatch.undo()
    released.set()
    await reader.aclose()

    assert await read == job
    await asyncio.to_thread(thread.join)
