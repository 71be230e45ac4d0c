"""The store that every peer reads: jobs in every state, and credentials that may read them or may not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from jobstatus import life
from jobstatus.clock import utc_now
from jobstatus.credential import Credential
from jobstatus.ids import new_id
from jobstatus.job import Event, Failure, FailureKind, Job, Link, Report, Result, Status
from jobstatus.life import Retention
from jobstatus.security.tokens import digest, new_token
from jobstatus.storage import Kept, Store, open_store

TENANT = "ac234de25c6741d2b1273da49eea1b9e"
OTHER_TENANT = "0f3c1b2a4d5e46f78190a1b2c3d4e5f6"
READ = frozenset({"job:read"})
WRITE = frozenset({"job:write"})
HOUR = timedelta(hours=1)
TURN = timedelta(seconds=61.25)
"""What lies between two reports on a job."""
RETENTION = Retention()
PAGE = 100
"""Jobs that are written together."""
WRITERS = 64
"""Pages that are written at once."""

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

    @property
    def unfinished(self) -> list[Job]:
        """The jobs that can be reported on."""
        return [job for job in self.jobs if not job.terminal]


async def seed(url: str, count: int) -> Seeded:
    """Write that many jobs, with their timelines, to a store that is empty."""
    kept = list(_lives(count, utc_now()))
    store = await open_store(url)
    try:
        await _keep(store, kept)
        return await with_tokens(store, url, tuple(job for job, _ in kept))
    finally:
        await store.aclose()


async def with_tokens(store: Store, url: str, jobs: tuple[Job, ...]) -> Seeded:
    """Add credentials to a store that holds these jobs."""
    return Seeded(
        url=url,
        jobs=jobs,
        token=await _token(store, TENANT, READ),
        writer=await _token(store, TENANT, WRITE),
        stranger=await _token(store, OTHER_TENANT, READ),
    )


def in_file(folder: Path) -> str:
    """Give the URL of a store in a file of a folder."""
    return f"sqlite:///{folder / 'jobs.db'}"


def _lives(count: int, now: datetime) -> Iterator[tuple[Job, tuple[Event, ...]]]:
    owner = new_id()
    for number in range(1, count + 1):
        at = now - HOUR + timedelta(milliseconds=number)
        job = Job(id=new_id(), number=number, tenant=TENANT, owner=owner, type="export", created_at=at, updated_at=at)
        yield _lived(job, LIVES[number % len(LIVES)])


def _lived(job: Job, reports: tuple[Report, ...]) -> tuple[Job, tuple[Event, ...]]:
    """Give what reports make of a job, and its timeline."""
    began, timeline = job.created_at, [Event.of(job, job.owner)]
    for turn, said in enumerate(reports, 1):
        job = life.report(job, said, now=began + turn * TURN, retention=RETENTION)
        timeline.append(Event.of(job, job.owner))
    return job, tuple(timeline)


async def _keep(store: Store, kept: Sequence[tuple[Job, tuple[Event, ...]]]) -> None:
    """Write pages, several at once: one job after the other, each would wait for the disk."""
    starts = iter(range(0, len(kept), PAGE))
    await asyncio.gather(*(_keep_pages(store, kept, starts) for _ in range(WRITERS)))


async def _keep_pages(store: Store, kept: Sequence[tuple[Job, tuple[Event, ...]]], starts: Iterator[int]) -> None:
    for start in starts:
        page = [Kept(job, events) for job, events in kept[start : start + PAGE]]
        await store.restore(start, start + len(page), page)


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
