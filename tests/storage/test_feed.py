"""Whoever listens is told of all that is written, however slow it is, and of nothing twice."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing

import pytest

from jobstatus.storage.feed import Feed
from jobstatus.testing.stores.feeding import Told, next_told

MANY = 100


@pytest.fixture
def feed() -> Feed:
    """Give a feed that nobody listens to."""
    return Feed()


@pytest.fixture
async def told(feed: Feed) -> AsyncGenerator[Told]:
    """Listen to the feed, and be past the start."""
    async with aclosing(feed.changes()) as told:
        await next_told(told)
        yield told


def jobs(*ids: str) -> frozenset[str]:
    """Give what is told of these jobs."""
    return frozenset(ids)


async def waiting(told: Told) -> asyncio.Future[frozenset[str] | None]:
    """Wait for what is told next, without an end."""
    future = asyncio.ensure_future(anext(told))
    await asyncio.sleep(0)
    return future


async def test_all_may_have_been_written_before(feed: Feed) -> None:
    """What is told after that came after it."""
    feed.tell("before")
    async with aclosing(feed.changes()) as told:
        assert await next_told(told) is None
        feed.tell("after")
        assert await next_told(told) == jobs("after")


async def test_who_waits_is_woken(feed: Feed, told: Told) -> None:
    """By the first thing that there is to tell."""
    next = await waiting(told)
    assert not next.done()
    feed.tell("a")

    assert await next == jobs("a")


async def test_who_is_slow_is_told_together(feed: Feed, told: Told) -> None:
    """Each job once, however often it was written meanwhile, and nothing again later."""
    feed.tell("a", "b")
    feed.tell("b")
    feed.tell("c")
    assert await next_told(told) == jobs("a", "b", "c")
    feed.tell("b")

    assert await next_told(told) == jobs("b")


async def test_all_holds_each(feed: Feed, told: Told) -> None:
    """Where some may have been missed, there is no need to name those that are known; later ones are named."""
    feed.tell("a")
    feed.tell_all()
    feed.tell("b")
    assert await next_told(told) is None
    feed.tell("c")

    assert await next_told(told) == jobs("c")


async def test_nobody_is_woken_for_nothing(feed: Feed, told: Told) -> None:
    """As after a sweep that found nothing."""
    next = await waiting(told)
    feed.tell()
    await asyncio.sleep(0)
    assert not next.done()
    feed.tell("a")

    assert await next == jobs("a")


async def test_each_of_many_is_told_in_its_own_time(feed: Feed) -> None:
    """The quick are not kept by the slow, the slow miss nothing for the quick."""
    async with AsyncExitStack() as stack:
        quick, *slow = [await stack.enter_async_context(aclosing(feed.changes())) for _ in range(MANY)]
        for told in (quick, *slow):
            await next_told(told)
        for i in range(MANY):
            feed.tell(str(i))
            assert await next_told(quick) == jobs(str(i))

        for told in slow:
            assert await next_told(told) == jobs(*map(str, range(MANY)))


async def test_it_is_known_whether_anybody_listens(feed: Feed) -> None:
    """From when it first asks until it has gone, were it by giving up while it waits."""
    async with aclosing(feed.changes()) as told:
        assert not feed.wanted
        await next_told(told)
        assert feed.wanted
    assert not feed.wanted
    async with aclosing(feed.changes()) as told:
        await next_told(told)
        next = await waiting(told)
        next.cancel()
        await asyncio.wait({next})
        assert not feed.wanted


async def test_who_is_forgotten_does_not_listen(feed: Feed) -> None:
    """A listener that nobody holds any more is told nothing, and kept by nothing."""
    told = feed.changes()
    await next_told(told)
    del told
    gc.collect()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert not feed.wanted


async def test_its_end_reaches_those_who_are_busy_and_those_who_come_later(feed: Feed) -> None:
    """What they were not told yet is lost on them: the store that it is about is closed."""
    async with aclosing(feed.changes()) as busy:
        await next_told(busy)
        feed.tell("a")
        feed.close()

        assert not feed.wanted
        assert [ids async for ids in busy] == []
        assert [ids async for ids in feed.changes()] == []


async def test_its_end_reaches_those_who_wait(feed: Feed, told: Told) -> None:
    """All of them, at once; and it may come twice."""
    async with aclosing(feed.changes()) as other:
        await next_told(other)
        both = [await waiting(told), await waiting(other)]
        feed.close()
        feed.close()
        await asyncio.wait(both)

    assert [isinstance(each.exception(), StopAsyncIteration) for each in both] == [True, True]
    assert not feed.wanted
