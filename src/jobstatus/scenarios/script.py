"""What a scenario says: pure, no I/O, no clock. Times are seconds, before any speed is reckoned in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jobstatus.job import Report

NOTHING = Report()
SHORTEST = timedelta(milliseconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happens to a job."""

    after: float
    """Seconds from the job's creation."""
    says: Report = NOTHING
    """What the worker reports, but for the times below."""
    cancel: bool = False
    """Whether the job is asked to stop, and nothing is reported."""
    ends: float | None = None
    """At which second of its life the worker says that the job will end."""
    lease: float | None = None
    """Within how many seconds the worker promises to report again."""
    kept: float | None = None
    """For how many seconds from now the record is kept."""

    def report(self, created_at: datetime, now: datetime, speed: float) -> Report:
        """Give the report, its times reckoned from the job's creation and from now."""
        return replace(
            self.says,
            eta=None if self.ends is None else created_at + _span(self.ends, speed),
            lease=None if self.lease is None else _span(self.lease, speed),
            expires_at=None if self.kept is None else now + _span(self.kept, speed),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """When the server's store is unavailable: at the end of each *every* seconds, for *lasts* seconds."""

    every: float
    lasts: float

    def holds(self, elapsed: float) -> bool:
        """Tell whether it is so many seconds after the server's start."""
        return elapsed % self.every >= self.every - self.lasts


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """How often each credential may poll: so many times in so many seconds."""

    polls: int
    seconds: float

    def limit(self, speed: float) -> str:
        """Write it as the server's setting has it, in whole seconds."""
        return f"{self.polls}/{max(1, round(self.seconds / speed))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The life of a job, and the weather that its server is in."""

    name: str
    summary: str
    steps: tuple[Step, ...] = ()
    """In the order of their times."""
    outage: Outage | None = None
    throttle: Throttle | None = None

    @property
    def weather(self) -> bool:
        """Tell whether it is about the whole server, and so cannot be played beside another."""
        return self.outage is not None or self.throttle is not None


def _span(seconds: float, speed: float) -> timedelta:
    """Never less than what a report may take: it cannot set an end that is over."""
    return max(timedelta(seconds=seconds / speed), SHORTEST)
