"""`jobstatus migrate`: all that a store keeps, moved to another one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Annotated

import typer

from jobstatus.errors import ConfigurationError
from jobstatus.moving import PASSES, Pass, Tell, Verification, move, verify
from jobstatus.storage import Limits, opened

from . import output
from .exits import Exit
from .moving_shown import show_verification, shown, telling
from .options import AsJson

EXAMPLE = "Example: jobstatus migrate --from sqlite:///jobs.db --to postgresql://jobstatus@db.example/jobs"
LIMITS = Limits(seconds=60.0)
"""A page of long records may take a store longer than a poll."""
CHANGING = "what the stores keep differs: one of them is still written to; stop the servers and run this again"
UNEQUAL = "what the stores keep differs"


def migrate(
    source: Annotated[str, typer.Option("--from", metavar="URL", envvar="JOBSTATUS_FROM", help="The store to read.")],
    target: Annotated[str, typer.Option("--to", metavar="URL", envvar="JOBSTATUS_TO", help="The store to write.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Destroy what else the target holds, if it holds anything.")
    ] = False,
    passes: Annotated[int, typer.Option(min=1, help="Compare and copy so often at the most.")] = PASSES,
    check: Annotated[bool, typer.Option("--check", help="Copy nothing, only tell whether both keep the same.")] = False,
    as_json: AsJson = False,
) -> None:
    """Move all that a store keeps to another one, then verify it; if it is broken off, run it again.

    The source may be in use: run it once more when the servers have been stopped.
    """
    _expect_durable(source, target)
    with telling(as_json) as tell:
        made, found = asyncio.run(_migrate(source, target, overwrite, 0 if check else passes, tell))
    if as_json:
        output.print_json({"equal": found.equal, "passes": [asdict(each) for each in made], **asdict(found)})
    else:
        show_verification(found, shown(source), shown(target))
    if not found.equal:
        output.complain(UNEQUAL if check else CHANGING)
        raise typer.Exit(Exit.DIFFERENT)


def _expect_durable(*urls: str) -> None:
    if any(url.startswith("memory:") for url in urls):
        raise ConfigurationError("memory:// lives in its server alone; it can be moved neither from nor to")
    if len(set(urls)) < len(urls):
        raise ConfigurationError("the source and the target are the same store")


async def _migrate(
    source: str, target: str, overwrite: bool, passes: int, tell: Tell
) -> tuple[Sequence[Pass], Verification]:
    async with AsyncExitStack() as stack:
        here, there = [await stack.enter_async_context(opened(url, LIMITS)) for url in (source, target)]
        made = await move(here, there, overwrite=overwrite, passes=passes, tell=tell) if passes else []
        return made, await verify(here, there, tell=tell)
