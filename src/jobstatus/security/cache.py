"""What was found out, kept for a while, so that it is not asked for again and again."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from jobstatus.clock import Clock, utc_now

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    value: V
    until: datetime


class Cache(Generic[K, V]):
    """Keeps a bounded number of values; where there is no room, the one that was used least recently goes."""

    def __init__(self, size: int, lives: Callable[[V], timedelta], clock: Clock = utc_now) -> None:
        """Take the greatest number of entries, at least 1, and how long a value lives; nothing is kept for no time."""
        self._size = size
        self._lives = lives
        self._clock = clock
        self._entries: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._calls: dict[K, asyncio.Task[V]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def recall(self, key: K) -> V | None:
        """Give the value of *key* if one is kept, at once."""
        entry = self._entries.get(key)
        if entry is None or self._clock() >= entry.until:
            return None
        self._entries.move_to_end(key)
        return entry.value

    async def get(self, key: K, find: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """Give the value of *key*, which *find* finds where none is kept.

        All who miss the same key at a time wait for one call, which goes on when any of them is cancelled. Its value is
        as old as the call's beginning. What it raises reaches all of them, and is not kept.
        """
        entry = self._entries.get(key)
        if entry is not None and self._clock() < entry.until:
            self._entries.move_to_end(key)
            return entry.value
        call = self._calls.get(key) or self._call(key, find)
        await asyncio.wait({call})  # which leaves the call alone when the waiter is cancelled; to await it would not
        return call.result()

    def _call(self, key: K, find: Callable[[], Coroutine[Any, Any, V]]) -> asyncio.Task[V]:
        call = self._calls[key] = asyncio.create_task(self._find(key, find))
        call.add_done_callback(partial(self._ended, key))
        return call

    async def _find(self, key: K, find: Callable[[], Coroutine[Any, Any, V]]) -> V:
        asked_at = self._clock()
        value = await find()
        self._keep(key, _Entry(value, asked_at + self._lives(value)))
        return value

    def _keep(self, key: K, entry: _Entry[V]) -> None:
        self._entries.pop(key, None)
        if self._clock() < entry.until:
            self._entries[key] = entry
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def _ended(self, key: K, call: asyncio.Task[V]) -> None:
        del self._calls[key]
        if not call.cancelled():
            call.exception()  # else asyncio complains where every waiter was cancelled
