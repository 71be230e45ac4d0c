"""What was found out is kept, but not too much of it and not for too long."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from house import MovingClock

from jobstatus.security.cache import Cache

MINUTE = timedelta(minutes=1)


class Well:
    """Finds something new each time, and counts; it can be held up."""

    def __init__(self) -> None:
        self.calls = 0
        self.open = asyncio.Event()
        self.open.set()
        self.error: Exception | None = None

    async def draw(self) -> int:
        self.calls += 1
        drawn = self.calls
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return drawn


def keeping(clock: MovingClock, size: int = 10, lives: timedelta = MINUTE) -> Cache[str, int]:
    """Give a cache in which every value lives for the same time."""
    return Cache(size, lambda _: lives, clock)


async def let_run() -> None:
    """Let the other tasks go on until they wait for something."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_is_kept_is_not_asked_for_again_until_its_time_is_over() -> None:
    """To the moment, by the clock that was handed in."""
    clock, well = MovingClock(), Well()
    cache = keeping(clock)

    first = await cache.get("a", well.draw)
    clock.move(seconds=59.999)
    kept = await cache.get("a", well.draw)
    clock.move(seconds=0.001)
    renewed = await cache.get("a", well.draw)

    assert (first, kept, renewed) == (1, 1, 2)


async def test_a_value_can_have_a_life_of_its_own() -> None:
    """And one that has none is given, but not kept."""
    clock, well = MovingClock(), Well()
    cache: Cache[str, int] = Cache(10, lambda value: MINUTE * (value - 1), clock)

    unkept, kept = await cache.get("a", well.draw), len(cache)
    drawn = [await cache.get("a", well.draw) for _ in range(2)]

    assert (unkept, kept) == (1, 0)
    assert drawn == [2, 2]


async def test_a_value_is_as_old_as_the_question() -> None:
    """An answer that was long in coming may be old by then."""
    clock, well = MovingClock(), Well()
    cache = keeping(clock)
    well.open.clear()
    asking = asyncio.create_task(cache.get("a", well.draw))
    await let_run()
    clock.move(seconds=40)
    well.open.set()

    assert await asking == 1
    clock.move(seconds=20)
    assert await cache.get("a", well.draw) == 2


async def test_the_least_recently_used_goes_first() -> None:
    """There are never more than were allowed for."""
    well = Well()
    cache = keeping(MovingClock(), size=2)

    for key in "abac":
        await cache.get(key, well.draw)

    assert len(cache) == 2
    assert [await cache.get(key, well.draw) for key in "acb"] == [1, 3, 4]


async def test_all_who_ask_at_a_time_wait_for_one_call() -> None:
    """A hundred misses are one question; another key's is another."""
    well = Well()
    cache = keeping(MovingClock())

    drawn = await asyncio.gather(*(cache.get("a", well.draw) for _ in range(100)), cache.get("b", well.draw))

    assert drawn == [1] * 100 + [2]


async def test_a_failure_reaches_all_who_wait_and_is_not_kept() -> None:
    """The next who asks may have more luck."""
    well = Well()
    cache = keeping(MovingClock())
    well.error = OSError("no water")

    failed = await asyncio.gather(*(cache.get("a", well.draw) for _ in range(3)), return_exceptions=True)
    well.error = None

    assert [str(error) for error in failed] == ["no water"] * 3
    assert well.calls == 1
    assert await cache.get("a", well.draw) == 2


async def test_one_who_gives_up_does_not_take_the_call_from_the_others() -> None:
    """Not even the one for whom it was made."""
    well = Well()
    cache = keeping(MovingClock())
    well.open.clear()
    waiting = [asyncio.create_task(cache.get("a", well.draw)) for _ in range(3)]
    await let_run()

    waiting[0].cancel()
    await let_run()
    well.open.set()
    drawn = await asyncio.gather(*waiting, return_exceptions=True)

    assert isinstance(drawn[0], asyncio.CancelledError)
    assert drawn[1:] == [1, 1]


@pytest.mark.parametrize("error", [None, OSError("no water")])
async def test_a_call_that_nobody_waits_for_any_more_ends_quietly(error: Exception | None) -> None:
    """What it finds is kept, what it raises is nobody's business, and nothing is left of it."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    well = Well()
    cache = keeping(MovingClock())
    well.open.clear()
    well.error = error
    waiting = asyncio.create_task(cache.get("a", well.draw))
    await let_run()

    waiting.cancel()
    await let_run()
    well.open.set()
    await let_run()
    del waiting
    gc.collect()  # asyncio complains when the last reference to a call is gone

    assert complaints == []
    assert len(cache) == (error is None)
    well.error = None
    assert await cache.get("a", well.draw) == (1 if error is None else 2)


async def test_a_call_that_is_itself_cancelled_does_not_block_its_key() -> None:
    """As at the end of an event loop, or where what is asked is closed meanwhile."""
    well = Well()
    cache = keeping(MovingClock())

    async def fall() -> int:
        raise asyncio.CancelledError

    find: Callable[[], Coroutine[Any, Any, int]] = fall
    with pytest.raises(asyncio.CancelledError):
        await cache.get("a", find)

    assert await cache.get("a", well.draw) == 1
