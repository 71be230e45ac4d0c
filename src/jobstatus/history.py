"""How long the jobs of each type have taken, on all servers of a store."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from jobstatus.bounded import Bounded
from jobstatus.clock import Clock, utc_now
from jobstatus.durations import Durations
from jobstatus.job import FailureKind, Job, Status
from jobstatus.storage.base import Coordinator

log = structlog.get_logger()

TYPES = 1024
"""The types of which durations are remembered, and the most that are asked for in one turn."""
EACH = 10_000
"""The most ends of one type that are kept until they are shared; what comes beyond is not counted."""
KEPT = timedelta(days=90)
"""For how long a type that no job has ended of is remembered in the store."""
TRIES = 5
"""How often counts are joined while other servers keep joining theirs."""


class History:
    """Counts ends, and knows what all servers have counted.

    To ask costs nothing: what is in the store is read, and what has ended here is added to it, once in a while.
    """

    def __init__(self, store: Coordinator, clock: Clock = utc_now, seconds: float = 5.0) -> None:
        """Take how many seconds lie between two exchanges with the store."""
        self._store = store
        self._clock = clock
        self._seconds = seconds
        self._known: Bounded[str, Durations] = Bounded(TYPES)
        self._asked: set[str] = set()
        self._ended: defaultdict[str, list[timedelta]] = defaultdict(list)

    def known(self, type: str) -> Durations | None:
        """Give the durations of a type as they were last heard of; one that is new here will be known in a while."""
        if len(self._asked) < TYPES:
            self._asked.add(type)
        return self._known.get(type)

    def ended(self, job: Job) -> None:
        """Count an end that says how long such jobs take: a cancellation does not, nor does a worker that was lost."""
        lost = job.error is not None and job.error.kind is FailureKind.LOST
        if job.ended_at is None or job.status is Status.CANCELLED or lost:
            return
        if (len(self._ended) < TYPES or job.type in self._ended) and len(self._ended[job.type]) < EACH:
            self._ended[job.type].append(job.ended_at - job.created_at)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Exchange counts with the store beside the block, for as long as that runs, and once more at its end."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await self._turn()

    async def share(self) -> None:
        """Add what has ended here to what the store has, and read what has been asked for."""
        asked, self._asked = self._asked, set()
        for type in [*self._ended]:
            asked.discard(type)
            await self._add(type)
        for type in asked:
            self._learn(type, await self._store.note(_key(type)))

    async def _add(self, type: str) -> None:
        ended = self._ended[type]
        for _ in range(TRIES):
            noted, count = await self._store.note(_key(type)), len(ended)
            joined = Durations.of(ended[:count])
            if noted is not None:
                joined = Durations.loads(noted).joined(joined)
            if await self._store.swap(_key(type), noted, joined.dumps(), self._clock() + KEPT):
                self._known.keep(type, joined)
                del ended[:count]
                break
        if not ended:
            del self._ended[type]

    def _learn(self, type: str, noted: bytes | None) -> None:
        if noted is not None:
            self._known.keep(type, Durations.loads(noted))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            await self._turn()

    async def _turn(self) -> None:
        try:
            await self.share()
        except Exception as error:  # estimates may lag; the next turn is made whatever this one met with
            log.warning("durations were not shared", reason=str(error))


def _key(type: str) -> str:
    return f"durations:{type}"
