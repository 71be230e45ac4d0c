"""A store that lives and dies with its process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from time import monotonic

from jobstatus.credential import Credential
from jobstatus.errors import DuplicateId, DuplicateWork, VersionMismatch
from jobstatus.job import Event, Job, Tombstone

from .base import JobQuery, Kept, Limits, Term, last_left_out
from .feed import Feed


class MemoryStore:
    """Records in dictionaries. No method gives way to another before it is done, so each is atomic."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._feed = Feed()
        self._roles: dict[str, tuple[str, float]] = {}
        self._notes: dict[str, tuple[bytes, datetime]] = {}
        self._last_number = 0
        self._ids: dict[int, str] = {}
        self._jobs: dict[str, Job] = {}
        self._works: dict[str, str] = {}
        self._events: dict[str, list[Event]] = {}
        self._tombstones: dict[str, Tombstone] = {}
        self._credentials: dict[bytes, Credential] = {}

    def __repr__(self) -> str:
        return "MemoryStore()"

    async def create(self, job: Job, event: Event) -> Job:
        if job.id in self._jobs or job.id in self._tombstones:
            raise DuplicateId(job.id)
        if job.work is not None and job.work in self._works:
            raise DuplicateWork(self._works[job.work])
        self._last_number += 1
        numbered = replace(job, number=self._last_number)
        self._ids[numbered.number] = job.id
        self._put(numbered)
        self._events[job.id] = [event]
        self._feed.tell(job.id)
        return numbered

    async def get(self, key: str | int) -> Job | Tombstone | None:
        id = self._ids.get(key) if isinstance(key, int) else key
        return None if id is None else self._jobs.get(id) or self._tombstones.get(id)

    async def replace(self, job: Job, event: Event) -> None:
        self._expect(job.id, job.version - 1)
        self._put(job)
        self._events[job.id].append(event)
        self._feed.tell(job.id)

    async def bury(self, job: Job, tombstone: Tombstone) -> None:
        self._expect(job.id, job.version)
        self._drop(job)
        self._tombstones[job.id] = tombstone
        self._feed.tell(job.id)

    async def list(self, query: JobQuery) -> Sequence[Job]:
        newest_first = (self._jobs.get(id) for id in reversed(self._ids.values()))
        return list(islice((job for job in newest_first if job is not None and query.fits(job)), query.limit))

    async def events(self, id: str) -> Sequence[Event]:
        return tuple(self._events.get(id, ()))

    async def due(self, term: Term, now: datetime, limit: int, after: Job | None = None) -> Sequence[Job]:
        place = _PLACES[term]
        overdue = (job.lapsed if term is Term.LEASE else job.expired for job in self._jobs.values())
        due = [job for job, is_due in zip(self._jobs.values(), overdue, strict=True) if is_due(now)]
        return sorted((job for job in due if after is None or place(job) > place(after)), key=place)[:limit]

    async def changed(self, tenant: str, since: datetime, limit: int, after: Job | None = None) -> Sequence[Job]:
        last = last_left_out(since, after)
        fitting = (job for job in self._jobs.values() if job.tenant == tenant and _change(job) > last)
        return sorted(fitting, key=_change)[:limit]

    async def expire(self, now: datetime, limit: int) -> int:
        due = await self.due(Term.RETENTION, now, limit)
        for job in due:
            await self.bury(job, Tombstone.of(job, "expired", job.expires_at or now))
        return len(due)

    async def forget(self, before: datetime, limit: int) -> int:
        old = list(islice((tombstone for tombstone in self._tombstones.values() if tombstone.at < before), limit))
        for tombstone in old:
            del self._tombstones[tombstone.id], self._ids[tombstone.number]
        return len(old)

    async def forgettable(self, before: datetime) -> int:
        return sum(tombstone.at < before for tombstone in self._tombstones.values())

    def changes(self) -> AsyncGenerator[frozenset[str] | None]:
        return self._feed.changes()

    async def scan(self, above: int, limit: int) -> Sequence[Kept]:
        found = islice((id for number, id in self._ids.items() if number > above), limit)
        return [self._kept(id) for id in found]

    async def restore(self, above: int, upto: int, kept: Sequence[Kept]) -> None:
        self._clear({number for number in self._ids if above < number <= upto}, [each.record for each in kept])
        for each in kept:
            self._restore(each)
            self._feed.tell(each.record.id)
        self._ids = dict(sorted(self._ids.items()))

    async def lead(self, role: str, holder: str, seconds: float) -> bool:
        now = self._clock()
        leader, until = self._roles.get(role, (holder, now))
        if leader != holder and now < until:
            return False
        self._roles[role] = holder, now + seconds
        return True

    async def time(self) -> datetime | None:
        return None

    async def note(self, key: str) -> bytes | None:
        return self._notes[key][0] if key in self._notes else None

    async def swap(self, key: str, was: bytes | None, to: bytes, until: datetime) -> bool:
        if await self.note(key) != was:
            return False
        self._notes[key] = to, until
        return True

    async def drop_notes(self, before: datetime, limit: int) -> int:
        old = list(islice((key for key, (_, until) in self._notes.items() if until < before), limit))
        for key in old:
            del self._notes[key]
        return len(old)

    async def add_credential(self, credential: Credential) -> None:
        if credential.digest in self._credentials or self._credential(credential.id):
            raise DuplicateId(credential.id)
        self._credentials[credential.digest] = credential

    async def find_credential(self, digest: bytes) -> Credential | None:
        return self._credentials.get(digest)

    async def credentials(self) -> Sequence[Credential]:
        return sorted(self._credentials.values(), key=lambda held: (held.created_at, held.id))

    async def revoke_credential(self, id: str, at: datetime) -> Credential | None:
        held = self._credential(id)
        if held is None or (held.revoked_at is not None and held.revoked_at <= at):
            return held
        revoked = replace(held, revoked_at=at)
        self._credentials[held.digest] = revoked
        return revoked

    async def aclose(self) -> None:
        """Keep everything: there is nothing to let go of but those who listen."""
        self._feed.close()

    def _put(self, job: Job) -> None:
        before = self._jobs.get(job.id)
        if before is not None and before.work is not None:
            del self._works[before.work]
        if job.work is not None:
            self._works[job.work] = job.id
        self._jobs[job.id] = job

    def _drop(self, job: Job) -> None:
        self._works.pop(job.work or "", None)
        del self._jobs[job.id], self._events[job.id]

    def _kept(self, id: str) -> Kept:
        job = self._jobs.get(id)
        return Kept(self._tombstones[id]) if job is None else Kept(job, tuple(self._events[id]))

    def _clear(self, numbers: set[int], records: Iterable[Job | Tombstone]) -> None:
        """Make room for records: at these numbers, and where their ids and their work are."""
        for record in records:
            found = self._jobs.get(record.id) or self._tombstones.get(record.id)
            if found is not None:
                numbers.add(found.number)
            holder = self._works.get(record.work or "") if isinstance(record, Job) else None
            if holder is not None:
                self._put(replace(self._jobs[holder], work=None))
        for number in numbers:
            id = self._ids.pop(number)
            if self._tombstones.pop(id, None) is None:
                self._drop(self._jobs[id])

    def _restore(self, kept: Kept) -> None:
        record = kept.record
        self._ids[record.number] = record.id
        self._last_number = max(self._last_number, record.number)
        if isinstance(record, Tombstone):
            self._tombstones[record.id] = record
        else:
            self._put(record)
            self._events[record.id] = list(kept.events)

    def _credential(self, id: str) -> Credential | None:
        return next((held for held in self._credentials.values() if held.id == id), None)

    def _expect(self, id: str, version: int) -> None:
        job = self._jobs.get(id)
        if job is None or job.version != version:
            raise VersionMismatch(id, version)


def _change(job: Job) -> tuple[datetime, int]:
    """Tell where a job stands among those that have changed."""
    return job.updated_at, job.number


_PLACES: Mapping[Term, Callable[[Job], tuple[datetime | None, int]]] = {
    Term.LEASE: lambda job: (job.lease_until, job.number),
    Term.RETENTION: lambda job: (job.expires_at, job.number),
}
"""Where a job stands among those that are overdue."""


async def open_memory(url: str, limits: Limits) -> MemoryStore:
    """Make a store. All there is of its URL is the scheme."""
    return MemoryStore()
