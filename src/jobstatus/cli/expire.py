"""`jobstatus expire`: what a server clears away by itself, cleared away now or counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from jobstatus.clock import utc_now
from jobstatus.errors import ConfigurationError
from jobstatus.settings import Settings
from jobstatus.storage import Limits, Term, opened
from jobstatus.storage import Store as OpenStore

from . import output
from .options import STORE, AsJson, Store

EXAMPLE = "Example: jobstatus expire --dry-run --store sqlite:///jobs.db"

Tell = Callable[[str], None]


@dataclass(slots=True)
class Cleared:
    """How much was cleared away, or would be."""

    expired: int = 0
    """Jobs in whose place a tombstone is."""
    forgotten: int = 0
    """Tombstones that are gone, those of jobs that expired long ago among them."""
    jobs: Counter[tuple[str, str]] = field(default_factory=Counter)
    """The jobs by tenant and type, where they were counted alone."""


Work = Callable[[OpenStore, datetime, timedelta, int, Tell], Awaitable[Cleared]]
"""Goes by the time, and how long tombstones are kept, and takes so many records at once."""


def expire(
    store: Store = STORE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing, and tell what would be removed.")] = False,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="How many records at a time.")] = 500,
    as_json: AsJson = False,
) -> None:
    """Remove expired jobs, and old tombstones, at once. A server that runs does so by itself, from time to time."""
    if store.startswith("memory:"):
        raise ConfigurationError("memory:// lives in its server alone; this needs a store such as sqlite:///FILE")
    settings = Settings.read()
    with _progress(as_json) as tell:
        cleared = asyncio.run(_in_store(store, settings, _count if dry_run else _remove, batch, tell))
    if as_json:
        output.print_json(_view(cleared, dry_run))
    else:
        _show(cleared, dry_run)


@contextmanager
def _progress(as_json: bool) -> Iterator[Tell]:
    """Show on a terminal how far it is, for people."""
    if as_json:
        yield lambda said: None
    else:
        with output.console().status("") as line:
            yield line.update


async def _in_store(url: str, settings: Settings, work: Work, batch: int, tell: Tell) -> Cleared:
    async with opened(url, Limits(seconds=settings.store_seconds, queue=settings.store_queue)) as store:
        now = await store.time() or utc_now()
        return await work(store, now, settings.retention.tombstones, batch, tell)


async def _remove(store: OpenStore, now: datetime, keep: timedelta, batch: int, tell: Tell) -> Cleared:
    done = Cleared()
    while removed := await store.expire(now, batch):
        done.expired += removed
        tell(f"{done.expired} jobs removed")
    while dropped := await store.forget(now - keep, batch):
        done.forgotten += dropped
        tell(f"{done.expired} jobs removed, {done.forgotten} tombstones dropped")
    return done


async def _count(store: OpenStore, now: datetime, keep: timedelta, batch: int, tell: Tell) -> Cleared:
    found = Cleared(forgotten=await store.forgettable(now - keep))
    last = None
    while page := await store.due(Term.RETENTION, now, batch, last):
        last = page[-1]
        found.expired += len(page)
        found.forgotten += sum(job.expires_at < now - keep for job in page if job.expires_at)
        found.jobs.update((job.tenant, job.type) for job in page)
        tell(f"{found.expired} jobs found")
    return found


def _view(cleared: Cleared, dry_run: bool) -> dict[str, Any]:
    view: dict[str, Any] = {"dry_run": dry_run, "expired": cleared.expired, "forgotten": cleared.forgotten}
    if dry_run:
        view["jobs"] = [
            {"tenant": tenant, "type": type, "count": count} for (tenant, type), count in sorted(cleared.jobs.items())
        ]
    return view


def _show(cleared: Cleared, dry_run: bool) -> None:
    verb = "would be" if dry_run else "were"
    if cleared.jobs:
        rows = output.table("jobs", "tenant", "type")
        for (tenant, type), count in sorted(cleared.jobs.items()):
            rows.add_row(output.text(count), output.text(tenant), output.text(type))
        output.console().print(rows)
    print(f"Jobs that {verb} removed: {cleared.expired}")
    print(f"Tombstones that {verb} dropped: {cleared.forgotten}")
