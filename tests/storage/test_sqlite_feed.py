"""How a process learns of what was written to the file: of all of it, and at no cost while it does not listen."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from jobstatus.errors import DuplicateId
from jobstatus.storage import Store
from jobstatus.storage.sqlite_feed import SqliteFeed
from jobstatus.testing.stores.feeding import PATIENCE, Told, next_told, told_of
from jobstatus.testing.stores.samples import a_credential, bury, put

KEPT = 10_000
"""Changes that the file keeps."""


@pytest.fixture
def other(store: Store, file: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection of somebody else's to the same file."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        yield connection


class Looks:
    """Connects to a file for a feed, and knows how often it has been asked to."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.connections: list[sqlite3.Connection] = []

    def connect(self) -> sqlite3.Connection:
        """Connect as a feed is to: for looks that do not wait."""
        self.connections.append(sqlite3.connect(self._file, isolation_level=None, timeout=0))
        return self.connections[-1]

    async def begin(self, times: int) -> None:
        """Wait until they have begun anew so many times more, as they do when they fail."""
        times += len(self.connections)
        await until(lambda: len(self.connections) >= times)


@pytest.fixture
def looks(file: Path) -> Looks:
    """Give what a feed of the test's own connects with."""
    return Looks(file)


async def give_up(call: Coroutine[Any, Any, Any]) -> None:
    """Begin a call, and give up on it."""
    task = asyncio.ensure_future(call)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})


@asynccontextmanager
async def following(store: Store) -> AsyncGenerator[Told]:
    """Listen, and go on once all that comes is told of by itself."""
    async with aclosing(store.changes()) as feed:
        await next_told(feed)
        job = await put(store)
        await told_of(feed, job.id)
        yield feed


async def told(feed: Told, *ids: str) -> set[str]:
    """Read on until these jobs are told of, each by its id; give all that was."""
    seen: set[str] = set()
    while not seen.issuperset(ids):
        found = await next_told(feed)
        assert found
        seen |= found
    return seen


async def missed_some(feed: Told) -> bool:
    """Read on until any job may have been written."""
    while await next_told(feed) is not None:
        pass
    return True


async def followed_again(feed: Told, other: sqlite3.Connection) -> bool:
    """Write until that is told of by itself, once all that was missed has been told together."""
    while True:
        other.execute("INSERT INTO changes (id) VALUES ('again')")
        ids = await next_told(feed)
        if ids is not None:
            return "again" in ids


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is the case."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110  what is waited for tells nobody
            await asyncio.sleep(0.001)


async def test_what_is_not_written_after_all_is_not_told_of(store: Store) -> None:
    """A creation that is undone is no change, though it shares its commit with others."""
    buried = await put(store)
    await bury(store, buried)
    async with following(store) as feed:
        ids = ("one", buried.id, "two")
        outcomes = await asyncio.gather(*(put(store, id=id) for id in ids), return_exceptions=True)

        assert isinstance(outcomes[1], DuplicateId)
        assert buried.id not in await told(feed, "one", "two", (await put(store)).id)


async def test_what_is_no_job_is_not_told_of(store: Store) -> None:
    """Nobody is woken for a credential."""
    async with following(store) as feed:
        for _ in range(3):
            await store.add_credential(a_credential())
            await told(feed, (await put(store)).id)


async def test_more_than_is_kept_may_be_anything(store: Store, other: sqlite3.Connection) -> None:
    """Whoever listens is told that it missed some; from there on each is told of again."""
    async with following(store) as feed:
        other.execute("BEGIN")
        other.executemany("INSERT INTO changes (id) VALUES (?)", [("a",)] * (KEPT + 1))
        other.execute("COMMIT")
        assert await missed_some(feed)

        await told(feed, (await put(store)).id)


async def test_a_file_that_is_put_back_to_what_it_was_may_be_anything(store: Store, other: sqlite3.Connection) -> None:
    """As when a copy is restored into it: changes are numbered anew from there, and none is missed."""
    async with following(store) as feed:
        await told(feed, *[(await put(store)).id for _ in range(3)])
        other.execute("DELETE FROM changes WHERE seq > 1")
        other.execute("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'changes'")
        assert await missed_some(feed)

        await told(feed, (await put(store)).id)


async def test_a_file_that_could_not_be_read_is_followed_again_when_it_can(
    store: Store, other: sqlite3.Connection, looks: Looks
) -> None:
    """What was written meanwhile may be anything; what is written then is told of."""
    feed = SqliteFeed(looks.connect)
    async with aclosing(feed.changes()) as listening:
        for _ in range(3):
            await missed_some(listening)
            other.execute("ALTER TABLE changes RENAME TO hidden")
            await put(store)
            await looks.begin(3)
            other.execute("ALTER TABLE hidden RENAME TO changes")

        assert await followed_again(listening, other)
    await feed.aclose()


async def test_a_file_that_is_held_is_followed_again_when_it_is_let_go(file: Path, looks: Looks) -> None:
    """A look waits for no lock, and one that failed is not the last."""
    feed = SqliteFeed(looks.connect)
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("CREATE TABLE changes (seq INTEGER PRIMARY KEY, id TEXT NOT NULL)")
        async with aclosing(feed.changes()) as listening:
            for _ in range(3):
                await missed_some(listening)
                holder.execute("BEGIN EXCLUSIVE")
                holder.execute("INSERT INTO changes (id) VALUES ('a')")
                await looks.begin(3)
                holder.execute("COMMIT")

            assert await followed_again(listening, holder)
    await feed.aclose()


async def test_nobody_looks_but_for_those_who_listen(store: Store, looks: Looks) -> None:
    """Neither before the first comes nor after the last has gone, however it goes; the next is served again."""
    tasks = asyncio.all_tasks()
    feed = SqliteFeed(looks.connect)
    async with aclosing(feed.changes()):
        for times in range(1, 4):
            assert len(looks.connections) == times - 1
            async with aclosing(feed.changes()) as one, aclosing(feed.changes()) as another:
                for listening in (one, another):
                    await next_told(listening)
                await told_of(one, (await put(store)).id)
                await give_up(told(another, "never"))
            await until(lambda: asyncio.all_tasks() == tasks)
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                looks.connections[-1].execute("SELECT 1")


async def test_closing_waits_for_nobody_who_has_stopped_listening(store: Store) -> None:
    """Nor leaves it a task behind."""
    tasks = asyncio.all_tasks()
    async with following(store), following(store):
        await asyncio.wait_for(store.aclose(), PATIENCE)

        assert asyncio.all_tasks() == tasks


async def test_there_is_nothing_to_hear_of_a_closed_store(store: Store) -> None:
    """The feed ends before it begins."""
    await store.aclose()

    assert [ids async for ids in store.changes()] == []
