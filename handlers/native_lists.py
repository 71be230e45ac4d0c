"""Several jobs of the native contract in one answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from jobstatus.answer import Answer, Gathered
from jobstatus.errors import JobGone, JobNotFound
from jobstatus.job import Job
from jobstatus.service import JobService, Page

from . import cursors
from .record import gone_body, job_body


def page(service: JobService, found: Page) -> Gathered:
    """Give one page of a list."""
    marks = [*map(_mark, found.jobs), str(found.below_number)]
    return Gathered(lambda: Answer(page_body(service, found)), _tag(marks), found.jobs)


def page_body(service: JobService, found: Page) -> dict[str, Any]:
    """Tell of one page."""
    next_cursor = None if found.below_number is None else cursors.written(found.below_number)
    return {"jobs": _bodies(service, found.jobs), "next_cursor": next_cursor}


def named(service: JobService, found: Sequence[Job | JobGone | JobNotFound], ids: Sequence[str]) -> Gathered:
    """Give the jobs that were named, in that order; beside them those that are gone, and those that nobody knows."""
    jobs = [each for each in found if isinstance(each, Job)]
    gone = [each for each in found if isinstance(each, JobGone)]
    unknown = [id for id, each in zip(ids, found, strict=True) if isinstance(each, JobNotFound)]

    def tell() -> Answer:
        lost = [gone_body(each.key, each.reason, each.at) for each in gone]
        return Answer({"jobs": _bodies(service, jobs), "gone": lost, "unknown": unknown, "next_cursor": None})

    return Gathered(tell, _tag(_mark(each) for each in found), jobs)


def _bodies(service: JobService, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    return [job_body(job, service.estimate(job)) for job in jobs]


def _mark(found: Job | JobGone | JobNotFound) -> str:
    """Name what is told of one job: while that is the same, so is its part of the answer."""
    if isinstance(found, Job):
        return f"{found.id}={found.version}"
    return f"{found.key}={type(found).__name__}"


def _tag(marks: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()[:32]
