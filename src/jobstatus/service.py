"""What can be done with jobs: the one door to the store, and the one place that decides who sees what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobstatus import ids, life
from jobstatus.clock import Clock, utc_now
from jobstatus.credential import EVERY_TENANT, Caller
from jobstatus.errors import (
    BadRequest,
    DuplicateWork,
    ForeignTenant,
    JobGone,
    JobNotFound,
    StoreUnavailable,
    TransitionRefused,
    VersionMismatch,
)
from jobstatus.job import Event, Job, Report, Status, Tombstone
from jobstatus.life import Retention
from jobstatus.storage.base import JobQuery, JobStore, Term

SWEEPER = "jobstatus"
"""The actor of changes that the server makes by itself."""

ATTEMPTS = 1000
"""How often a change is tried while others keep changing the same record."""
BATCH = 500
BUSY = "the record changes too fast"

Change = Callable[[Job, datetime], Job]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A job as its producer asks for it."""

    type: str
    id: str | None = None
    tenant: str | None = None
    message: str | None = None
    eta: datetime | None = None
    lease: timedelta | None = None
    work: str | None = None
    """What the job does, where an unfinished one that does the same for the tenant is to be given instead."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and the number below which the next one goes on, if there is more."""

    jobs: Sequence[Job]
    below_number: int | None


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    lost: int
    expired: int
    forgotten: int
    more: bool
    """Whether a batch was full, and so more is waiting."""


class JobService:
    """Every method answers for *caller* alone: another tenant's job is to it as if it were not there."""

    def __init__(self, store: JobStore, *, clock: Clock = utc_now, retention: Retention | None = None) -> None:
        self._store = store
        self._clock = clock
        self._retention = retention or Retention()

    async def create(self, caller: Caller, draft: Draft) -> Job:
        """Write a new pending job. It is there, for every reader, before this returns.

        Raises:
            DuplicateId: the id chosen is taken, by a job or by what is left of one.
            ForeignTenant: the draft names a tenant that the caller has no part in.
        """
        job = _first_version(caller, draft, self._clock())
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

    async def get(self, caller: Caller, key: str | int, now: datetime | None = None) -> Job:
        """Read one job by its id or number, as it truly stands: one whose lease has lapsed is lost from now on.

        Raises:
            JobNotFound: there is none for this caller.
            JobGone: there was one, but it expired or was deleted.
        """
        now = now or self._clock()
        job = _visible(caller, key, await self._store.get(key), now)
        if job.lease_until is None:
            return job
        for _ in range(ATTEMPTS):
            if not job.lapsed(now):
                return job
            await _won(self._lose(job, now))
            job = _visible(caller, key, await self._store.get(key), now)
        raise StoreUnavailable(BUSY)

    async def report(self, caller: Caller, key: str | int, said: Report, *, version: int | None = None) -> Job:
        """Apply a worker's report; *version*, if given, is the one that the record must be at.

        Raises:
            TransitionRefused: the job's life does not allow it.
            VersionMismatch: the record is at another version.
        """
        keep = self._retention.records
        return await self._change(
            caller, key, lambda job, now: life.report(job, said, now=now, retention=keep), version
        )

    async def cancel(self, caller: Caller, key: str | int, *, version: int | None = None) -> Job:
        """Ask a job to stop. Raises as `report` does."""
        keep = self._retention.records
        return await self._change(caller, key, lambda job, now: life.cancel(job, now=now, retention=keep), version)

    async def delete(self, caller: Caller, key: str | int, *, version: int | None = None) -> None:
        """Remove a job that has ended; only the knowledge that it was there is left. Raises as `report` does."""
        now = self._clock()
        for _ in range(ATTEMPTS):
            job = await self.get(caller, key, now)
            _expect(job, version)
            if not job.terminal:
                raise TransitionRefused(f"the job is {job.status}; cancel it before deleting it")
            if await _won(self._store.bury(job, _tombstone(job, "deleted", now))):
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
            tenant=_part(caller, tenant),
            statuses=statuses,
            type=type,
            created_from=created_from,
            created_before=created_before,
            below_number=below_number,
            limit=limit + 1,
        )
        await self._end_lost(now)
        found = await self._store.list(query)
        return Page(found[:limit], found[limit - 1].number if len(found) > limit else None)

    async def events(self, caller: Caller, key: str | int) -> Sequence[Event]:
        """Read a job's timeline, oldest first. Raises as `get` does."""
        job = await self.get(caller, key)
        events = await self._store.events(job.id)
        if not events:  # it was buried in between, and is told of as such
            await self.get(caller, key)
        return events

    async def sweep(self, batch: int = BATCH) -> Swept:
        """End the jobs whose workers are lost, and bury what has expired: one batch of each, and say if more waits.

        A job that changes meanwhile is left to the next sweep.
        """
        now = self._clock()
        lost = await self._end_lost(now)
        expired = await self._store.due(Term.RETENTION, now, batch)
        buried = [await _won(self._store.bury(job, _tombstone(job, "expired", now))) for job in expired]
        forgotten = await self._store.forget(now - self._retention.tombstones, batch)
        return Swept(lost, sum(buried), forgotten, more=batch in (len(expired), forgotten))

    async def _end_lost(self, now: datetime) -> int:
        """End every job whose lease has lapsed; tell how many that were."""
        ended = 0
        while True:
            lapsed = await self._store.due(Term.LEASE, now, BATCH)
            ended += sum([await _won(self._lose(job, now)) for job in lapsed])
            if len(lapsed) < BATCH:
                return ended

    async def _unfinished(self, caller: Caller, id: str) -> Job | None:
        try:
            job = await self.get(caller, id)
        except (JobNotFound, JobGone):
            return None
        return None if job.terminal else job

    async def _lose(self, job: Job, now: datetime) -> None:
        lost = life.lose(job, now=now, retention=self._retention.records)
        await self._store.replace(lost, Event.of(lost, SWEEPER))

    async def _change(self, caller: Caller, key: str | int, change: Change, version: int | None) -> Job:
        """Read, change, write; read again where someone else was faster, unless a version was asked for."""
        now = self._clock()
        for _ in range(ATTEMPTS):
            job = await self.get(caller, key, now)
            _expect(job, version)
            changed = change(job, now)
            if changed is job or await _won(self._store.replace(changed, Event.of(changed, caller.id))):
                return changed
        raise StoreUnavailable(BUSY)


