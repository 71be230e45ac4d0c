"""A process that reports on a job again and again: `python reporter.py URL ID VERSIONS`."""

from __future__ import annotations

import asyncio
import sys

from jobstatus.errors import StoreUnavailable, VersionMismatch
from jobstatus.job import Event, Job, Status
from jobstatus.storage import Store, open_store
from jobstatus.testing.stores.samples import next_version

GAP = 0.002
"""Seconds between two reports."""


async def report(url: str, id: str, versions: int) -> None:
    """Bring a job to so many versions, of which the last one ends it."""
    store = await open_store(url)
    try:
        while (job := await read(store, id)).version < versions:
            await write(store, job, Status.SUCCEEDED if job.version == versions - 1 else Status.RUNNING)
            await asyncio.sleep(GAP)
    finally:
        await store.aclose()


async def read(store: Store, id: str) -> Job:
    """Read the job, however often it takes."""
    while True:
        try:
            found = await store.get(id)
        except StoreUnavailable:
            await asyncio.sleep(GAP)
            continue
        assert isinstance(found, Job)
        return found


async def write(store: Store, job: Job, status: Status) -> None:
    """Write the next version. One that was refused may have landed all the same; the next reading tells."""
    changed = next_version(job, status=status)
    try:
        await store.replace(changed, Event.of(changed, "reporter"))
    except (StoreUnavailable, VersionMismatch):
        await asyncio.sleep(GAP)


if __name__ == "__main__":
    asyncio.run(report(sys.argv[1], sys.argv[2], int(sys.argv[3])))
