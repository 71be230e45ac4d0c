"""Calls that come in together are answered together, and none of them from the past."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobstatus.storage.coalesce import Coalescer

KEYS = "abc"
LIMIT = 2
ACTIONS = st.sampled_from(["call", "call", "write", "write", "finish", "turn", "leave"])
SCHEDULES = st.lists(st.tuples(ACTIONS, st.sampled_from(KEYS)), min_size=10, max_size=50)


class Reading:
    """One reading under way: it has seen what there was at its start, and ends when it is told to."""

    def __init__(self, keys: Sequence[str], values: Sequence[int]) -> None:
        self.keys = keys
        self.values = values
        self.end: asyncio.Future[Sequence[int]] = asyncio.get_running_loop().create_future()

    def finish(self) -> None:
        """Answer with what was there at the start."""
        self.end.set_result(self.values)


class World:
    """Values that change, and readings of them that are under control."""

    def __init__(self, limit: int = LIMIT, *, one_fate: bool = False) -> None:
        self.values = dict.fromkeys(KEYS, 0)
        self.readings: list[Reading] = []
        self._begun: asyncio.Queue[Reading] = asyncio.Queue()
        self.coalescer = Coalescer(self._read, limit, one_fate=one_fate)

    @property
    def under_way(self) -> list[Reading]:
        """Give the readings that have begun and not ended."""
        return [reading for reading in self.readings if not reading.end.done()]

    async def call(self, key: str) -> asyncio.Task[int]:
        """Ask for a value, and let the call come in."""
        task = asyncio.create_task(self.coalescer.get(key))
        await asyncio.sleep(0)
        return task

    async def begun(self) -> Reading:
        """Give the next reading as soon as it has begun."""
        return await self._begun.get()

    async def _read(self, keys: Sequence[str]) -> Sequence[int]:
        assert not self.under_way
        reading = Reading(keys, [self.values[key] for key in keys])
        self.readings.append(reading)
        self._begun.put_nowait(reading)
        return await reading.end


async def test_calls_of_one_turn_share_a_reading() -> None:
    """Each is answered with the value of its own key."""
    world = World()
    world.values |= {"a": 1, "b": 2}
    calls = asyncio.gather(*map(world.coalescer.get, "ab"))
    (await world.begun()).finish()

    assert await calls == [1, 2]
    assert [reading.keys for reading in world.readings] == [("a", "b")]


async def test_a_call_never_joins_a_reading_that_has_begun() -> None:
    """It waits for the next one, even for the same key, and so sees what was written before it."""
    world = World()
    early = await world.call("a")
    first = await world.begun()
    world.values["a"] = 1
    late = await world.call("a")
    first.finish()
    (await world.begun()).finish()

    assert (await early, await late) == (0, 1)


async def test_those_who_wait_may_share_the_fate_of_a_reading_that_fails() -> None:
    """So none of them waits for longer than one reading takes; whoever comes later is read for."""
    world = World(one_fate=True)
    early = await world.call("a")
    reading = await world.begun()
    late = await world.call("b")
    reading.end.set_exception(OSError())

    assert [type(each) for each in await asyncio.gather(early, late, return_exceptions=True)] == [OSError, OSError]
    later = await world.call("b")
    (await world.begun()).finish()
    assert await later == 0


async def test_calls_that_come_in_during_a_reading_share_the_next() -> None:
    """However far apart they come."""
    world = World()
    first = await world.call("a")
    reading = await world.begun()
    others = [await world.call("b"), await world.call("c")]
    reading.finish()
    (await world.begun()).finish()
    await asyncio.gather(first, *others)

    assert [reading.keys for reading in world.readings] == [("a",), ("b", "c")]


async def test_a_key_that_is_asked_for_twice_is_read_once() -> None:
    """All who asked are answered."""
    world = World()
    calls = asyncio.gather(*(world.coalescer.get("a") for _ in range(3)))
    (await world.begun()).finish()

    assert await calls == [0, 0, 0]
    assert [reading.keys for reading in world.readings] == [("a",)]


async def test_no_reading_has_more_keys_than_its_bound() -> None:
    """The rest waits for the next ones, in the order of its coming."""
    world = World()
    calls = asyncio.gather(*map(world.coalescer.get, "abcab"))
    for _ in range(2):
        (await world.begun()).finish()
    await calls

    assert [reading.keys for reading in world.readings] == [("a", "b"), ("c",)]


async def test_what_a_reading_raises_reaches_all_its_callers() -> None:
    """Those of the next reading are not concerned."""
    world = World()
    calls = [asyncio.create_task(world.coalescer.get(key)) for key in "aab"]
    reading = await world.begun()
    late = await world.call("a")
    reading.end.set_exception(OSError("no disk"))
    (await world.begun()).finish()

    for call in calls:
        with pytest.raises(OSError, match="no disk"):
            await call
    assert await late == 0


@pytest.mark.parametrize("values", [(), (1,), (1, 2, 3)])
async def test_a_reading_with_too_few_or_too_many_values_leaves_no_caller_waiting(values: Sequence[int]) -> None:
    """What is missing is told as an error, never as another key's value."""
    world = World()
    calls = asyncio.gather(world.coalescer.get("a"), world.coalescer.get("b"), return_exceptions=True)
    (await world.begun()).end.set_result(values)

    for place, answer in enumerate(await calls):
        assert isinstance(answer, ValueError) or answer == values[place]


