"""How long the jobs of each type have taken, on all servers of a store.

Each tenant has its own: what another one's jobs take is none of its business, and cannot lead its clients astray.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from jobstatus.beside import beside
from jobstatus.bounded import Bounded
from jobstatus.clock import Clock, utc_now
from jobstatus.durations import Durations
from jobstatus.job import FailureKind, Job, Status
from jobstatus.storage.base import Coordinator

log = structlog.get_logger()

Kind = tuple[str, str]
"""A tenant, and a type of its jobs."""

KINDS = 1024
"""The kinds of which durations are remembered, and the most that are asked for in one turn."""
EACH = 10_000
"""The most ends of one kind that are kept until they are shared; what comes beyond is not counted."""
KEPT = timedelta(days=90)
"""For how long a kind that no job has ended of is remembered in the store."""
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
        self._known: Bounded[Kind, Durations] = Bounded(KINDS)
        self._asked: set[Kind] = set()
        self._ended: defaultdict[Kind, list[timedelta]] = defaultdict(list)

    def known(self, job: Job) -> Durations | None:
        """Give what such jobs took, as it was last heard of; of a kind that is new here it will be known in a while."""
        kind = (job.tenant, job.type)
        if len(self._asked) < KINDS:
            self._asked.add(kind)
        return self._known.get(kind)

    def ended(self, job: Job) -> None:
        """Count an end that says how long such jobs take: a cancellation does not, nor does a worker that was lost."""
        lost = job.error is not None and job.error.kind is FailureKind.LOST
        if job.ended_at is None or job.status is Status.CANCELLED or lost:
            return
        kind = (job.tenant, job.type)
        if (len(self._ended) < KINDS or kind in self._ended) and len(self._ended[kind]) < EACH:
            self._ended[kind].append(job.ended_at - job.created_at)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Exchange counts with the store beside the block, for as long as that runs, and once more at its end."""
        async with beside(self._run()):
            yield
        await self._turn()

    async def share(self) -> None:
        """Add what has ended here to what the store has, and read what has been asked for."""
        asked, self._asked = self._asked, set()
        for kind in [*self._ended]:
            asked.discard(kind)
            await self._add(kind)
        for kind in asked:
            found = _read(await self._store.note(_key(kind)))
            if found is not None:
                self._known.keep(kind, found)

    async def _add(self, kind: Kind) -> None:
        ended = self._ended[kind]
        for _ in range(TRIES):
            noted, count = await self._store.note(_key(kind)), len(ended)
            known, joined = _read(noted), Durations.of(ended[:count])
            if known is not None:
                joined = known.joined(joined)
            if await self._store.swap(_key(kind), noted, joined.dumps(), self._clock() + KEPT):
                self._known.keep(kind, joined)
                del ended[:count]
                break
        if not ended:
            del self._ended[kind]

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            await self._turn()

    async def _turn(self) -> None:
        try:
            await self.share()
        except Exception as error:  # estimates may lag; the next turn is made whatever this one met with
            log.warning("durations were not shared", reason=str(error))


def _key(kind: Kind) -> str:
    """Name the note of a kind: a tenant and a type may be long, and have whatever characters."""
    return f"durations {hashlib.sha256(json.dumps(kind).encode()).hexdigest()}"


def _read(noted: bytes | None) -> Durations | None:
    """Read a note; one that cannot be read is as good as none, and is written anew."""
    try:
        return None if noted is None else Durations.loads(noted)
    except (ValueError, AttributeError):
        return None
