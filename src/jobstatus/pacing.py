"""When a job is thought to end, and when to ask after it again: pure, no I/O, no clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from jobstatus.durations import Durations
from jobstatus.job import Job

SHARES = (0.5, 0.75, 0.9, 0.99)
"""The shares of jobs by which an end is foretold: the first that the job has not outlasted."""
FOREVER = datetime.max.replace(tzinfo=UTC)
WORTH = 1.0
"""How many seconds later to know of an end is as bad as one request more."""


class Source(StrEnum):
    """Where the time of a job's end comes from."""

    ENDED = "ended"
    """It has ended: this is known."""
    REPORTED = "reported"
    """Its producer or worker said so."""
    PROGRESS = "progress"
    """Drawn from its progress so far."""
    HISTORY = "history"
    """Drawn from how long jobs of its type have taken."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """When a job ends or ended, and how that is known."""

    at: datetime
    source: Source


def estimate(job: Job, now: datetime, known: Durations | None) -> Estimate | None:
    """Say when *job* ends: as reported, else by its progress, else by what is *known* of its type.

    What is drawn from progress counts while it is ahead. What is drawn from others is never over: as a job outlasts
    half of them, then three quarters, and so on, its end is put off; nothing is said of one that has outlasted nearly
    all.
    """
    end = job.expected_end
    if end is not None and (job.terminal or job.eta is not None or end > now):
        return Estimate(end, _source(job))
    if job.terminal or known is None:
        return None
    spans = (known.quantile(share) for share in SHARES)
    ends = (job.created_at + span for span in spans if span is not None)
    return next((Estimate(end, Source.HISTORY) for end in ends if end > now), None)


def retry_after(job: Job, now: datetime, known: Durations | None, most: int) -> int:
    """Say after how many seconds to ask again after a job that has not ended: from 1 to *most*.

    When its end is thought to come, if that was reported or follows from its progress, and is still ahead. Else after
    the square root of twice the time that it is thought to take yet: with an end that may come at any moment of that
    time, this makes the sum of requests and of what each end is known late the least. The time is what half of the jobs
    that lasted as long as this one took from there; or, where too few are known, as long again as it has taken so far.
    """
    return max(1, min(most, math.ceil(_pause(job, now, known))))


def lasts(job: Job, now: datetime, known: Durations | None, most: int) -> datetime:
    """Say until when the estimate and the pause stay as they are now, at the least, if nothing more gets known."""
    if job.terminal:
        return FOREVER
    told, seconds = estimate(job, now, known), retry_after(job, now, known, most)
    if (end := job.expected_end) is not None and end > now:
        return end - timedelta(seconds=seconds - 1)
    age = max(now - job.created_at, timedelta())
    if known is not None and (remaining := known.remaining(age)) is not None:
        shorter = age + remaining - timedelta(seconds=(seconds - 1) ** 2 / (2 * WORTH))
        until = job.created_at + min(shorter, known.steady(age))
    else:
        until = FOREVER if seconds == most else job.created_at + timedelta(seconds=seconds**2 / (2 * WORTH))
    return min(until, told.at) if told is not None and told.source is Source.HISTORY else until


def _pause(job: Job, now: datetime, known: Durations | None) -> float:
    end = job.expected_end
    if end is not None and end > now:
        return (end - now).total_seconds()
    age = max(now - job.created_at, timedelta())
    remaining = known.remaining(age) if known is not None else None
    return math.sqrt(2 * WORTH * (age if remaining is None else remaining).total_seconds())


def _source(job: Job) -> Source:
    if job.terminal:
        return Source.ENDED
    return Source.REPORTED if job.eta is not None else Source.PROGRESS
