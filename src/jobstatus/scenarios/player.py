"""What plays scenarios: a worker that does nothing but report, by the script."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from datetime import datetime

from jobstatus.credential import Caller
from jobstatus.errors import Conflict, JobGone, JobNotFound, VersionMismatch
from jobstatus.job import Job, Report, Status
from jobstatus.scenarios.script import Scenario, Step
from jobstatus.service import JobService

Pause = Callable[[float], Awaitable[None]]
"""Waits so many seconds."""
PENDING = frozenset({Status.PENDING})
TAKEN = (Conflict, VersionMismatch, JobGone, JobNotFound)
"""What a worker meets with whose job is no more its own."""


class Player:
    """Begins a life for each new pending job of a tenant, whoever has created it.

    A job lives the scenario that its type names, or else the first. One that somebody else reports on is left to them;
    one that somebody else asks to stop has stopped at its next step.
    """

    def __init__(
        self,
        service: JobService,
        scenarios: Sequence[Scenario],
        tenant: str,
        *,
        speed: float = 1.0,
        pause: Pause = asyncio.sleep,
    ) -> None:
        """Take how many times as fast as scripted to play, and what waits until the next step."""
        self._service = service
        self._scenarios = {scenario.name: scenario for scenario in scenarios}
        self._usual = scenarios[0]
        self._caller = Caller(id="mock", tenant=tenant, name="jobstatus mock")
        self._speed = speed
        self._pause = pause

    async def play(self, since: datetime) -> None:
        """Play the jobs that are created from that time on, until this is cancelled."""
        caller = self._caller
        changes = self._service.following.all(caller, tenant=caller.tenant, statuses=PENDING, since=since)
        async with asyncio.TaskGroup() as lives, aclosing(changes):
            async for change in changes:
                if isinstance(change.record, Job) and change.record.version == 1:
                    lives.create_task(self._live(change.record))

    async def _live(self, job: Job) -> None:
        scenario = self._scenarios.get(job.type, self._usual)
        try:
            for step in scenario.steps:
                await self._pause(self._seconds_to(job, step))
                job = await self._do(job, step)
        except TAKEN:
            with suppress(*TAKEN):
                await self._obey(job)

    def _seconds_to(self, job: Job, step: Step) -> float:
        spent = (self._service.now() - job.created_at).total_seconds()
        return max(0.0, step.after / self._speed - spent)

    async def _do(self, job: Job, step: Step) -> Job:
        if step.cancel:
            return await self._service.cancel(self._caller, job.id, version=job.version)
        said = step.report(job.created_at, self._service.now(), self._speed)
        return await self._service.report(self._caller, job.id, said, version=job.version)

    async def _obey(self, job: Job) -> None:
        """Stop a job that was asked to."""
        now = await self._service.get(self._caller, job.id)
        if now.status is Status.CANCELLING:
            said = Report(status=Status.CANCELLED, message="Stopped.")
            await self._service.report(self._caller, job.id, said, version=now.version)
