"""What a server does by itself: it ends jobs that are lost, and clears away what has outlived its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from jobstatus.beside import beside
from jobstatus.leases import BATCH, Leases
from jobstatus.life import Retention
from jobstatus.shared_clock import SharedClock
from jobstatus.storage.base import Store

log = structlog.get_logger()

ROLE = "sweeper"
TURNS = 3
"""For how many of its own turns a server leads: another one takes over so long after it has died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one sweep did."""

    lost: int = 0
    expired: int = 0
    forgotten: int = 0
    more: bool = False
    """Whether a batch was full, and so more is waiting."""


class Sweeper:
    """Sweeps from time to time, unless another server that shares the store does.

    That they take turns spares the store; it would come to the same if all did it at once.
    """

    def __init__(
        self, store: Store, *, clock: SharedClock, retention: Retention, holder: str, seconds: float = 5.0
    ) -> None:
        """Take by which name this server leads, and how many seconds lie between two sweeps."""
        self._store = store
        self._clock = clock
        self._retention = retention
        self._leases = Leases(store, retention)
        self._holder = holder
        self._seconds = seconds

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Sweep beside the block, for as long as that runs."""
        async with beside(self._run()):
            yield

    async def sweep(self, batch: int = BATCH) -> Swept:
        """End lost jobs, bury expired ones and forget old tombstones: one batch of each, and say if more waits.

        A job that changes meanwhile is left to the next sweep. Where another server leads, nothing is done.
        """
        if not await self._store.lead(ROLE, self._holder, TURNS * self._seconds):
            return Swept()
        now = self._clock()
        lost = await self._leases.end_due(now, batch)
        expired = await self._store.expire(now, batch)
        forgotten = await self._store.forget(now - self._retention.tombstones, batch)
        dropped = await self._store.drop_notes(now, batch)
        more = batch in (len(lost), expired, forgotten, dropped)
        return Swept(lost=sum(lost), expired=expired, forgotten=forgotten, more=more)

    async def _run(self) -> None:
        pause = self._seconds
        while True:
            await asyncio.sleep(pause)
            pause = 0 if await self._turn() else self._seconds

    async def _turn(self) -> bool:
        """Set the clock, which each server does for itself, and sweep; tell whether more is waiting."""
        try:
            await self._clock.set()
            swept = await self.sweep()
        except Exception as error:  # whatever one sweep met with, the next is made
            log.error("sweep failed", exc_info=error)
            return False
        if swept.lost or swept.expired or swept.forgotten:
            log.info("swept", lost=swept.lost, expired=swept.expired, forgotten=swept.forgotten)
        return swept.more
