"""A store that lives and dies with its process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from jobstatus.credential import Credential
from jobstatus.errors import DuplicateId, DuplicateWork, VersionMismatch
from jobstatus.job import Event, Job, Tombstone

from .base import JobQuery, Term


class MemoryStore:
    """Records in dictionaries. No method gives way to another before it is done, so each is atomic."""

    def __init__(self) -> None:
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
        return numbered

    async def get(self, key: str | int) -> Job | Tombstone | None:
        id = self._ids.get(key) if isinstance(key, int) else key
        return None if id is None else self._jobs.get(id) or self._tombstones.get(id)

    async def replace(self, job: Job, event: Event) -> None:
        self._expect(job.id, job.version - 1)
        self._put(job)
        self._events[job.id].append(event)

    async def bury(self, job: Job, tombstone: Tombstone) -> None:
        self._expect(job.id, job.version)
        self._works.pop(job.work or "", None)
        del self._jobs[job.id], self._events[job.id]
        self._tombstones[job.id] = tombstone

    async def list(self, query: JobQuery) -> Sequence[Job]:
        newest_first = reversed(self._jobs.values())
        return list(islice((job for job in newest_first if _fits(job, query)), query.limit))

    async def events(self, id: str) -> Sequence[Event]:
        return tuple(self._events.get(id, ()))

    async def due(self, term: Term, now: datetime, limit: int) -> Sequence[Job]:
        if term is Term.LEASE:
            lapsed = [(job.lease_until, job) for job in self._jobs.values() if job.lapsed(now)]
            return _longest_overdue(lapsed, limit)
        return _longest_overdue([(job.expires_at, job) for job in self._jobs.values() if job.expired(now)], limit)

    async def forget(self, before: datetime, limit: int) -> int:
        old = list(islice((tombstone for tombstone in self._tombstones.values() if tombstone.at < before), limit))
        for tombstone in old:
            del self._tombstones[tombstone.id], self._ids[tombstone.number]
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
        """Keep everything: there is nothing to let go of."""

    def _put(self, job: Job) -> None:
        before = self._jobs.get(job.id)
        if before is not None and before.work is not None:
            del self._works[before.work]
        if job.work is not None:
            self._works[job.work] = job.id
        self._jobs[job.id] = job

    def _credential(self, id: str) -> Credential | None:
        return next((held for held in self._credentials.values() if held.id == id), None)

    def _expect(self, id: str, version: int) -> None:
        job = self._jobs.get(id)
        if job is None or job.version != version:
            raise VersionMismatch(id, version)


def _longest_overdue(due: Sequence[tuple[datetime | None, Job]], limit: int) -> Sequence[Job]:
    return [job for _, job in sorted(due, key=lambda pair: (pair[0], pair[1].number))[:limit]]


def _fits(job: Job, query: JobQuery) -> bool:
    return (
        not job.expired(query.alive_at)
        and query.tenant in (None, job.tenant)
        and (not query.statuses or job.status in query.statuses)
        and query.type in (None, job.type)
        and (query.created_from is None or job.created_at >= query.created_from)
        and (query.created_before is None or job.created_at < query.created_before)
        and (query.below_number is None or job.number < query.below_number)
    )
