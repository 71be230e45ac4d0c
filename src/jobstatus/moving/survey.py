"""Looking, before anything is written, whether the target may be written to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing

from jobstatus.errors import ConfigurationError
from jobstatus.ids import new_id
from jobstatus.job import Job, Tombstone
from jobstatus.storage import Kept, Store

from .progress import Stage, Tally, Tell
from .refusals import Losses
from .span import Span, spans

PROBE = 60.0
"""Seconds for which a role is taken, by which a store is known again."""


async def expect_two_stores(source: Store, target: Store) -> None:
    """Raise `ConfigurationError` where both are the same store, by whatever names: its role is taken in both then."""
    role = f"moving-{new_id()}"
    if await source.lead(role, "source", PROBE) and not await target.lead(role, "target", PROBE):
        raise ConfigurationError("the source and the target are the same store")


async def expect_something(source: Store) -> None:
    """Raise `ConfigurationError` where the source is empty: it is easily misspelt, and then made anew."""
    if not await source.scan(0, 1) and not await source.credentials():
        raise ConfigurationError("the source holds nothing; is its URL right?")


async def expect_no_loss(source: Store, target: Store, page: int, tell: Tell) -> None:
    """Raise `MovingRefused` where the target holds more than an earlier run of the same move has left."""
    losses = Losses()
    tally = await Tally.over(target, Stage.LOOKING, tell)
    async with aclosing(spans(source, target, page)) as read:
        async for span in read:
            losses.note(lost(span))
            tally.count(len(span.target), upto=span.upto)
            if not await target.scan(span.upto, 1):
                break
    tally.finish()
    losses.refuse()


def lost(span: Span) -> Sequence[Job | Tombstone]:
    """Give the records of the target that would be lost if the source's took their places."""
    return [each.record for number, each in span.target.items() if not _outlived(each.record, span.source.get(number))]


def _outlived(held: Job | Tombstone, kept: Kept | None) -> bool:
    """Tell whether what the source has is the same job, as far on or farther; a tombstone it may have forgotten."""
    if kept is None:
        return isinstance(held, Tombstone)
    if kept.record.id != held.id:
        return False
    return isinstance(kept.record, Tombstone) or (isinstance(held, Job) and _as_far_on(kept.record, held))


def _as_far_on(job: Job, held: Job) -> bool:
    return job.created_at == held.created_at and job.version >= held.version
