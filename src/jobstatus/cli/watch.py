"""`jobstatus watch`: a job, followed to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TimeElapsedColumn
from rich.text import Text

from jobstatus.client import Client, Unavailable, backoff
from jobstatus.client.wire import JobView
from jobstatus.job import Status

from . import exits, output
from .connection import ask
from .options import SERVER, AsJson, JobId, Server, Token

EXAMPLE = "Example: jobstatus watch 01990b2e-7c1d-7a30-9f6e-2f1d5c8b4a10 --timeout 600"
INTERVAL = 1.0
"""Seconds between two looks at the least, where nothing has changed: not every server holds requests."""
WAIT = 30
"""Seconds for which the server is asked to hold a look until there is something new."""

Show = Callable[[JobView], None]


def watch(
    id: JobId,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", min=0, help="Watch no longer than this.")] = None,
    patience: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long an outage is sat out.")] = 60.0,
    server: Server = SERVER,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Follow a job until it ends, and exit by how it ended: 0 succeeded, 1 failed, 3 cancelled, 124 timed out."""
    show = output.print_json if as_json else None
    try:
        last = ask(server, token, lambda client: _watch(client, id, show, timeout, patience))
    except TimeoutError:
        output.complain(f"job {id} had not ended after {timeout:g} s")
        raise typer.Exit(exits.Exit.TIMEOUT) from None
    if show is None:
        output.show_job(last)
    raise typer.Exit(exits.of_job(last["status"]))


async def _watch(client: Client, id: str, show: Show | None, limit: float | None, patience: float) -> JobView:
    async with asyncio.timeout(limit):
        if show is not None:
            return await _last(follow(client, id, patience), show)
        with _bar() as bar:
            return await _last(follow(client, id, patience), _drawing(bar))


async def _last(states: AsyncIterator[JobView], show: Show) -> JobView:
    async for job in states:
        show(job)
    return job


async def follow(client: Client, id: str, patience: float) -> AsyncIterator[JobView]:
    """Give a job whenever it has changed, until it has ended; outages shorter than *patience* pass unseen."""
    now, tag, version = asyncio.get_running_loop().time, None, 0
    while True:
        asked = now()
        job, tag = await _sit_out(client, id, tag, patience)
        if job is not None and job["version"] != version:
            version = job["version"]
            yield job
            if Status(job["status"]).terminal:
                return
        else:
            await asyncio.sleep(max(0, asked + INTERVAL - now()))


async def _sit_out(client: Client, id: str, tag: str | None, patience: float) -> tuple[JobView | None, str | None]:
    """Read a job, for *patience* seconds if need be; nothing where it is as the tag says."""
    now = asyncio.get_running_loop().time
    deadline = now() + patience
    waits = backoff()
    while True:
        try:
            return await client.newer(id, tag, WAIT)
        except Unavailable as error:
            pause = max(next(waits), error.retry_after or 0)
            if now() + pause > deadline:
                raise
            await asyncio.sleep(pause)


class _Status(ProgressColumn):
    def render(self, task: Task) -> Text:
        return output.status(task.description)


class _Message(ProgressColumn):
    def render(self, task: Task) -> Text:
        return output.text(task.fields.get("message"))


def _bar() -> Progress:
    columns = (_Status(), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), _Message())
    return Progress(*columns, console=output.console(), transient=True)


def _drawing(bar: Progress) -> Show:
    task = bar.add_task("", total=None)

    def draw(job: JobView) -> None:
        total = None if job["progress"] is None else 100
        bar.update(task, description=job["status"], completed=job["progress"] or 0, total=total, message=job["message"])

    return draw
