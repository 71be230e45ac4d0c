"""The move itself: passes over both stores, until one finds no difference."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from jobstatus.storage import Store

from .credentials import expect_no_more_credentials, move_credentials
from .progress import Stage, Tally, Tell, silent
from .refusals import Losses
from .span import PAGE, Span, spans
from .survey import expect_no_loss, expect_something, expect_two_stores, lost

PASSES = 5
"""Passes that are made at the most. More seldom help: a source that is in use has always changed by the end of one."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass did."""

    compared: int
    changed: int
    """Records and credentials of the target that were made like the source's."""


async def move(
    source: Store,
    target: Store,
    *,
    overwrite: bool = False,
    passes: int = PASSES,
    page: int = PAGE,
    tell: Tell = silent,
) -> Sequence[Pass]:
    """Make the target keep what the source keeps; tell what each pass did. If this fails, do it again.

    Raises:
        ConfigurationError: the source is empty, or is the target.
        MovingRefused: the target holds what would be lost, and is not to be overwritten; or credentials of others.
        StoreUnavailable: either of them cannot answer.
    """
    await expect_two_stores(source, target)
    await expect_something(source)
    await expect_no_more_credentials(source, target)
    if not overwrite:
        await expect_no_loss(source, target, page, tell)
    made: list[Pass] = []
    while len(made) < passes and (not made or made[-1].changed):
        tally = await Tally.over(source, Stage.COPYING, tell, turn=len(made) + 1)
        made.append(await _pass(source, target, overwrite, page, tally))
    return made


async def _pass(source: Store, target: Store, overwrite: bool, page: int, tally: Tally) -> Pass:
    async with aclosing(spans(source, target, page)) as read:
        async for span in read:
            changed = await _equal(target, span, overwrite)
            tally.count(len(span.source), upto=span.upto, changed=changed)
    tally.changed += await move_credentials(source, target)
    tally.finish()
    return Pass(tally.compared, tally.changed)


async def _equal(target: Store, span: Span, overwrite: bool) -> int:
    """Make the target keep what the source keeps in a span; tell how many records differed."""
    differing = span.differing()
    if not differing:
        return 0
    if not overwrite:
        _expect_nothing_lost(span)
    first, last = differing[0], differing[-1]
    await target.restore(first - 1, last, [each for number, each in span.source.items() if first <= number <= last])
    return len(differing)


def _expect_nothing_lost(span: Span) -> None:
    """Look once more: somebody may have begun to use the target."""
    losses = Losses()
    losses.note(lost(span))
    losses.refuse()
