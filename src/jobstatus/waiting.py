"""Waiting for a record to change, in whatever process it is changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager

from jobstatus.job import Job, Tombstone
from jobstatus.storage.base import JobStore


class Waiters:
    """Those who wait, however many, share one feed of changes; none holds a connection or a thread.

    Each is known here before it reads, so that a write comes either before its reading or is told of after it. When all
    may have changed, as when the feed had been lost, all read again.
    """

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._over = False

    async def change(self, id: str, version: int) -> Job | Tombstone | None:
        """Give the record once it is at another version than this one, or has ended, or is no more.

        When there is an end to waiting, because the store or this is closed, it is given as it stands.

        Raises:
            StoreUnavailable: the store cannot answer, or has been closed.
        """
        with self._waiter(id) as told:
            while True:
                told.clear()
                found = await self._store.get(id)
                if not isinstance(found, Job) or found.version != version or found.terminal or self._over:
                    return found
                await told.wait()

    async def aclose(self) -> None:
        """Listen no more; whoever still waits looks a last time."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
        self._end()

    @contextmanager
    def _waiter(self, id: str) -> Iterator[asyncio.Event]:
        told = asyncio.Event()
        self._waiting.setdefault(id, set()).add(told)
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        try:
            yield told
        finally:
            self._waiting[id].discard(told)
            if not self._waiting[id]:
                del self._waiting[id]

    async def _listen(self) -> None:
        """Wake whoever waits for what has changed, for as long as anybody waits.

        Somebody may have begun to while the feed was being let go of.
        """
        while self._waiting and not self._over:
            async with aclosing(self._store.changes()) as feed:
                if await self._heed(feed):
                    self._end()

    async def _heed(self, feed: AsyncGenerator[frozenset[str] | None]) -> bool:
        """Tell whether the feed has ended, rather than the waiting."""
        async for ids in feed:
            self._wake(ids)
            if not self._waiting:
                return False
        return True

    def _end(self) -> None:
        self._over = True
        self._wake(None)

    def _wake(self, ids: frozenset[str] | None) -> None:
        for id in self._waiting if ids is None else ids & self._waiting.keys():
            for told in self._waiting[id]:
                told.set()
