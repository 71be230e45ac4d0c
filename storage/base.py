"""What a back end must do: the whole contract of storage.

A back end is any object with these methods; it needs to inherit nothing. It keeps records and knows neither the rules
of a job's life nor the time: whoever calls it decides what is written and when something has expired.

Durability: when a writing method returns, what it wrote survives the death of the process.
Errors: a back end that cannot reach its data raises `StoreUnavailable`, whatever its driver raised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from jobstatus.credential import Credential
from jobstatus.job import Event, Job, Status, Tombstone


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

    async def due(self, term: Term, now: datetime, limit: int) -> Sequence[Job]:
        """Read jobs whose *term* has run out at *now*, the longest overdue first, *limit* at the most."""

    async def forget(self, before: datetime, limit: int) -> int:
        """Drop tombstones set before that time, *limit* at the most; tell how many. Their ids stay unknown after."""

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


class Store(JobStore, CredentialStore, Protocol):
    """All that a server keeps."""
