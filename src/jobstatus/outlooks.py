"""What is foreseen of jobs: worked out when it is asked for, and then kept for as long as it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jobstatus import pacing
from jobstatus.bounded import Bounded
from jobstatus.clock import Clock
from jobstatus.durations import Durations
from jobstatus.history import History
from jobstatus.job import Job
from jobstatus.pacing import Estimate

ROOM = 16_384
"""Of how many jobs it is kept in a process."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is foreseen of a job, by what was known of others."""

    job: Job
    known: Durations | None
    until: datetime
    """When it may be otherwise."""
    estimate: Estimate | None
    """When the job ends or ended."""
    pause: int | None
    """After how many seconds to ask after it again; nothing once it has ended."""


class Outlooks:
    """The outlook of each job that is asked for."""

    def __init__(self, history: History, clock: Clock, most: int) -> None:
        """Take the longest pause, in seconds."""
        self._history = history
        self._clock = clock
        self._most = most
        self._kept: Bounded[str, Outlook] = Bounded(ROOM)

    def of(self, job: Job) -> Outlook:
        """Give the outlook of a job as it stands."""
        now, known = self._clock(), self._history.known(job)
        kept = self._kept.get(job.id)
        if kept is not None and kept.job is job and kept.known is known and now < kept.until:
            return kept
        outlook = self._made(job, now, known)
        self._kept.keep(job.id, outlook)
        return outlook

    def _made(self, job: Job, now: datetime, known: Durations | None) -> Outlook:
        return Outlook(
            job=job,
            known=known,
            until=pacing.lasts(job, now, known, self._most),
            estimate=pacing.estimate(job, now, known),
            pause=None if job.terminal else pacing.retry_after(job, now, known, self._most),
        )
