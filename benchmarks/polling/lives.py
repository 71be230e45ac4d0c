"""The record of a job at each moment of its life, made by the transitions of the server itself."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random

from benchmarks.polling.kinds import Span
from jobstatus import life
from jobstatus.job import Job, Report, Status
from jobstatus.life import Retention

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
"""When each job is created."""
STEPS = 10
"""How often a job that tells of its progress does so before its end."""
UNEVEN = 0.25
"""How unevenly progress goes: the spread of the power of time that it follows, which is 1 where it goes evenly."""
OFF = 0.2
"""By which part of a job's time the producer's word of its end is wrong at the most, either way."""

Said = Iterator[tuple[float, Report]]
"""What a worker says, and when, in seconds after the job's creation."""
Teller = Callable[[Span, Random], Said]
"""A worker's way to tell of its job."""


class Life:
    """One job from its creation to its end."""

    def __init__(self, versions: Sequence[Job]) -> None:
        self._versions = versions
        self.changes = [(job.updated_at - BEGAN).total_seconds() for job in versions]
        """When each version was written, in seconds after the creation."""
        self.end = self.changes[-1]

    @classmethod
    def of(cls, said: Said) -> Life:
        """Let a job live as its worker says."""
        created = Job(
            id="watched", tenant="watched", owner="watched", type="watched", created_at=BEGAN, updated_at=BEGAN
        )
        return cls(list(accumulate(said, _report, initial=created)))

    def version(self, at: float) -> int:
        """Tell the version so many seconds after the creation."""
        return bisect_right(self.changes, at)

    def job(self, at: float) -> Job:
        """Give the record so many seconds after the creation."""
        return self._versions[self.version(at) - 1]


def quietly(span: Span, chance: Random) -> Said:
    """Tell of the beginning and the end of the work, and of nothing else."""
    yield span.queued, Report(status=Status.RUNNING)
    yield span.whole, Report(status=Status.SUCCEEDED)


def with_end(span: Span, chance: Random) -> Said:
    """Say at the beginning of the work when it ends, about."""
    end = span.queued + span.worked * chance.uniform(1 - OFF, 1 + OFF)
    yield span.queued, Report(status=Status.RUNNING, eta=_moment(end))
    yield span.whole, Report(status=Status.SUCCEEDED)


def with_progress(span: Span, chance: Random) -> Said:
    """Tell of progress at every tenth of it, which is not every tenth of the time."""
    power = chance.lognormvariate(0, UNEVEN)
    yield span.queued, Report(status=Status.RUNNING)
    for step in range(1, STEPS):
        share = step / STEPS
        yield span.queued + span.worked * share**power, Report(progress=100 * share)
    yield span.whole, Report(status=Status.SUCCEEDED)


def _report(job: Job, said: tuple[float, Report]) -> Job:
    at, report = said
    return life.report(job, report, now=_moment(at), retention=Retention())


def _moment(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)
