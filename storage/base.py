"""What a back end must do: the whole contract of storage.

A back end is any object with these methods; it needs to inherit nothing. It keeps records and knows neither the rules
of a job's life nor the time: whoever calls it decides what is written and when something has expired.

Durability: when a writing method returns, what it wrote survives the death of the process.
Errors: a back end that cannot reach its data raises `StoreUnavailable`, whatever its driver raised, and does so in the
time that its limits set. A write that failed so may have been made, wholly, or not at all.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from jobstatus.credential import Credential
from jobstatus.job import Event, Job, Status, Tombstone


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a back end may take, and how much it may have before it."""

    seconds: float = 5.0
    """After which a call that has not been answered fails."""
    queue: int = 1000
    """Calls that are under way or wait at the most; one more is refused at once, with `StoreBusy`."""


class Term(StrEnum):
    """A time that is set for a job, and can run out."""

    LEASE = "lease"
    """`lease_until` of a job that has not ended."""
    RETENTION = "retention"
    """`expires_at`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQuery:
    """Which jobs a list is to hold. What is left out does not filter."""

    alive_at: datetime
    """Jobs whose `expires_at` is at or before this are left out."""
    tenant: str | None = None
    statuses: frozenset[Status] = frozenset()
    type: str | None = None
    created_from: datetime | None = None
    """The earliest `created_at`, inclusive."""
    created_before: datetime | None = None
    """The end of the span of `created_at`, exclusive."""
    below_number: int | None = None
    """Only jobs with a smaller number: how the next page is asked for."""
    limit: int = 50

    def fits(self, job: Job) -> bool:
        """Tell whether a job belongs in the list, for back ends that look for themselves."""
        return (
            not job.expired(self.alive_at)
            and self.tenant in (None, job.tenant)
            and (not self.statuses or job.status in self.statuses)
            and self.type in (None, job.type)
            and (self.created_from is None or job.created_at >= self.created_from)
            and (self.created_before is None or job.created_at < self.created_before)
            and (self.below_number is None or job.number < self.below_number)
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is kept under one number: a job with its timeline, or a tombstone, which has none."""

    record: Job | Tombstone
    events: tuple[Event, ...] = ()


def last_left_out(since: datetime, after: Job | None) -> tuple[datetime, int]:
    """Tell up to which time and number a page of changed jobs leaves out, for back ends that look for themselves."""
    start = since, 0  # numbers begin at 1
    return start if after is None else max(start, (after.updated_at, after.number))


