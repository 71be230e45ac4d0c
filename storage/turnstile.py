"""What keeps a store that is slow, or has stopped, from taking the server with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from jobstatus.errors import StoreBusy, StoreUnavailable

from .base import Limits

T = TypeVar("T")

FAREWELL = 10.0
"""Seconds that closing waits for what is under way."""


class Turnstile:
    """Lets calls through to a store: so many at a time, and each waits for its answer so long.

    What has begun is run to its end, even where the caller gives up or its time is over: a driver that is interrupted
    may keep the locks that it holds, or leave half of what it was told on its connection.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._under_way: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Tell whether nothing is let through any more."""
        return self._closed

    async def through(self, call: Coroutine[Any, Any, T]) -> T:
        """Await a call.

        Raises:
            StoreBusy: too many are under way.
            StoreUnavailable: there was no answer in time, or this is closed.
        """
        if self._closed or len(self._under_way) >= self._limits.queue:
            call.close()
            raise StoreUnavailable("the store is closed") if self._closed else StoreBusy
        task = asyncio.create_task(call)
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return await in_time(asyncio.shield(task), self._limits.seconds)

    async def aclose(self) -> None:
        """Let nothing through any more; wait for what is under way, `FAREWELL` at the most."""
        self._closed = True
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=FAREWELL)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # has been looked at: whoever waited for it may have gone


async def in_time(answer: Awaitable[T], seconds: float) -> T:
    """Await an answer for so many seconds. Raises `StoreUnavailable` then."""
    try:
        async with asyncio.timeout(seconds) as deadline:
            return await answer
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise StoreUnavailable(f"the store did not answer within {seconds:g} seconds") from error
