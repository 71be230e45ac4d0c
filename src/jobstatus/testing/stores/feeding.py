"""How a store tells of changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from jobstatus.storage import Store

from .samples import NOW, SECOND, bury, change, put

PATIENCE = 20.0
"""Seconds that a store may take to tell, on a machine that is busy."""

Told = AsyncGenerator[frozenset[str] | None]


async def next_told(feed: Told) -> frozenset[str] | None:
    """Await what is told next."""
    return await asyncio.wait_for(anext(feed), PATIENCE)


async def told_of(feed: Told, id: str) -> bool:
    """Read on until a job is told of, by its id or together with all."""
    while (ids := await next_told(feed)) is not None and id not in ids:
        pass
    return True


class Feeding:
    """The rules of `changes`."""

    async def test_all_may_have_changed_before_the_feed_began(self, store: Store) -> None:
        """So whoever listens reads once, and from then on when told."""
        await put(store)
        async with aclosing(store.changes()) as feed:
            assert await next_told(feed) is None

    async def test_every_write_is_told_of(self, store: Store) -> None:
        """Creation, replacement, burial and expiry, each to every listener."""
        async with aclosing(store.changes()) as one, aclosing(store.changes()) as other:
            for feed in (one, other):
                await next_told(feed)
            job = await put(store)
            assert await told_of(one, job.id)
            changed = await change(store, job)
            assert await told_of(one, job.id)
            await bury(store, changed)
            assert await told_of(one, job.id)
            expired = await put(store, expires_at=NOW)
            assert await told_of(one, expired.id)
            await store.expire(NOW + SECOND, 10)
            assert await told_of(one, expired.id)
            assert await told_of(other, expired.id)

    async def test_a_listener_that_is_slow_misses_nothing(self, store: Store) -> None:
        """What it was not told yet it is told together."""
        async with aclosing(store.changes()) as feed:
            await next_told(feed)
            jobs = {(await put(store)).id for _ in range(50)}
            seen: set[str] = set()
            while not jobs <= seen:
                ids = await next_told(feed)
                seen |= jobs if ids is None else ids

    async def test_the_feed_ends_with_the_store(self, store: Store) -> None:
        """Nobody waits for what will never come."""
        async with aclosing(store.changes()) as feed:
            await next_told(feed)
            waiting = asyncio.ensure_future(_drained(feed))
            await asyncio.sleep(0)
            await store.aclose()

            await asyncio.wait_for(waiting, PATIENCE)


async def _drained(feed: Told) -> None:
    async for _ in feed:
        pass
