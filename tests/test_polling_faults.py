"""What went wrong, or could have been made to, where clients wait, follow, or ask for much at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from back_ends import BackEnds
from hypothesis import given
from hypothesis import strategies as st
from polling import ENGINES, polled

from jobstatus import storage
from jobstatus.job import Job
from jobstatus.settings import EngineName
from jobstatus.storage import Store, redis_feed
from jobstatus.storage.redis_feed import RedisFeed
from jobstatus.testing.stores.samples import change, put
from jobstatus.waiting import REMEMBERED, Watch

PATIENCE = 30.0
"""Seconds after which whoever is not told is taken to listen in vain, on a machine that is busy."""
SOON = 0.01
"""Seconds in which a feed finds out that nobody listens."""
UUID = "0195f2c8-7a41-7c3e-9b0d-2f6a1e8c4d57"
Told = AsyncGenerator[frozenset[str] | None]


@pytest.fixture(params=["redis", "redis-cluster"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, all_back_ends: BackEnds) -> AsyncGenerator[Store]:
    """Give a store whose feed is made of connections."""
    async with storage.opened(await all_back_ends.url(request.param, tmp_path)) as opened:
        yield opened


async def newer(store: Store, feed: Told, job: Job) -> Job:
    """Give a job once it has changed, and listen no more."""
    async with aclosing(feed):
        async for _ in feed:
            found = await store.get(job.id)
            if isinstance(found, Job) and found.version > job.version:
                return found
    raise AssertionError("the feed has ended")


async def changed(store: Store, job: Job) -> Job:
    """Change a job while somebody listens, who is told of it."""
    listening = asyncio.ensure_future(newer(store, store.changes(), job))
    await asyncio.sleep(0)
    await change(store, job)
    return await listening


async def test_who_listens_while_connections_are_let_go_of_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others had listened, and the feed had just found out that they do no more."""
    going, gone, end = asyncio.Event(), asyncio.Event(), redis_feed._end

    async def slow(tasks: Iterable[asyncio.Task[None]]) -> None:
        if tasks := list(tasks):
            await end(tasks)
            going.set()
            await gone.wait()

    monkeypatch.setattr(redis_feed, "_end", slow)
    monkeypatch.setattr(redis_feed, "PULSE", SOON)
    async with asyncio.timeout(PATIENCE):
        job = await changed(store, await put(store))
        await going.wait()
        listening = asyncio.ensure_future(newer(store, store.changes(), job))
        await asyncio.sleep(0)
        gone.set()
        await change(store, job)
        assert (await listening).version == job.version + 1


async def test_who_listens_when_a_connection_has_just_ended_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended because nobody listened, and another one takes its place."""
    keep, feed, listening = RedisFeed._keep, store.changes(), asyncio.Event()

    async def kept(self: RedisFeed, *part: Any) -> None:
        await keep(self, *part)
        if not listening.is_set():
            await anext(feed)
            listening.set()

    monkeypatch.setattr(RedisFeed, "_keep", kept)
    async with asyncio.timeout(PATIENCE):
        job = await changed(store, await put(store))
        job = await change(store, job)  # the connection has something to tell, and nobody listens
        await listening.wait()
        await change(store, job)
        assert (await newer(store, feed, job)).version == job.version + 1


@given(told=st.lists(st.integers(0, REMEMBERED).map(lambda size: frozenset(map(str, range(size)))), max_size=6))
def test_who_does_not_come_to_hear_keeps_no_more_than_there_is_room_for(told: list[frozenset[str]]) -> None:
    """What is remembered is all that was told of, or that all may have changed."""

    async def remembered() -> set[str] | None:
        watch = Watch()
        for ids in told:
            watch.wake(ids)
        watch.wake()
        return await watch.woken()

    found = asyncio.run(remembered())
    assert found is None or found == frozenset().union(*told)
    assert found is None or len(found) <= REMEMBERED
    assert found is not None or sum(map(len, told)) > REMEMBERED


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("again", [UUID, UUID.upper(), UUID.replace("-", "")])
async def test_a_job_is_named_once(engine: EngineName, again: str) -> None:
    """However it is spelt: an answer is no longer than the jobs that there are."""
    async with polled(engine) as client:
        answer = await client.ask("GET", f"/jobs?ids={UUID},b,{again}")
        assert answer.status_code == 400
        assert [each["rule"] for each in answer.json()["violations"]] == ["uniqueItems"]
        assert (await client.ask("GET", f"/jobs?ids={UUID},b")).status_code == 200