async def _won(write: Awaitable[None]) -> bool:
    """Tell whether a write was made, or another one came first."""
    try:
        await write
    except VersionMismatch:
        return False
    return True


def _first_version(caller: Caller, draft: Draft, now: datetime) -> Job:
    tenant = _tenant(caller, draft.tenant)
    return Job(
        id=ids.canonical(draft.id or ids.new_id()),
        tenant=tenant,
        owner=caller.id,
        type=draft.type,
        message=draft.message,
        eta=draft.eta,
        lease_until=now + draft.lease if draft.lease else None,
        work=ids.of_work(tenant, draft.type, draft.work) if draft.work is not None else None,
        created_at=now,
        updated_at=now,
    )


def _tenant(caller: Caller, asked: str | None) -> str:
    tenant = asked or caller.tenant
    if tenant == EVERY_TENANT:
        raise BadRequest.of("body", "$.tenant", "required", "an operator must say whose job it is")
    if not caller.sees(tenant):
        raise ForeignTenant(tenant)
    return tenant


def _part(caller: Caller, asked: str | None) -> str | None:
    """Name the tenant whose jobs are listed: none stands for all."""
    if asked is not None and not caller.sees(asked):
        raise ForeignTenant(asked)
    return asked or (None if caller.tenant == EVERY_TENANT else caller.tenant)


def _visible(caller: Caller, key: str | int, found: Job | Tombstone | None, now: datetime) -> Job:
    if found is None or not caller.sees(found.tenant):
        raise JobNotFound(str(key))
    if isinstance(found, Tombstone):
        raise JobGone(found.id, found.reason, found.at)
    if found.expires_at is not None and found.expires_at <= now:
        raise JobGone(found.id, "expired", found.expires_at)
    return found


def _expect(job: Job, version: int | None) -> None:
    if version is not None and job.version != version:
        raise VersionMismatch(job.id, version)


def _tombstone(job: Job, reason: str, now: datetime) -> Tombstone:
    at = job.expires_at if reason == "expired" and job.expires_at else now
    return Tombstone(id=job.id, number=job.number, tenant=job.tenant, reason=reason, at=at)
