"""Whoever waits for a record to change is woken, wherever the change was made."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest
import reporter

from jobstatus.errors import StoreUnavailable
from jobstatus.job import Job, Tombstone
from jobstatus.storage import Store, open_store
from jobstatus.storage.memory import MemoryStore
from jobstatus.testing.stores.samples import a_job, bury, change, put
from jobstatus.waiting import Waiters

WAITERS = 20
VERSIONS = 100
PATIENCE = 60.0


@pytest.fixture
async def opened(open_one: Callable[[], Awaitable[Store]]) -> AsyncGenerator[tuple[Store, Waiters]]:
    """Give a store, and who waits for what is in it."""
    store = await open_one()
    waiters = Waiters(store)
    yield store, waiters
    await waiters.aclose()
    await store.aclose()


async def newer(store: Store, waiters: Waiters, id: str, version: int) -> Job | Tombstone | None:
    """Give a record once it is not at this version any more."""
    with waiters.watching(id) as watch:
        while True:
            found = await store.get(id)
            if not isinstance(found, Job) or found.version != version or waiters.over:
                return found
            await watch.woken()


async def test_a_change_wakes_all_who_wait_for_it(opened: tuple[Store, Waiters]) -> None:
    """And nobody else."""
    store, waiters = opened
    job, other = await put(store), await put(store)
    waiting = [asyncio.ensure_future(newer(store, waiters, job.id, 1)) for _ in range(WAITERS)]
    patient = asyncio.ensure_future(newer(store, waiters, other.id, 1))
    await asyncio.sleep(0)
    changed = await change(store, job)

    async with asyncio.timeout(PATIENCE):
        assert await asyncio.gather(*waiting) == [changed] * WAITERS
    assert not patient.done()
    patient.cancel()


async def test_what_is_no_more_wakes_too(opened: tuple[Store, Waiters]) -> None:
    """A burial is a change, and there is nothing to wait for where nothing is."""
    store, waiters = opened
    job = await put(store)
    waiting = asyncio.ensure_future(newer(store, waiters, job.id, 1))
    await asyncio.sleep(0)
    tombstone = await bury(store, job)

    async with asyncio.timeout(PATIENCE):
        assert await waiting == tombstone
        assert await newer(store, waiters, "unknown", 1) is None


async def test_who_comes_late_does_not_wait(opened: tuple[Store, Waiters]) -> None:
    """The version that is asked about has passed."""
    store, waiters = opened
    changed = await change(store, await put(store))

    assert await newer(store, waiters, changed.id, 1) == changed


async def test_who_waits_when_the_store_is_closed_is_told(opened: tuple[Store, Waiters]) -> None:
    """Rather than left."""
    store, waiters = opened
    job = await put(store)
    waiting = asyncio.ensure_future(newer(store, waiters, job.id, 1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await store.aclose()

    async with asyncio.timeout(PATIENCE):
        outcome = await asyncio.gather(waiting, return_exceptions=True)
    assert outcome[0] == job or isinstance(outcome[0], StoreUnavailable)


async def test_who_comes_while_the_feed_is_let_go_of_is_woken() -> None:
    """A store may take its time for that."""
    going, gone = asyncio.Event(), asyncio.Event()

    class Slow(MemoryStore):
        async def changes(self) -> AsyncGenerator[frozenset[str] | None]:
            try:
                async with aclosing(super().changes()) as feed:
                    async for ids in feed:
                        yield ids
            finally:
                going.set()
                await gone.wait()

    store = Slow()
    waiters = Waiters(store)
    job = await put(store)
    cancelled = asyncio.ensure_future(newer(store, waiters, job.id, 1))
    await asyncio.sleep(0.01)
    cancelled.cancel()
    async with asyncio.timeout(PATIENCE):
        await asyncio.wait({cancelled})
        await put(store)  # the feed has something to tell, and nobody waits for it
        await going.wait()
        waiting = asyncio.ensure_future(newer(store, waiters, job.id, 1))
        await asyncio.sleep(0)
        gone.set()
        await asyncio.sleep(0)
        changed = await change(store, job)
        assert await waiting == changed
    await waiters.aclose()


async def follow(store: Store, waiters: Waiters, id: str) -> list[int]:
    """Wait for one version after the other until the job ends; give those that were seen."""
    seen = [1]
    while True:
        found = await newer(store, waiters, id, seen[-1])
        assert isinstance(found, Job)
        seen.append(found.version)
        if found.terminal:
            return seen


async def test_no_waiter_misses_what_another_process_writes(shared_url: str) -> None:
    """Each sees versions grow until the last one."""
    store = await open_store(shared_url)
    waiters = Waiters(store)
    job = await put(store, a_job())
    following = asyncio.gather(*(follow(store, waiters, job.id) for _ in range(WAITERS)))
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(reporter.__file__)), shared_url, job.id, str(VERSIONS)
    )
    async with asyncio.timeout(PATIENCE):
        seen = await following
        assert await process.wait() == 0
    await waiters.aclose()
    await store.aclose()

    for versions in seen:
        assert versions[-1] == VERSIONS
        assert all(earlier < later for earlier, later in itertools.pairwise(versions))
