"""What a worker says of its job while the work goes on, and what it hears."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from jobstatus.client import Client, ClientError, Missing, Stale, Unavailable, backoff
from jobstatus.client.wire import JobView, Said
from jobstatus.progress import Output

INTERVAL = 0.5
"""Seconds between two reports, at the least."""
POLL = 2.0
"""Seconds between two looks at the job, at the most."""
GONE = "gone"
"""What is heard of a job that is not there any more."""
LOST = "lost"
"""What is heard of a job that failed because nothing was heard of it for longer than its lease."""
_GOING = ("pending", "running")


class Reporter:
    """Speaks for one job. Only what is newest is said."""

    def __init__(
        self, client: Client, job: JobView, output: Output, *, lease: int, warn: Callable[[str], None]
    ) -> None:
        self._client = client
        self.job = job
        """The job as it was last seen."""
        self._output = output
        self._lease = lease
        self._warn = warn
        self._told: Said = {}
        self._reported_at = self._asked_at = float("-inf")
        self._trouble = False
        self._tick = min(INTERVAL, lease / 3)
        self.heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """What the job became, once that means that the work is to stop: its status, or that it is gone."""

    async def follow(self) -> None:
        """Report until the job has ended, whatever becomes of the server meanwhile."""
        waits = backoff(longest=max(INTERVAL, self._lease / 3))
        while True:
            try:
                status = await self.exchange()
            except Exception as error:  # whatever it is: who falls silent lets the lease run out
                self._complain(f"{error if isinstance(error, ClientError) else repr(error)}; the command goes on")
                asked = error.retry_after if isinstance(error, Unavailable) else None
                await asyncio.sleep(max(next(waits), asked or 0))
                continue
            waits = backoff(longest=max(INTERVAL, self._lease / 3))
            if status not in (*_GOING, "cancelling"):
                return
            await asyncio.sleep(self._tick)

    async def exchange(self) -> str:
        """Say what is new, if anything is; ask how the job stands, if that was not told for a while."""
        said = self._news()
        if not said and _now() - self._asked_at < POLL:
            return "running"
        try:
            status = await self._speak(said)
        except Missing:
            status = GONE
        self._asked_at = _now()
        self._trouble = False
        if status not in _GOING and not self.heard.done():
            self.heard.set_result(status)
        return status

    async def conclude(self, said: Said, within: float) -> str:
        """Make the last report, for *within* seconds if need be, and give the status that the job ended with."""
        deadline = _now() + within
        waits = backoff()
        while True:
            try:
                return await self._speak(said)
            except Missing:
                return GONE
            except Unavailable as error:
                pause = max(next(waits), error.retry_after or 0)
                if _now() + pause > deadline:
                    raise
                self._complain(f"{error}; trying again to report the end")
                await asyncio.sleep(pause)

    def _news(self) -> Said:
        now: Said = {"status": "running"}
        if self._output.progress is not None:
            now["progress"] = self._output.progress
        if self._output.message is not None:
            now["message"] = self._output.message
        said: Said = {key: value for key, value in now.items() if self._told.get(key) != value}  # type: ignore[assignment]
        if said or _now() - self._reported_at >= self._lease / 3:
            said["lease_seconds"] = self._lease
        return said

    async def _speak(self, said: Said) -> str:
        self.job = await (self._report(said) if said else self._client.get(self.job["id"]))
        error = self.job["error"]
        return LOST if error and error["kind"] == LOST else self.job["status"]

    async def _report(self, said: Said) -> JobView:
        """Report; where the job stands against it, give it as it stands."""
        try:
            job = await self._client.report(self.job["id"], said)
        except Stale:
            self._told["status"] = "running"  # or some later state: not to be said again
            return await self._client.get(self.job["id"])
        self._told |= said
        self._reported_at = _now()
        return job

    def _complain(self, trouble: str) -> None:
        """Say once that something is wrong, not at each try."""
        if not self._trouble:
            self._warn(trouble)
        self._trouble = True


def _now() -> float:
    return asyncio.get_running_loop().time()
