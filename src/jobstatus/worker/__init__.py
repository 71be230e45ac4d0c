"""A command as a job: it runs, and its job tells how it goes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from jobstatus.beside import beside
from jobstatus.client import Client, ClientError, Stale, Unavailable
from jobstatus.client.wire import JobView, NewJob, Said
from jobstatus.progress import Output

from .command import Command
from .ending import Ending, exited, interrupted, obeyed, overtaken, unstartable
from .reporter import Reporter

__all__ = ["Outcome", "Work", "Worker"]

T = TypeVar("T")

DRAIN = 3.0
"""Seconds for which the report of the end waits for output that is still on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A command, and how to run it."""

    command: Sequence[str]
    type: str | None = None
    """What kind of job to create; not needed where one is taken over."""
    job: str | None = None
    """The id of a pending job to take over, in place of creating one."""
    id: str | None = None
    message: str | None = None
    lease: int = 60
    """Seconds after which the job is lost if the worker does not speak."""
    grace: float = 10.0
    """Seconds between asking the command to stop and killing it."""
    report_timeout: float = 300.0
    """Seconds for which the last report is tried."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the work; `unreported` is why the server could not be told, if it could not."""

    job: JobView
    """The job as it was last seen."""
    ending: Ending
    unreported: ClientError | None = None


class Worker:
    """Runs one command as one job.

    `write` gets the output; it may block, and runs in a thread. `started` gets the job before the command starts, and
    `warn` gets troubles that the command outlives.
    """

    def __init__(
        self,
        client: Client,
        work: Work,
        *,
        write: Callable[[bytes], None],
        started: Callable[[JobView], None] = lambda job: None,
        warn: Callable[[str], None] = lambda trouble: None,
    ) -> None:
        self._client = client
        self._work = work
        self._write = write
        self._started = started
        self._warn = warn
        self._output = Output()
        self._signals: asyncio.Queue[signal.Signals] = asyncio.Queue()

    def interrupt(self, number: signal.Signals) -> None:
        """Stop the work; a second time, stop it at once. Called from a signal handler of the loop."""
        self._signals.put_nowait(number)

    async def run(self) -> Outcome:
        """Run the command to its end, and see that the server knows of it.

        Raises:
            ClientError: the job could not be created or taken over; the command was not started.
        """
        job = await self._obtain()
        self._started(job)
        reporter = Reporter(self._client, job, self._output, lease=self._work.lease, warn=self._warn)
        with contextlib.suppress(ClientError):
            await reporter.exchange()
        if reporter.heard.done():
            return await self._conclude(reporter, obeyed(reporter.heard.result()))
        try:
            command = await Command.start(self._work.command, {**os.environ, "JOBSTATUS_JOB_ID": job["id"]})
        except OSError as error:
            return await self._conclude(reporter, unstartable(error))
        return await self._accompany(reporter, command)

    async def _obtain(self) -> JobView:
        """Create the job, or take one over: of several workers that want the same job, one gets it."""
        if self._work.job is None:
            return await self._client.create(_new_job(self._work))
        job = await self._client.get(self._work.job)
        if job["status"] != "pending":
            raise Stale(409, f"the job {job['id']} is {job['status']}, and only a pending one can be taken over")
        said: Said = {"status": "running", "lease_seconds": self._work.lease}
        return await self._client.report(job["id"], said, version=job["version"])

    async def _accompany(self, reporter: Reporter, command: Command) -> Outcome:
        async with beside(self._pump(command)) as pump:
            try:
                async with beside(reporter.follow()):
                    judge = await self._attend(command, reporter)
                    await asyncio.wait({pump}, timeout=DRAIN)
                outcome = await self._conclude(reporter, judge(self._output.tail))
                await self._unless_signalled(pump)
            finally:
                command.close()
        return outcome

    async def _attend(self, command: Command, reporter: Reporter) -> Callable[[str], Ending]:
        """Wait until the command ends or is to stop, and stop it then; give how to judge it by its last output."""
        async with beside(command.wait()) as ended, beside(self._signals.get()) as signalled:
            awaited: set[asyncio.Future[Any]] = {ended, signalled, reporter.heard}
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return partial(exited, ended.result())
            if signalled.done():
                await self._stop(command, signalled.result())
                return partial(interrupted, signalled.result())
        await self._stop(command, signal.SIGTERM)
        return lambda _: obeyed(reporter.heard.result())

    async def _stop(self, command: Command, number: signal.Signals) -> None:
        command.signal(number)
        async with beside(command.gone()) as gone:
            await self._unless_signalled(gone, self._work.grace)
        command.signal(signal.SIGKILL)
        await command.wait()

    async def _conclude(self, reporter: Reporter, ending: Ending) -> Outcome:
        """Report the end; a signal gives that up."""
        if ending.status is None:
            return Outcome(reporter.job, ending)
        async with beside(reporter.conclude(self._last_words(ending), self._work.report_timeout)) as reporting:
            await self._unless_signalled(reporting)
            if not reporting.done():
                return Outcome(reporter.job, ending, Unavailable("interrupted before the server could be told"))
            try:
                status = reporting.result()
            except ClientError as error:
                return Outcome(reporter.job, ending, error)
        return Outcome(reporter.job, ending if status == ending.status else overtaken(status))

    def _last_words(self, ending: Ending) -> Said:
        said: Said = {"status": ending.status or ""}
        if self._output.progress is not None:
            said["progress"] = self._output.progress
        if self._output.message is not None:
            said["message"] = self._output.message
        if ending.error is not None:
            said["error"] = ending.error
        return said

    async def _pump(self, command: Command) -> None:
        """Empty the pipe whatever becomes of the output, so that the command can go on."""
        try:
            await self._pass_on(command)
        except Exception as error:
            self._warn(f"{error!r}; the output is read no longer, the command goes on")
            while await command.read():
                pass

    async def _pass_on(self, command: Command) -> None:
        """Pass the output through and read it; it is read even when nobody takes it any more."""
        wanted = True
        while chunk := await command.read():
            self._output.feed(chunk)
            try:
                if wanted:
                    await asyncio.to_thread(self._write, chunk)
            except OSError:
                wanted = False

    async def _unless_signalled(self, task: asyncio.Task[Any], within: float | None = None) -> None:
        """Wait for *task*, but no longer than until the next signal."""
        async with beside(self._signals.get()) as signalled:
            await asyncio.wait({task, signalled}, timeout=within, return_when=asyncio.FIRST_COMPLETED)


def _new_job(work: Work) -> NewJob:
    new: NewJob = {"type": "command" if work.type is None else work.type, "lease_seconds": work.lease}
    if work.id is not None:
        new["id"] = work.id
    if work.message is not None:
        new["message"] = work.message
    return new
