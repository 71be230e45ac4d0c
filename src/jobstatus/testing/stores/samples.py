"""Records to try a store with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings

from jobstatus.credential import Credential
from jobstatus.ids import new_id
from jobstatus.job import Event, Job, Status, Tombstone
from jobstatus.storage import Store

NOW = datetime(2031, 3, 4, 5, 6, 7, 250_000, tzinfo=UTC)
SECOND = timedelta(seconds=1)

shared_store = settings(
    deadline=None,
    max_examples=60,
    # One store serves all examples, and classes of several back ends run the same test: both as intended.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
"""Settings for properties whose every example uses ids and tenants of its own."""


def a_job(**fields: Any) -> Job:
    """Make a pending job that differs from all others."""
    usual: dict[str, Any] = {"id": new_id(), "tenant": "t", "owner": "o", "type": "x"}
    return Job(**usual | {"created_at": NOW, "updated_at": NOW} | fields)


async def put(store: Store, job: Job | None = None, **fields: Any) -> Job:
    """Write a new job."""
    job = job or a_job(**fields)
    return await store.create(job, Event.of(job, "producer"))


def next_version(job: Job, **changes: Any) -> Job:
    """Make the version after *job*, a second later."""
    return replace(job, version=job.version + 1, updated_at=job.updated_at + SECOND, **changes)


async def change(store: Store, job: Job, **changes: Any) -> Job:
    """Write the next version of *job*."""
    changed = next_version(job, **changes)
    await store.replace(changed, Event.of(changed, "worker"))
    return changed


async def end(store: Store, job: Job) -> Job:
    """Write that *job* has ended."""
    return await change(store, job, status=Status.SUCCEEDED, ended_at=NOW, expires_at=NOW + SECOND)


def tombstone_of(job: Job, at: datetime = NOW) -> Tombstone:
    """Make what is to be left of *job*."""
    return Tombstone(id=job.id, number=job.number, tenant=job.tenant, reason="deleted", at=at)


async def bury(store: Store, job: Job, at: datetime = NOW) -> Tombstone:
    """Put a tombstone in place of *job*."""
    tombstone = tombstone_of(job, at)
    await store.bury(job, tombstone)
    return tombstone


def a_credential(**fields: Any) -> Credential:
    """Make a credential that differs from all others."""
    id = new_id()
    usual: dict[str, Any] = {"id": id, "name": "n", "tenant": "t", "digest": id.encode(), "created_at": NOW}
    return Credential(**usual | fields)