@pytest.mark.parametrize("begun", [False, True])
async def test_a_caller_who_gives_up_leaves_the_others_alone(begun: bool) -> None:
    """Whether its reading has begun or not, and whether others ask for the same key or not."""
    world = World()
    leaving, same, other = [asyncio.create_task(world.coalescer.get(key)) for key in "aab"]
    await asyncio.sleep(0)
    if begun:
        await world.begun()
    leaving.cancel()
    with suppress(asyncio.CancelledError):
        await leaving
    reading = world.readings[0] if begun else await world.begun()
    reading.finish()

    assert (await same, await other) == (0, 0)
    assert leaving.cancelled()


async def test_a_reading_that_is_cancelled_leaves_nobody_waiting() -> None:
    """All who wait are cancelled, those of the next reading too; whoever comes later is served."""
    world = World()
    calls = [await world.call("a")]
    reading = await world.begun()
    calls.append(await world.call("b"))
    reading.end.cancel()
    await asyncio.wait(calls)
    later = await world.call("a")
    (await world.begun()).finish()

    assert [call.cancelled() for call in calls] == [True, True]
    assert await later == 0


async def test_nobody_hears_of_an_error_that_no_caller_waits_for() -> None:
    """A reading that fails after all its callers have left is no cause for a warning."""
    heard: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context))
    world = World()
    call = await world.call("a")
    reading = await world.begun()
    call.cancel()
    reading.end.set_exception(OSError("no disk"))
    await world.coalescer.settled()
    with suppress(asyncio.CancelledError):
        await call
    del world, call, reading
    gc.collect()

    assert heard == []


async def test_what_is_under_way_can_be_waited_for() -> None:
    """Until the last call is answered; where there is none, there is nothing to wait for."""
    world = World()
    await world.coalescer.settled()
    calls = [await world.call(key) for key in "abc"]
    settled = asyncio.create_task(world.coalescer.settled())
    (await world.begun()).finish()
    last = await world.begun()
    assert not settled.done()
    last.finish()
    await settled

    assert [call.done() for call in calls] == [True] * 3


def test_a_loop_that_ends_early_leaves_nobody_waiting() -> None:
    """Its callers are cancelled, those whose reading has begun and the others; calls of another loop are served."""
    calls: list[asyncio.Task[int]] = []
    hanging: asyncio.Future[Sequence[int]] | None = None

    async def read(keys: Sequence[str]) -> Sequence[int]:
        return await hanging if hanging else [1] * len(keys)

    async def leave() -> None:
        nonlocal hanging
        hanging = asyncio.get_running_loop().create_future()
        for key in KEYS:
            calls.append(asyncio.create_task(coalescer.get(key)))
            await asyncio.sleep(0)

    coalescer = Coalescer(read, limit=1)
    asyncio.run(leave())
    hanging = None

    assert all(call.cancelled() for call in calls)
    assert asyncio.run(coalescer.get("a")) == 1


@settings(deadline=None)
@given(schedule=SCHEDULES)
def test_no_schedule_hides_a_write_from_a_call_that_came_after_it(schedule: Sequence[tuple[str, str]]) -> None:
    """Whatever comes between: a call sees at least what was written before it, and every call is answered."""
    asyncio.run(play(schedule))


async def play(schedule: Sequence[tuple[str, str]]) -> None:
    """Do one thing after the other, then let all readings end, and look at what each call was told."""
    world = World()
    calls: list[tuple[int, asyncio.Task[int]]] = []
    for action, key in schedule:
        if action == "call":
            calls.append((world.values[key], await world.call(key)))
        elif action == "write":
            world.values[key] += 1
        elif action == "leave" and calls:
            calls[KEYS.index(key) % len(calls)][1].cancel()
        else:
            await turn(world, finish=action == "finish")
    while world.under_way or not all(call.done() for _, call in calls):
        await turn(world, finish=True)

    for written, call in calls:
        assert call.cancelled() or call.result() >= written
    for reading in world.readings:
        assert len(set(reading.keys)) == len(reading.keys) <= LIMIT


async def turn(world: World, *, finish: bool) -> None:
    """Let the loop turn once, what is under way ended before that if so asked."""
    for reading in world.under_way if finish else ():
        reading.finish()
    await asyncio.sleep(0)
