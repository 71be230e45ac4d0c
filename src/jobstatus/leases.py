"""Leases that have lapsed: a worker promised to report again, and did not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import datetime

from jobstatus import life
from jobstatus.errors import VersionMismatch
from jobstatus.job import Event, Job
from jobstatus.life import Retention
from jobstatus.storage.base import JobStore, Term

SERVER = "jobstatus"
"""The actor of changes that the server makes by itself."""
BATCH = 500
"""How many records are looked at in one go."""
TOGETHER = 50
"""How many of them are written at a time: a store may commit them together, and others want to write too."""


class Leases:
    """Ends the jobs whose leases have lapsed.

    Several servers may find the same one: a job is ended only over the version that was read, and so exactly once.
    """

    def __init__(self, store: JobStore, retention: Retention) -> None:
        self._store = store
        self._retention = retention

    async def end(self, job: Job, now: datetime) -> bool:
        """End a job as lost; tell whether that was done here, and no other change came first."""
        lost = life.lose(job, now=now, retention=self._retention)
        return await won(self._store.replace(lost, Event.of(lost, SERVER)))

    async def end_due(self, now: datetime, limit: int) -> Sequence[bool]:
        """End jobs whose leases have lapsed, *limit* at the most; tell of each one found if it was ended here."""
        due = await self._store.due(Term.LEASE, now, limit)
        ended: list[bool] = []
        for start in range(0, len(due), TOGETHER):
            ended += await asyncio.gather(*(self.end(job, now) for job in due[start : start + TOGETHER]))
        return ended

    async def end_all(self, now: datetime) -> None:
        """End every job whose lease has lapsed."""
        while len(await self.end_due(now, BATCH)) == BATCH:
            pass


async def won(write: Awaitable[None]) -> bool:
    """Tell whether a write was made, or another one came first."""
    try:
        await write
    except VersionMismatch:
        return False
    return True
