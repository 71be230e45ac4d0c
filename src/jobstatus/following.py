"""Following jobs as they change: each version once, in order, and none left out."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypedDict, TypeVar

from jobstatus.bounded import Bounded
from jobstatus.clock import Clock
from jobstatus.credential import Caller
from jobstatus.job import Event, Job, Status, Tombstone
from jobstatus.outage import sat_out
from jobstatus.sight import followed
from jobstatus.storage.base import JobQuery, JobStore
from jobstatus.waiting import Waiters

PAGE = 200
"""How many records a page of what was missed holds."""
TOGETHER = 100
"""How many records are read at a time, so that others are not kept from the store."""
REMEMBERED = 10_000
"""Of how many jobs it is known which version was told last."""
GONE = sys.maxsize
"""The version of what is left of a job: none comes after it."""

T = TypeVar("T")


class Selection(TypedDict):
    """Which of a tenant's jobs are meant."""

    tenant: str | None
    type: str | None
    statuses: frozenset[Status]


class Reader(Protocol):
    """What reads for a caller."""

    def now(self) -> datetime:
        """Tell the time."""

    async def get(self, caller: Caller, key: str | int) -> Job:
        """Read a job."""

    async def events(self, caller: Caller, key: str | int) -> Sequence[Event]:
        """Read its timeline."""


class Following:
    """Every method answers for *caller* alone, as those of the service do."""

    def __init__(self, reader: Reader, store: JobStore, waiters: Waiters, slack: timedelta) -> None:
        """Take how long after its time a change may be told of at the latest.

        That time is set before the change is written, which takes a while, on a clock that may be a little off.
        """
        self._reader = reader
        self._store = store
        self._waiters = waiters
        self._slack = slack

    async def one(self, caller: Caller, key: str, after: int | None = None) -> AsyncGenerator[Job | Event] | None:
        """Follow one job from a version on, or from now: nothing is to come once that one has ended it.

        Raises:
            JobNotFound: there is none for this caller.
            JobGone: there was one; raised also while it is followed.
        """
        job = await self._reader.get(caller, key)
        return None if job.terminal and job.version == after else self._one(caller, job.id, after)

    def all(
        self,
        caller: Caller,
        *,
        tenant: str | None = None,
        type: str | None = None,
        statuses: frozenset[Status] = frozenset(),
        since: datetime | None = None,
    ) -> AsyncGenerator[Change]:
        """Follow a tenant's jobs, from now on or from when somebody was cut off.

        Raises:
            BadRequest: the caller has a part in all tenants, and names none.
            ForeignTenant: *tenant* is one that the caller has no part in.
        """
        now = self._reader.now()
        query = JobQuery(alive_at=now, tenant=followed(caller, tenant), type=type, statuses=statuses)
        jobs = _Followed(self._store, self._waiters, query, self._slack)
        return jobs.changes(since or now - self._slack, self._reader.now, missed=since is not None)

    async def patiently(self, read: Callable[[], Awaitable[T]]) -> T:
        """Read, however long the store cannot answer: who follows would be refused, and not come back.

        Raises:
            StoreUnavailable: there is an end to waiting.
        """
        return await sat_out(read, lambda: self._waiters.over)

    async def _one(self, caller: Caller, id: str, told: int | None) -> AsyncGenerator[Job | Event]:
        """Give a job as it stands, and again at each change until it has ended; of what was passed over, the events."""
        with self._waiters.watching(id) as watch:
            while True:
                job = await self.patiently(lambda: self._reader.get(caller, id))
                if told is not None and told + 1 < job.version:
                    for event in await self.patiently(lambda: self._reader.events(caller, id)):
                        if told < event.version < job.version:
                            yield event
                if job.version != told:
                    yield job
                told = job.version
                if job.terminal or self._waiters.over:
                    return
                await watch.woken()


@dataclass(frozen=True, slots=True)
class Change:
    """A job as it stands after a change, or what is left of it."""

    record: Job | Tombstone | None
    """Nothing at the beginning, when no change has been told of, and none will be missed from now on."""
    upto: datetime
    """All changes before this time have been given: from here whoever is cut off goes on."""


class _Followed:
    """The jobs of one tenant that fit a query, as they change."""

    def __init__(self, store: JobStore, waiters: Waiters, query: JobQuery, slack: timedelta) -> None:
        self._store = store
        self._waiters = waiters
        self._query = query
        self._slack = slack
        self._told: Bounded[str, int] = Bounded(REMEMBERED)

    async def changes(self, since: datetime, clock: Clock, *, missed: bool) -> AsyncGenerator[Change]:
        """Give each change from now on; where some may have been *missed*, those since that time first.

        Raises:
            StoreUnavailable: the store cannot answer, or has been closed.
        """
        with self._waiters.watching_all() as watch:
            if missed:
                watch.wake(None)
            else:
                yield Change(None, since)
            while not self._waiters.over:
                ids = await watch.woken()
                began = clock() - self._slack
                async for record in self._missed(since) if ids is None else self._found(ids):
                    if self._new(record):
                        yield Change(record, min(began, _at(record)))
                since = began

    async def _found(self, ids: Iterable[str]) -> AsyncGenerator[Job | Tombstone]:
        """Read these, and give those of the tenant, the earliest change first."""
        found: list[Job | Tombstone | None] = []
        for some in _batches(list(ids)):
            found += await asyncio.gather(*map(self._record, some))
        for record in sorted((each for each in found if each and each.tenant == self._query.tenant), key=_at):
            yield record

    async def _missed(self, since: datetime) -> AsyncGenerator[Job]:
        """Read all that has changed since then, the earliest change first."""
        last: Job | None = None
        while page := await self._page(since, last):
            for job in page:
                yield job
            last = page[-1]

    async def _record(self, id: str) -> Job | Tombstone | None:
        return await sat_out(lambda: self._store.get(id), lambda: self._waiters.over)

    async def _page(self, since: datetime, last: Job | None) -> Sequence[Job]:
        tenant = self._query.tenant or ""
        return await sat_out(lambda: self._store.changed(tenant, since, PAGE, last), lambda: self._waiters.over)

    def _new(self, record: Job | Tombstone) -> bool:
        """Tell whether this has not been told yet, and is asked for; whether what is left of a job is, nobody knows."""
        known = self._told.get(record.id)
        version = GONE if isinstance(record, Tombstone) else record.version
        if known is not None and known >= version:
            return False
        self._told.keep(record.id, version)
        return isinstance(record, Tombstone) or self._query.fits(record)


def _at(record: Job | Tombstone) -> datetime:
    return record.updated_at if isinstance(record, Job) else record.at


def _batches(ids: list[str]) -> Iterator[list[str]]:
    return (ids[start : start + TOGETHER] for start in range(0, len(ids), TOGETHER))
