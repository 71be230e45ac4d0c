"""`jobstatus run`: a command as a job."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Annotated

import typer

from jobstatus.client import Client
from jobstatus.client.wire import JobView
from jobstatus.worker import Work, Worker

from . import exits, output
from .connection import ask
from .options import SERVER, AsJson, Server, Token

EXAMPLE = "Example: jobstatus run --type backup -- tar czvf backup.tgz documents"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(
    command: Annotated[list[str], typer.Argument(metavar="COMMAND", help="What to run.", show_default=False)],
    type: Annotated[str | None, typer.Option(help="What kind of work it is.", show_default=False)] = None,
    job: Annotated[
        str | None, typer.Option(metavar="ID", help="Take this pending job over, in place of creating one.")
    ] = None,
    id: Annotated[str | None, typer.Option(help="The job's id; made by the server if left out.")] = None,
    message: Annotated[str | None, typer.Option(help="What a person is to know until the command says more.")] = None,
    lease: Annotated[
        int, typer.Option(metavar="SECONDS", min=1, max=86400, help="Lost if nothing is heard for this long.")
    ] = 60,
    grace: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="From asking the command to stop to killing it.")
    ] = 10.0,
    report_timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="For how long the end is tried to be reported.")
    ] = 300.0,
    server: Server = SERVER,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Run a command as a job: running while it runs, succeeded or failed by its exit code.

    The command's output is passed through and read for progress. The job's id goes to standard error and to the
    command's JOBSTATUS_JOB_ID. With --json the job is printed on standard error, at the start and at the end.
    The exit code is the command's own; 130 if the job was cancelled.
    """
    if (type is None) == (job is None):
        raise typer.BadParameter("give either --type, to create a job, or --job, to take one over")
    work = Work(
        command=command,
        type=type,
        job=job,
        id=id,
        message=message,
        lease=lease,
        grace=grace,
        report_timeout=report_timeout,
    )
    raise typer.Exit(ask(server, token, lambda client: _run(client, work, as_json)))


async def _run(client: Client, work: Work, as_json: bool) -> int:
    worker = Worker(client, work, write=_write, started=_announce_json if as_json else _announce, warn=output.complain)
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, worker.interrupt, number)
    outcome = await worker.run()
    if outcome.ending.note:
        output.complain(f"job {outcome.job['id']}: {outcome.ending.note}")
    if as_json:
        output.print_json(outcome.job, sys.stderr)
    if outcome.unreported:
        output.complain(f"job {outcome.job['id']} {outcome.ending.status}, unreported: {outcome.unreported}")
        return exits.of(outcome.unreported)
    return outcome.ending.code


def _write(chunk: bytes) -> None:
    """Pass output on at once, and all of it."""
    while chunk:
        chunk = chunk[os.write(1, chunk) :]


def _announce(job: JobView) -> None:
    output.note(f"job {job['id']}")


def _announce_json(job: JobView) -> None:
    output.print_json(job, sys.stderr)
