"""The changes that a job's life allows: pure and total.

Each function takes the job as it stands and gives the job as it is to stand, one version later, or raises
`TransitionRefused` with the reason. The job given is returned as it is where there is nothing to change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jobstatus.errors import TransitionRefused
from jobstatus.job import NEXT, Failure, FailureKind, Job, Report, Status

UNEXPLAINED = "The job failed and its worker gave no reason."
LOST = "The worker stopped reporting before its job had ended."


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things are kept."""

    records: timedelta = timedelta(days=7)
    """How long after its end a job can be read, where nothing below tells of it."""
    types: Mapping[str, timedelta] = field(default_factory=dict)
    """The same for the jobs of some types."""
    tenants: Mapping[str, timedelta] = field(default_factory=dict)
    """The same for the jobs of some tenants, where their types have nothing of their own."""
    tombstones: timedelta = timedelta(days=90)
    """How long after that a job is still known to have been there."""

    def of(self, job: Job) -> timedelta:
        """Tell how long after its end a job can be read if nobody has named a time for it."""
        return self.types.get(job.type, self.tenants.get(job.tenant, self.records))


def report(job: Job, said: Report, *, now: datetime, retention: Retention) -> Job:
    """Apply what a worker says of its job."""
    status = said.status or job.status
    _allow(job, status)
    if said.result is not None and status is not Status.SUCCEEDED:
        raise TransitionRefused(f"a result belongs to a job that succeeded, and this one is {status}")
    if said.error is not None and status is not Status.FAILED:
        raise TransitionRefused(f"an error belongs to a job that failed, and this one is {status}")
    changed = replace(
        job,
        progress=job.progress if said.progress is None else said.progress,
        message=job.message if said.message is None else said.message,
        eta=said.eta or job.eta,
        expires_at=said.expires_at or job.expires_at,
        result=said.result,
        error=said.error,
        lease_until=max(now, job.updated_at) + said.lease if said.lease else job.lease_until,
    )
    return _enter(changed, status, now=now, retention=retention)


def cancel(job: Job, *, now: datetime, retention: Retention) -> Job:
    """Ask a job to stop: a waiting job is cancelled at once, a running one when its worker obeys."""
    if job.status is Status.CANCELLING:
        return job
    status = Status.CANCELLED if job.status is Status.PENDING else Status.CANCELLING
    _allow(job, status)
    return _enter(job, status, now=now, retention=retention)


def lose(job: Job, *, now: datetime, retention: Retention) -> Job:
    """End a job whose worker broke its promise to report again."""
    _allow(job, Status.FAILED)
    lost = replace(job, error=Failure(kind=FailureKind.LOST, message=LOST))
    return _enter(lost, Status.FAILED, now=now, retention=retention)


def _allow(job: Job, status: Status) -> None:
    if job.terminal:
        raise TransitionRefused(f"the job has ended: it is {job.status}, and that does not change")
    if status not in NEXT[job.status]:
        raise TransitionRefused(f"a job that is {job.status} cannot become {status}")


def _enter(job: Job, status: Status, *, now: datetime, retention: Retention) -> Job:
    """Move to *status*, or stay in it, and keep the invariants of the record.

    Time never runs backwards within one job, whatever the clock does.
    """
    at = max(now, job.updated_at)
    started = job.started_at if status is Status.PENDING else job.started_at or at
    moved = replace(job, status=status, version=job.version + 1, updated_at=at, started_at=started)
    return _end(moved, retention) if status.terminal else moved


def _end(job: Job, retention: Retention) -> Job:
    done = job.status is Status.SUCCEEDED
    error = job.error or Failure(kind=FailureKind.SYSTEM, message=job.message or UNEXPLAINED)
    return replace(
        job,
        progress=100.0 if done else job.progress,
        error=error if job.status is Status.FAILED else None,
        ended_at=job.updated_at,
        expires_at=job.expires_at or job.updated_at + retention.of(job),
        lease_until=None,
        work=None,
    )
