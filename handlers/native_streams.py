"""Jobs of the native contract as server-sent events.

Events without a type hold a job just as `GET /jobs/{id}` gives it; `change` holds the timeline's entry of a version
that was passed over, `page` what a list holds at first, and `gone` what became of a job that is no more.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from jobstatus.answer import Frame, Request
from jobstatus.errors import JobGone
from jobstatus.job import Event, Job, Tombstone
from jobstatus.service import Change, JobService, Page

from . import cursors
from .native_lists import page_body
from .record import event_body, gone_body, job_body

_EVENTS = re.compile(r"text/event-stream\s*(?:;(?!\s*q\s*=\s*0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)", re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def wanted(request: Request) -> bool:
    """Tell whether the client asks for events, by name."""
    return _EVENTS.search(request.headers.get("accept", "")) is not None


async def of_one(service: JobService, followed: AsyncGenerator[Job | Event]) -> AsyncGenerator[Frame]:
    """Tell of one job, by its versions."""
    async with aclosing(followed):
        try:
            async for told in followed:
                yield _state(service, told, str(told.version)) if isinstance(told, Job) else _change(told)
        except JobGone as gone:
            yield Frame(gone_body(gone.key, gone.reason, gone.at), event="gone")


async def of_all(
    service: JobService, followed: AsyncGenerator[Change], page: Callable[[], Awaitable[Page]]
) -> AsyncGenerator[Frame]:
    """Tell of a tenant's jobs: first a page of them, where nobody has been told of any yet."""
    async with aclosing(followed):
        async for change in followed:
            upto = cursors.written(_micros(change.upto))
            match change.record:
                case None:
                    yield Frame(page_body(service, await service.following.patiently(page)), upto, "page")
                case Job():
                    yield _state(service, change.record, upto)
                case Tombstone(id=id, reason=reason, at=at):
                    yield Frame(gone_body(id, reason, at), upto, "gone")


def since(last_event_id: str | None) -> datetime | None:
    """Read from when on changes are to be told. Raises `BadRequest`."""
    if not last_event_id:
        return None
    micros = cursors.read(last_event_id, "header", "Last-Event-ID")
    return _EPOCH + timedelta(microseconds=min(micros, 2**57))


def _state(service: JobService, job: Job, id: str) -> Frame:
    return Frame(job_body(job, service.estimate(job)), id)


def _change(event: Event) -> Frame:
    return Frame(event_body(event), str(event.version), "change")


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
