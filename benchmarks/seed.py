"""The store that every peer reads: jobs in every state, and credentials that may read them or may not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert

from jobstatus import life
from jobstatus.clock import utc_now
from jobstatus.credential import Credential
from jobstatus.ids import new_id
from jobstatus.job import Failure, FailureKind, Job, Link, Report, Result, Status
from jobstatus.life import Retention
from jobstatus.security.tokens import digest, new_token
from jobstatus.storage import Store, open_store
from jobstatus.storage.tables import jobs as table

TENANT = "ac234de25c6741d2b1273da49eea1b9e"
OTHER_TENANT = "0f3c1b2a4d5e46f78190a1b2c3d4e5f6"
READ = frozenset({"job:read"})
WRITE = frozenset({"job:write"})
HOUR = timedelta(hours=1)

_RUNNING = Report(status=Status.RUNNING, progress=42.5, message="Packing the archive", lease=timedelta(days=1))
_DONE = Report(
    status=Status.SUCCEEDED,
    message="The archive is ready",
    result=Result(links=(Link(entity="archive", href="/archives/7c3da506"),), response_data={"bytes": 1048576}),
)
_FAILED = Report(
    status=Status.FAILED,
    error=Failure(kind=FailureKind.USER, message="The period has no start.", code="invalid", http_status=422),
)
LIVES: tuple[tuple[Report, ...], ...] = ((_RUNNING,), (_RUNNING, _DONE), (), (_RUNNING,), (_RUNNING, _DONE), (_FAILED,))
"""What workers said of jobs, by turns: most are polled while they run or once they have succeeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What is in the store, and how to ask for it."""

    url: str
    jobs: tuple[Job, ...]
    token: str
    """May read all of the jobs."""
    writer: str
    """May not read, only write."""
    stranger: str
    """May read another tenant's jobs alone."""

    @property
    def paths(self) -> list[str]:
        """Where each job is polled."""
        return [f"/jobs/{job.id}" for job in self.jobs]


async def seed(folder: Path, count: int) -> Seeded:
    """Make a store with that many jobs in a folder."""
    file = folder / "jobs.db"
    url = f"sqlite:///{file}"
    jobs = tuple(_jobs(count, utc_now()))
    store = await open_store(url)
    try:
        _keep(file, jobs)
        return Seeded(
            url=url,
            jobs=jobs,
            token=await _token(store, TENANT, READ),
            writer=await _token(store, TENANT, WRITE),
            stranger=await _token(store, OTHER_TENANT, READ),
        )
    finally:
        await store.aclose()


def _jobs(count: int, now: datetime) -> Iterator[Job]:
    owner = new_id()
    retention = Retention().records
    for number in range(1, count + 1):
        at = now - HOUR + timedelta(milliseconds=number)
        job = Job(id=new_id(), number=number, tenant=TENANT, owner=owner, type="export", created_at=at, updated_at=at)
        for turn, said in enumerate(LIVES[number % len(LIVES)], 1):
            job = life.report(job, said, now=at + turn * timedelta(seconds=61.25), retention=retention)
        yield job


def _keep(file: Path, jobs: tuple[Job, ...]) -> None:
    """Write all jobs in one transaction: one by one, each would wait for the disk."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(insert(table), [_row(job) for job in jobs])
    engine.dispose()


def _row(job: Job) -> dict[str, Any]:
    return {field.name: getattr(job, field.name) for field in fields(job)}


async def _token(store: Store, tenant: str, permissions: frozenset[str]) -> str:
    token = new_token()
    credential = Credential(
        id=new_id(),
        name="benchmark",
        tenant=tenant,
        digest=digest(token),
        created_at=utc_now(),
        permissions=permissions,
    )
    await store.add_credential(credential)
    return token
