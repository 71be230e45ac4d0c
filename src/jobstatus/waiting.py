"""Waiting for records to change, in whatever process they are changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from itertools import islice

from jobstatus.storage.base import JobStore

TOGETHER = 100
"""How many are woken in one turn of the loop."""
REMEMBERED = 10_000
"""How many changes are remembered for one who does not come to hear of them; of more, all may have changed."""


class Watch:
    """One who waits: for one record, or for all. Being woken is no promise that anything is new."""

    __slots__ = ("_called", "_changed")

    def __init__(self) -> None:
        self._called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._changed: set[str] | None = set()

    def wake(self, ids: frozenset[str] | None = frozenset()) -> None:
        """Wake who waits, now or when it next does: these have changed; None stands for all."""
        if ids is None or self._changed is None or len(self._changed) + len(ids) > REMEMBERED:
            self._changed = None
        else:
            self._changed |= ids
        if not self._called.done():
            self._called.set_result(None)

    async def woken(self) -> set[str] | None:
        """Wait to be woken; give what has changed since the last time, as far as that was told."""
        await self._called
        self._called = asyncio.get_running_loop().create_future()
        changed, self._changed = self._changed, set()
        return changed


class Waiters:
    """Those who wait, however many, share one feed of changes; none holds a connection or a thread.

    Each is known here before it reads, so that a write comes either before its reading or is told of after it. When all
    may have changed, as when the feed had been lost, all are woken.
    """

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._waiting: dict[str, set[Watch]] = {}
        self._watching: set[Watch] = set()
        self._listening: asyncio.Task[None] | None = None
        self.count = 0
        """How many wait."""
        self.over = False
        """Whether there is an end to waiting, because the store or this is closed: who is woken then waits no more."""

    @contextmanager
    def watching(self, id: str) -> Iterator[Watch]:
        """Be woken by changes of one record within the block."""
        watch = Watch()
        self._waiting.setdefault(id, set()).add(watch)
        try:
            yield self._begun(watch)
        finally:
            self.count -= 1
            self._waiting[id].discard(watch)
            if not self._waiting[id]:
                del self._waiting[id]

    @contextmanager
    def watching_all(self) -> Iterator[Watch]:
        """Be woken by all changes within the block, and told whose they are."""
        watch = Watch()
        self._watching.add(watch)
        try:
            yield self._begun(watch)
        finally:
            self.count -= 1
            self._watching.discard(watch)

    def end(self) -> None:
        """Wake all who wait, for good: the server is about to stop."""
        self.over = True
        for watch in (*self._watching, *self._concerned(None)):
            watch.wake(None)

    async def aclose(self) -> None:
        """Listen no more; whoever still waits looks a last time."""
        self.over = True
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
        self.end()

    def _begun(self, watch: Watch) -> Watch:
        self.count += 1
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        return watch

    async def _listen(self) -> None:
        """Wake whoever waits for what has changed, for as long as anybody waits.

        Somebody may have begun to while the feed was being let go of.
        """
        while self.count and not self.over:
            async with aclosing(self._store.changes()) as feed:
                if await self._heed(feed):
                    self.end()

    async def _heed(self, feed: AsyncGenerator[frozenset[str] | None]) -> bool:
        """Tell whether the feed has ended, rather than the waiting."""
        async for ids in feed:
            await self._wake_in_turn(ids)
            if not self.count:
                return False
        return True

    async def _wake_in_turn(self, ids: frozenset[str] | None) -> None:
        """Wake as many at a time as are soon answered: who is first need not wait for the last, nor others for both."""
        for watch in self._watching:
            watch.wake(ids)
        watches = self._concerned(ids)
        while some := list(islice(watches, TOGETHER)):
            for watch in some:
                watch.wake()
            await asyncio.sleep(0)

    def _concerned(self, ids: frozenset[str] | None) -> Iterator[Watch]:
        """Give those who now wait for one of these."""
        known = self._waiting
        return iter([watch for id in (known if ids is None else ids & known.keys()) for watch in known[id]])
