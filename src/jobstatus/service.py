"""What can be done with jobs: the one door to the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobstatus import life
from jobstatus.clock import Clock, utc_now
from jobstatus.credential import Caller
from jobstatus.draft import Draft, check_expiry
from jobstatus.errors import (
    DuplicateWork,
    JobGone,
    JobNotFound,
    StoreUnavailable,
    TransitionRefused,
    VersionMismatch,
)
from jobstatus.following import Change, Following, Selection
from jobstatus.history import History
from jobstatus.job import Event, Job, Report, Status, Tombstone
from jobstatus.leases import BATCH, Leases, won
from jobstatus.life import Retention
from jobstatus.outlooks import Outlooks
from jobstatus.pacing import Estimate
from jobstatus.sight import part, visible, whose
from jobstatus.storage.base import JobQuery, Store
from jobstatus.waiting import Waiters

__all__ = ["Change", "Draft", "Estimate", "JobService", "Page", "Selection"]

ATTEMPTS = 1000
"""How often a change is tried while others keep changing the same record."""
BUSY = "the record changes too fast"
TOGETHER = 100
"""How many records of many are read at a time, so that others are not kept from the store."""

Step = Callable[[Job, datetime], Job]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and the number below which the next one goes on, if there is more."""

    jobs: Sequence[Job]
    below_number: int | None


