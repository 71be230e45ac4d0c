"""A look into the file from the event loop: only where it costs nothing to speak of."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from jobstatus.job import Job
from jobstatus.storage import Store
from jobstatus.storage.sqlite_glance import REST, SLOW, SqliteGlance
from jobstatus.storage.sqlite_reader import SqliteReader
from jobstatus.testing.stores.samples import put


class Watch:
    """A clock that looks and tests move."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    """Give a clock that stands."""
    return Watch()


def read(watch: Watch, seconds: float, _: sqlite3.Connection) -> str:
    """Take so long to read."""
    watch.now += seconds
    return "read"


def connect() -> sqlite3.Connection:
    """Connect to anything."""
    return sqlite3.connect(":memory:")


def test_a_look_that_took_long_is_the_last_for_a_while(watch: Watch) -> None:
    """What it found counts; then others read, so that the loop is kept once a second at the most."""
    with closing(SqliteGlance(connect, watch)) as glance:
        assert [glance.take(partial(read, watch, SLOW)) for _ in range(3)] == ["read"] * 3
        assert glance.take(partial(read, watch, SLOW * 1.1)) == "read"
        assert glance.take(partial(read, watch, 0)) is None
        watch.now += REST
        assert glance.take(partial(read, watch, 0)) == "read"


def test_a_look_that_failed_is_the_last_for_a_while(watch: Watch) -> None:
    """It leaves what is the matter to others to tell, and begins anew after."""
    connections: list[sqlite3.Connection] = []

    def connect_and_keep() -> sqlite3.Connection:
        connections.append(connect())
        return connections[-1]

    with closing(SqliteGlance(connect_and_keep, watch)) as glance:
        assert glance.take(lambda connection: connection.execute("SELECT * FROM nothing")) is None
        assert glance.take(partial(read, watch, 0)) is None
        watch.now += REST
        assert glance.take(partial(read, watch, 0)) == "read"
    assert len(connections) == 2


async def test_who_finds_the_file_locked_waits_in_the_thread(store: Store, file: Path, watch: Watch) -> None:
    """The loop does not wait, and the answer is the same."""
    job = await put(store)
    looks: list[str] = []

    def locked() -> sqlite3.Connection:
        looks.append("look")
        raise sqlite3.OperationalError("database is locked")

    reader = SqliteReader(partial(sqlite3.connect, file, isolation_level=None), SqliteGlance(locked, watch))
    found = [await reader.find(job.id) for _ in range(3)]
    await reader.aclose()

    assert found == [job] * 3
    assert looks == ["look"]


async def test_a_look_needs_no_thread(store: Store, file: Path) -> None:
    """While the file answers at once."""
    job = await put(store)

    def never() -> sqlite3.Connection:
        raise AssertionError("the thread was asked")

    reader = SqliteReader(never, SqliteGlance(partial(sqlite3.connect, file, isolation_level=None)))
    found = await reader.find(job.id)
    missing = await reader.find("missing")
    await reader.aclose()

    assert isinstance(found, Job)
    assert (found, missing) == (job, None)
