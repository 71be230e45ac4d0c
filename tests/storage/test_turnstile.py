"""A store that is slow, or has stopped, fails its calls in time, and never breaks off what it has begun."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

import pytest

from jobstatus.errors import StoreBusy, StoreUnavailable
from jobstatus.storage import Limits
from jobstatus.storage.turnstile import Turnstile, in_time
from jobstatus.testing.stores.feeding import PATIENCE

SHORT = 0.01
LONG = 600.0


class Call:
    """A call that is under way until it is let go, and whether it was begun and has ended."""

    def __init__(self) -> None:
        self.begun = False
        self.ended = asyncio.Event()
        self.release: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def run(self) -> str:
        """Wait to be let go."""
        self.begun = True
        try:
            return await self.release
        finally:
            self.ended.set()


def turnstile(seconds: float = LONG, queue: int = 2) -> Turnstile:
    """Make one that lets through two calls at once."""
    return Turnstile(Limits(seconds=seconds, queue=queue))


async def started(call: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Begin something, and let it come to where it waits."""
    task = asyncio.create_task(call)
    for _ in range(3):
        await asyncio.sleep(0)
    return task


async def answer(value: str = "answered") -> str:
    """Answer at once."""
    return value


async def test_a_call_is_answered() -> None:
    """Or told of its own error."""

    async def fail() -> None:
        raise LookupError("nothing there")

    assert await turnstile().through(answer()) == "answered"
    with pytest.raises(LookupError, match="nothing there"):
        await turnstile().through(fail())


async def test_one_call_too_many_is_refused_at_once() -> None:
    """It is not begun, nor does it wait; once one of the others has ended, the next is let through."""
    gate, calls, refused = turnstile(), [Call(), Call()], Call()
    tasks = [await started(gate.through(call.run())) for call in calls]
    with pytest.raises(StoreBusy):
        await gate.through(refused.run())
    calls[0].release.set_result("first")
    assert await tasks[0] == "first"

    assert await gate.through(answer()) == "answered"
    assert not refused.begun
    calls[1].release.set_result("second")
    assert await tasks[1] == "second"


async def test_a_call_that_takes_too_long_fails_but_runs_to_its_end() -> None:
    """Until then it counts as under way."""
    gate, call = turnstile(SHORT, queue=1), Call()
    with pytest.raises(StoreUnavailable, match=r"did not answer within 0\.01 seconds"):
        await gate.through(call.run())
    with pytest.raises(StoreBusy):
        await gate.through(answer())
    assert not call.ended.is_set()
    call.release.set_result("late")
    await call.ended.wait()
    await asyncio.sleep(0)

    assert await gate.through(answer()) == "answered"


async def test_a_caller_who_gives_up_does_not_stop_its_call() -> None:
    """It runs to its end all the same."""
    gate, call = turnstile(), Call()
    task = await started(gate.through(call.run()))
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert not call.ended.is_set()
    call.release.set_result("to nobody")

    await asyncio.wait_for(call.ended.wait(), PATIENCE)


@pytest.mark.parametrize("leave", ["gives up", "is late"])
async def test_nobody_hears_of_an_error_that_no_caller_waits_for(leave: str) -> None:
    """A call that fails after its caller has left is no cause for a warning."""
    heard: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context))
    gate, call = turnstile(SHORT if leave == "is late" else LONG), Call()
    task = await started(gate.through(call.run()))
    if leave == "gives up":
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    call.release.set_exception(OSError("no disk"))
    await call.ended.wait()
    await gate.aclose()
    del gate, call, task
    gc.collect()

    assert heard == []


async def test_a_call_of_its_own_that_times_out_is_told_as_it_is() -> None:
    """Its error is not taken for the turnstile's."""

    async def time_out() -> None:
        raise TimeoutError("of the call's own")

    with pytest.raises(TimeoutError, match="of the call's own"):
        await turnstile().through(time_out())


async def test_nothing_goes_through_once_it_is_closed() -> None:
    """What is refused is never begun, and no warning says so."""
    gate, call = turnstile(), Call()
    await gate.aclose()
    with pytest.raises(StoreUnavailable, match="closed") as refused:
        await gate.through(call.run())
    gc.collect()

    assert gate.closed
    assert not call.begun
    assert not isinstance(refused.value, StoreBusy)


async def test_closing_waits_for_what_is_under_way() -> None:
    """Callers are answered, those who have left included."""
    gate, call, other = turnstile(), Call(), Call()
    task, leaving = [await started(gate.through(each.run())) for each in (call, other)]
    leaving.cancel()
    closing = await started(gate.aclose())
    call.release.set_result("in time")
    await task
    assert not closing.done()
    other.release.set_result("to nobody")
    await closing

    assert task.result() == "in time"


async def test_closing_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs is left behind; it may end later."""
    monkeypatch.setattr("jobstatus.storage.turnstile.FAREWELL", SHORT)
    gate, call = turnstile(), Call()
    task = await started(gate.through(call.run()))
    await asyncio.wait_for(gate.aclose(), PATIENCE)
    assert not task.done()
    call.release.set_result("after all")

    assert await task == "after all"


async def test_an_answer_in_time_is_given() -> None:
    """Whatever is awaited; one that comes too late is told to be so."""
    never: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    assert await in_time(answer(), LONG) == "answered"
    with pytest.raises(StoreUnavailable, match=r"within 0\.01 seconds"):
        await in_time(never, SHORT)