class JobService:
    """Every method answers for *caller* alone: another tenant's job is to it as if it were not there."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock = utc_now,
        retention: Retention | None = None,
        history: History | None = None,
        waiters: Waiters | None = None,
        pause: int = 30,
        slack: timedelta = timedelta(seconds=15),
    ) -> None:
        """Take the longest pause between two polls that is asked of a client, in seconds; and the slack of `Following`.

        What knows of durations, and who waits, is the service's own where none is given.
        """
        self._store = store
        self._clock = clock
        self._retention = retention or Retention()
        self._leases = Leases(store, self._retention)
        self._history = history or History(store, clock)
        self._outlooks = Outlooks(self._history, clock, pause)
        self.following = Following(self, store, waiters or Waiters(store), slack)
        """Jobs as they change."""

    async def create(self, caller: Caller, draft: Draft) -> Job:
        """Write a new pending job. It is there, for every reader, before this returns.

        Raises:
            BadRequest: the record would have expired already.
            DuplicateId: the id chosen is taken, by a job or by what is left of one.
            ForeignTenant: the draft names a tenant that the caller has no part in.
        """
        now = self._clock()
        check_expiry(draft.expires_at, now)
        job = draft.job(tenant=whose(caller, draft.tenant), owner=caller.id, now=now)
        return await self._store.create(job, Event.of(job, caller.id))

    async def submit(self, caller: Caller, draft: Draft) -> tuple[Job, bool]:
        """Create a job unless an unfinished one does the same work: then give that, and say that it is not new.

        Raises:
            ForeignTenant: the draft names a tenant that the caller has no part in.
        """
        for _ in range(ATTEMPTS):
            try:
                return await self.create(caller, draft), True
            except DuplicateWork as same:
                job = await self._unfinished(caller, same.id)
                if job is not None:
                    return job, False
        raise StoreUnavailable(BUSY)

    def now(self) -> datetime:
        """Tell the time, for answers that speak of it."""
        return self._clock()

    def estimate(self, job: Job) -> Estimate | None:
        """Say when a job ends or ended, and how that is known."""
        return self._outlooks.of(job).estimate

    def retry_after(self, job: Job) -> int | None:
        """Say after how many seconds to ask again after a job; nothing of one that has ended."""
        return self._outlooks.of(job).pause

    async def get(self, caller: Caller, key: str | int, now: datetime | None = None) -> Job:
        """Read one job by its id or number, as it truly stands: one whose lease has lapsed is lost from now on.

        Raises:
            JobNotFound: there is none for this caller.
            JobGone: there was one, but it expired or was deleted.
        """
        now = now or self._clock()
        job = visible(caller, key, await self._store.get(key), now)
        if job.lease_until is None:
            return job
        for _ in range(ATTEMPTS):
            if not job.lapsed(now):
                return job
            await self._leases.end(job, now)
            job = visible(caller, key, await self._store.get(key), now)
        raise StoreUnavailable(BUSY)

    async def many(self, caller: Caller, ids: Sequence[str]) -> Sequence[Job | JobGone | JobNotFound]:
        """Read many jobs at once, in their order: of each that there is not, why that is so."""
        now, found = self._clock(), list[Job | JobGone | JobNotFound]()
        for start in range(0, len(ids), TOGETHER):
            found += await asyncio.gather(*(self._found(caller, id, now) for id in ids[start : start + TOGETHER]))
        return found

    async def report(self, caller: Caller, key: str | int, said: Report, *, version: int | None = None) -> Job:
        """Apply a worker's report; *version*, if given, is the one that the record must be at.

        Raises:
            BadRequest: the record would have expired already.
            TransitionRefused: the job's life does not allow it.
            VersionMismatch: the record is at another version.
        """
        check_expiry(said.expires_at, self._clock())
        keep = self._retention
        return await self._change(
            caller, key, lambda job, now: life.report(job, said, now=now, retention=keep), version
        )

    async def cancel(self, caller: Caller, key: str | int, *, version: int | None = None) -> Job:
        """Ask a job to stop. Raises as `report` does."""
        keep = self._retention
        return await self._change(caller, key, lambda job, now: life.cancel(job, now=now, retention=keep), version)

    async def delete(self, caller: Caller, key: str | int, *, version: int | None = None) -> None:
        """Remove a job that has ended; only the knowledge that it was there is left. Raises as `report` does."""
        now = self._clock()
        for _ in range(ATTEMPTS):
            job = await self.get(caller, key, now)
            _expect(job, version)
            if not job.terminal:
                raise TransitionRefused(f"the job is {job.status}; cancel it before deleting it")
            if await won(self._store.bury(job, Tombstone.of(job, "deleted", now))):
                return
        raise StoreUnavailable(BUSY)

    async def list(
        self,
        caller: Caller,
        *,
        tenant: str | None = None,
        statuses: frozenset[Status] = frozenset(),
        type: str | None = None,
        created_from: datetime | None = None,
        created_before: datetime | None = None,
        below_number: int | None = None,
        limit: int = 50,
    ) -> Page:
        """Read one page of the caller's jobs, newest first.

        Raises:
            ForeignTenant: *tenant* is one that the caller has no part in.
        """
        now = self._clock()
        query = JobQuery(
            alive_at=now,
            tenant=part(caller, tenant),
            statuses=statuses,
            type=type,
            created_from=created_from,
            created_before=created_before,
            below_number=below_number,
            limit=limit + 1,
        )
        await self._leases.end_all(now)
        found = await self._store.list(query)
        return Page(found[:limit], found[limit - 1].number if len(found) > limit else None)

    async def events(self, caller: Caller, key: str | int) -> Sequence[Event]:
        """Read a job's timeline, oldest first. Raises as `get` does."""
        job = await self.get(caller, key)
        events = await self._store.events(job.id)
        if not events:  # it was buried in between, and is told of as such
            await self.get(caller, key)
        return events

    async def _found(self, caller: Caller, id: str, now: datetime) -> Job | JobGone | JobNotFound:
        try:
            return await self.get(caller, id, now)
        except (JobGone, JobNotFound) as absent:
            return absent

    async def _unfinished(self, caller: Caller, id: str) -> Job | None:
        try:
            job = await self.get(caller, id)
        except JobNotFound:
            return None
        except JobGone:
            await self._store.expire(self._clock(), BATCH)  # one that has expired holds its work until it is buried
            return None
        return None if job.terminal else job

    async def _change(self, caller: Caller, key: str | int, change: Step, version: int | None) -> Job:
        """Read, change, write; read again where someone else was faster, unless a version was asked for."""
        now = self._clock()
        for _ in range(ATTEMPTS):
            job = await self.get(caller, key, now)
            _expect(job, version)
            changed = change(job, now)
            if changed is job:
                return job
            if await won(self._store.replace(changed, Event.of(changed, caller.id))):
                self._history.ended(changed)
                return changed
        raise StoreUnavailable(BUSY)


def _expect(job: Job, version: int | None) -> None:
    if version is not None and job.version != version:
        raise VersionMismatch(job.id, version)
