"""All that one store keeps, counted and summed up."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from jobstatus.job import Job
from jobstatus.storage import JobStore, Kept, Store

from .canon import canonical
from .progress import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """How much a store keeps, and the SHA-256 of all of it."""

    jobs: int
    events: int
    tombstones: int
    credentials: int
    sha256: str
    """Over a line of canonical JSON for each record by its number, then for each credential by its id."""


async def take_inventory(store: Store, page: int, tally: Tally | None = None) -> Inventory:
    """Read all that a store keeps."""
    sum_of_all = sha256()
    jobs = events = tombstones = 0
    async for kept in _pages(store, page):
        found = sum(isinstance(each.record, Job) for each in kept)
        jobs, tombstones = jobs + found, tombstones + len(kept) - found
        events += sum(len(each.events) for each in kept)
        sum_of_all.update(b"".join(map(canonical, kept)))
        if tally is not None:
            tally.count(len(kept), upto=kept[-1].record.number)
    credentials = sorted(await store.credentials(), key=lambda credential: credential.id)
    sum_of_all.update(b"".join(map(canonical, credentials)))
    return Inventory(
        jobs=jobs,
        events=events,
        tombstones=tombstones,
        credentials=len(credentials),
        sha256=sum_of_all.hexdigest(),
    )


async def _pages(store: JobStore, page: int) -> AsyncGenerator[Sequence[Kept]]:
    above = 0
    while kept := await store.scan(above, page):
        yield kept
        above = kept[-1].record.number
