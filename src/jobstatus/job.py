"""The record of one job, its states and which may follow which: pure, no I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any


class Status(StrEnum):
    """Where a job stands; the last three end it."""

    PENDING = "pending"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @cached_property
    def terminal(self) -> bool:
        """Tell whether a job in this state can never change again."""
        return not NEXT[self]


NEXT: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset(Status),
    Status.RUNNING: frozenset(Status) - {Status.PENDING},
    Status.CANCELLING: frozenset(Status) - {Status.PENDING, Status.RUNNING},
    Status.SUCCEEDED: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
}
"""The states that may follow each state. A state follows itself where a report may add to it."""


class FailureKind(StrEnum):
    """Whose fault a failure is."""

    USER = "user"
    SYSTEM = "system"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a job failed."""

    kind: FailureKind
    message: str
    code: str | None = None
    type: str | None = None
    http_status: int | None = None
    invalid: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Something that a finished job produced."""

    entity: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a job that succeeded leaves behind."""

    links: tuple[Link, ...] = ()
    response_data: Mapping[str, Any] | str | None = None
    entities: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job, as it stands at one version.

    Times are UTC with microseconds. `number` is 0 until the store has given one. No two unfinished jobs have the same
    `work`: it names what a job does where doing it twice at a time would be wrong.
    """

    id: str
    tenant: str
    owner: str
    type: str
    created_at: datetime
    updated_at: datetime
    number: int = 0
    status: Status = Status.PENDING
    progress: float | None = None
    message: str | None = None
    eta: datetime | None = None
    result: Result | None = None
    error: Failure | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None
    lease_until: datetime | None = None
    work: str | None = None
    version: int = 1

    @property
    def terminal(self) -> bool:
        """Tell whether the job has ended."""
        return self.status.terminal

    @property
    def expected_end(self) -> datetime | None:
        """When the job ends or ended: the producer's estimate, or one drawn from its progress."""
        if self.terminal or self.eta is not None:
            return self.ended_at or self.eta
        if self.started_at is None or not self.progress:
            return None
        spent = self.updated_at - self.started_at
        if not spent:
            return None
        try:
            return self.started_at + spent * (100 / self.progress)
        except OverflowError:
            return None

    def lapsed(self, now: datetime) -> bool:
        """Tell whether the worker has broken its promise to report again."""
        return self.lease_until is not None and self.lease_until <= now and not self.terminal

    def expired(self, now: datetime) -> bool:
        """Tell whether the record has outlived its retention."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of a job's timeline: the change that made one version."""

    version: int
    at: datetime
    status: Status
    progress: float | None = None
    message: str | None = None
    actor: str

    @classmethod
    def of(cls, job: Job, actor: str) -> Event:
        """Note the change that led to *job* as it now stands."""
        return cls(
            version=job.version,
            at=job.updated_at,
            status=job.status,
            progress=job.progress,
            message=job.message,
            actor=actor,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """What is left of a job that expired or was deleted."""

    id: str
    number: int
    tenant: str
    reason: str
    at: datetime

    @classmethod
    def of(cls, job: Job, reason: str, at: datetime) -> Tombstone:
        """Make what is left of *job*."""
        return cls(id=job.id, number=job.number, tenant=job.tenant, reason=reason, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a worker says of its job; what it leaves out stays as it is."""

    status: Status | None = None
    progress: float | None = None
    message: str | None = None
    eta: datetime | None = None
    result: Result | None = None
    error: Failure | None = None
    lease: timedelta | None = None
    expires_at: datetime | None = None