class JobStore(Protocol):
    """The records of jobs, their timelines and their tombstones."""

    async def create(self, job: Job, event: Event) -> Job:
        """Write a new job with the first event of its timeline, and give it back with its number.

        Numbers grow with each creation, start at 1 and are never used twice.

        Raises:
            DuplicateId: a job or a tombstone has this id already; nothing is written.
            DuplicateWork: another job has the same `work`, which is not None; nothing is written.
        """

    async def get(self, key: str | int) -> Job | Tombstone | None:
        """Read by id (text) or number (integer): the job, what is left of it, or nothing.

        A read sees every write that had returned before the read began.
        """

    async def replace(self, job: Job, event: Event) -> None:
        """Write *job* over the version before it, with one event, in one transaction.

        Raises:
            VersionMismatch: the record is not at `job.version - 1`, or not there at all; nothing is written.
        """

    async def bury(self, job: Job, tombstone: Tombstone) -> None:
        """Put *tombstone* in place of *job* and its timeline, in one transaction.

        Raises:
            VersionMismatch: the record is not at `job.version`, or not there at all; nothing is written.
        """

    async def list(self, query: JobQuery) -> Sequence[Job]:
        """Read the jobs that fit, the newest number first, `query.limit` at the most."""

    async def events(self, id: str) -> Sequence[Event]:
        """Read a job's timeline, oldest first; empty where there is no such job."""

    async def due(self, term: Term, now: datetime, limit: int, after: Job | None = None) -> Sequence[Job]:
        """Read jobs whose *term* has run out at *now*, *limit* at the most.

        The longest overdue comes first; of those that are overdue equally long, the smaller number. *after* is the last
        job of the page before: those up to it are left out.
        """

    async def changed(self, tenant: str, since: datetime, limit: int, after: Job | None = None) -> Sequence[Job]:
        """Read the jobs of a tenant whose `updated_at` is *since* or later, expired ones included, *limit* at the most.

        The earliest change comes first; of those made at the same time, that of the smaller number. *after* is the last
        job of the page before: those up to it are left out. Records of releases that knew nothing of this may be
        missing until they change.
        """

    async def expire(self, now: datetime, limit: int) -> int:
        """Put tombstones in place of jobs whose `expires_at` is *now* or earlier, the longest overdue first.

        *limit* at the most; tell how many. The tombstones say `expired`, and that time. A job that is being changed
        meanwhile may be left out.
        """

    async def forget(self, before: datetime, limit: int) -> int:
        """Drop tombstones set before that time, *limit* at the most; tell how many. Their ids stay unknown after."""

    async def forgettable(self, before: datetime) -> int:
        """Tell how many tombstones were set before that time."""

    def changes(self) -> AsyncGenerator[frozenset[str] | None]:
        """Tell of what is written, by whatever process: the ids of the jobs that were created, replaced or buried.

        None stands for all jobs. It comes first, once all later writes will be told of, and again whenever some may
        have been missed, as when a connection was lost. So whoever reads after it misses nothing. A write that has
        returned has been told of, or will be at once. What is told of may be told of twice, or together. While the
        store cannot be reached nothing is told; the feed ends when the store is closed.
        """

    async def scan(self, above: int, limit: int) -> Sequence[Kept]:
        """Read what is kept under numbers above that one, the smallest first, *limit* at the most: jobs, expired or
        not, and tombstones.
        """

    async def restore(self, above: int, upto: int, kept: Sequence[Kept]) -> None:
        """Make the numbers above *above* up to *upto* hold just what is *kept*, whose numbers lie among these.

        What else has their ids, or their work, gives way. Numbers given later are greater than all of *kept*. When this
        fails, a part may have been made; done again, it leads to the same.
        """

    async def aclose(self) -> None:
        """Let go of everything that the store opened. Twice is as good as once."""


class CredentialStore(Protocol):
    """The credentials, by the SHA-256 of their token, name or access key."""

    async def add_credential(self, credential: Credential) -> None:
        """Keep a new credential. Its id and digest are unique: a second one with either raises `DuplicateId`."""

    async def find_credential(self, digest: bytes) -> Credential | None:
        """Read the credential with this digest, revoked and expired ones included."""

    async def credentials(self) -> Sequence[Credential]:
        """Read all credentials, oldest first."""

    async def revoke_credential(self, id: str, at: datetime) -> Credential | None:
        """Mark a credential revoked, keeping an earlier time of revocation; give it back, or nothing if unknown."""


class Coordinator(Protocol):
    """What servers that share a store need to agree."""

    async def lead(self, role: str, holder: str, seconds: float) -> bool:
        """Take or keep a role for so many seconds from now; false while another holder has it.

        It is a courtesy, by which work is not done twice, and nothing that is right may rest on it.
        """

    async def time(self) -> datetime | None:
        """Tell the time that all who share the store go by; nothing where that is the machine's own."""

    async def note(self, key: str) -> bytes | None:
        """Read what is noted under a key: up to 300 characters that UTF-8 can write, but for NUL.

        Notes are small values that servers share, and nothing that is right may rest on them.
        """

    async def swap(self, key: str, was: bytes | None, to: bytes, until: datetime) -> bool:
        """Note *to* under a key if *was* is noted there, or nothing where that is None; false if it is another.

        Of those who swap the same at once one does. A value has 64 kB at the most; it is kept until that time, by the
        clock that `time` tells, and may be dropped from then on.
        """

    async def drop_notes(self, before: datetime, limit: int) -> int:
        """Drop notes that were to be kept until a time before that one, *limit* at the most; tell how many.

        A back end that lets them expire by itself tells 0.
        """


class Store(JobStore, CredentialStore, Coordinator, Protocol):
    """All that a server keeps."""
