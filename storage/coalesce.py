"""Reading for many callers at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import islice
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

Read = Callable[[Sequence[K]], Awaitable[Sequence[V]]]
"""Reads one value for each key, in the order of the keys."""
Callers = list[asyncio.Future[V]]

LIMIT = 256
"""Keys that are read together at the most."""


class Coalescer(Generic[K, V]):
    """Lets calls that come in while others are being answered share the next reading.

    One reading is under way at a time. Freshness: a reading never starts before the calls that it answers have come
    in, so a call sees every write that was acknowledged before it. A call that comes in once a reading has started
    waits for the next one, even where its key is being read.

    What the reading raises, all are told whom it was to answer. With *one_fate* so are those who wait for the next one:
    where a source does not answer in time, nobody then waits for longer than that time.
    """

    def __init__(self, read: Read[K, V], limit: int = LIMIT, *, one_fate: bool = False) -> None:
        self._read = read
        self._limit = limit
        self._one_fate = one_fate
        self._waiting: dict[K, Callers[V]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V:
        """Read the value of *key*; what the reading raises, each of its callers is told."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[V] = loop.create_future()
        self._waiting.setdefault(key, []).append(future)
        if self._reading is None or self._reading.done():
            # It starts with the loop's next turn, so that all calls of this one share it.
            self._reading = loop.create_task(self._read_on())
        return await future

    async def settled(self) -> None:
        """Wait until all calls have been answered."""
        while self._reading is not None and not self._reading.done():
            await asyncio.wait({self._reading})

    async def _read_on(self) -> None:
        try:
            while self._waiting:
                await self._answer(self._next())
        finally:  # none are left, unless the reading was cancelled
            for callers in self._waiting.values():
                _cancel(callers)
            self._waiting = {}

    def _next(self) -> dict[K, Callers[V]]:
        """Take the keys that have waited longest, each once."""
        if len(self._waiting) <= self._limit:
            batch, self._waiting = self._waiting, {}
            return batch
        return {key: self._waiting.pop(key) for key in list(islice(self._waiting, self._limit))}

    async def _answer(self, batch: dict[K, Callers[V]]) -> None:
        try:
            values = await self._read(tuple(batch))
            for callers, value in zip(batch.values(), values, strict=True):
                for caller in _patient(callers):
                    caller.set_result(value)
        except Exception as error:
            waiting: dict[K, Callers[V]] = {}
            if self._one_fate:
                waiting, self._waiting = self._waiting, waiting
            for callers in (*batch.values(), *waiting.values()):
                for caller in _patient(callers):
                    caller.set_exception(error)
        finally:  # none are left, unless the reading was cancelled
            for callers in batch.values():
                _cancel(callers)


def _patient(callers: Callers[V]) -> Iterable[asyncio.Future[V]]:
    """Give those who have not given up, and have no answer yet."""
    return (caller for caller in callers if not caller.done())


def _cancel(callers: Callers[V]) -> None:
    for caller in callers:
        caller.cancel()
