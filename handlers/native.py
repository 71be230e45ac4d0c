"""The native contract: everything that the record holds, and the only one that writes.

Errors are problem details (RFC 9457), versions are entity tags (RFC 9110, section 8.8.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from jobstatus.answer import Answer, Gathered, Lasting, Request, Stream
from jobstatus.credential import Caller
from jobstatus.errors import BadRequest, JobstatusError, Violation
from jobstatus.ids import canonical
from jobstatus.job import Job, Status
from jobstatus.service import Estimate, JobService, Page, Selection

from . import cursors, native_lists, native_streams, problem
from .record import draft, event_body, job_body, moment, report
from .wire import admit, complete, divert, encode, finish, request_id, variant

__all__ = [
    "EXTRA_METHODS",
    "STRICT_QUERY",
    "admit",
    "cancel_job",
    "complete",
    "create_job",
    "delete_job",
    "divert",
    "encode",
    "failure",
    "finish",
    "get_job",
    "list_job_events",
    "list_jobs",
    "report_job",
    "request_id",
    "variant",
]

EXTRA_METHODS = frozenset({"HEAD", "OPTIONS"})
STRICT_QUERY = True
_ETAG = re.compile(r'(?:W/)?"(?:native-[a-z]+-)?([1-9][0-9]{0,17})"')
"""That a tag is weak makes no difference here: it names one version of the record that the path names."""


async def create_job(service: JobService, caller: Caller, *, body: Mapping[str, Any]) -> Answer:
    """Write a new job and say where it is to be polled."""
    job = await service.create(caller, draft(body))
    answer = _job(job, service.estimate(job))
    return replace(answer, status=201, headers={"Location": f"/jobs/{job.id}"})


async def get_job(service: JobService, caller: Caller, *, id: str) -> Lasting:
    """Give one job."""
    job = await service.get(caller, canonical(id))
    return Lasting(_job, job, (service.estimate(job),))


async def report_job(
    service: JobService, caller: Caller, *, id: str, body: Mapping[str, Any], if_match: str | None = None
) -> Answer:
    """Apply a worker's report."""
    job = await service.report(caller, canonical(id), report(body), version=_version(if_match))
    return _job(job, service.estimate(job))


async def cancel_job(service: JobService, caller: Caller, *, id: str, if_match: str | None = None) -> Answer:
    """Ask a job to stop."""
    job = await service.cancel(caller, canonical(id), version=_version(if_match))
    return _job(job, service.estimate(job))


async def delete_job(service: JobService, caller: Caller, *, id: str, if_match: str | None = None) -> Answer:
    """Remove a job that has ended."""
    await service.delete(caller, canonical(id), version=_version(if_match))
    return Answer(status=204)


async def list_job_events(
    service: JobService, caller: Caller, *, id: str, request: Request, last_event_id: str | None = None
) -> Answer | Gathered | Stream:
    """Give a job's timeline, oldest first; or the job as it changes."""
    if native_streams.wanted(request):
        followed = await service.following.one(caller, canonical(id), _last_version(last_event_id))
        return Answer(status=204) if followed is None else Stream(native_streams.of_one(service, followed))
    events = await service.events(caller, canonical(id))
    return Gathered(lambda: Answer({"events": [event_body(event) for event in events]}), f"events-{len(events)}")


async def list_jobs(
    service: JobService,
    caller: Caller,
    *,
    request: Request,
    ids: Sequence[str] = (),
    status: Sequence[str] = (),
    type: str | None = None,
    tenant: str | None = None,
    created_from: str | None = None,
    created_before: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
    last_event_id: str | None = None,
) -> Gathered | Stream:
    """Give one page of jobs, newest first; or those that are named; or a tenant's jobs as they change."""
    span = {"created_from": created_from, "created_before": created_before, "cursor": cursor}
    if native_streams.wanted(request):
        _alone("Accept: text/event-stream", {"ids": ids, **span})
    elif ids:
        _alone("ids", {"status": status, "type": type, "tenant": tenant, **span})
        return native_lists.named(service, await service.many(caller, _once(ids)), ids)
    part: Selection = {"tenant": tenant, "type": type, "statuses": frozenset(map(Status, status))}

    async def page() -> Page:
        return await service.list(
            caller,
            **part,
            created_from=moment("created_from", created_from, location="query"),
            created_before=moment("created_before", created_before, location="query"),
            below_number=None if cursor is None else cursors.read(cursor, "query", "cursor"),
            limit=limit,
        )

    if not native_streams.wanted(request):
        return native_lists.page(service, await page())
    followed = service.following.all(caller, **part, since=native_streams.since(last_event_id))
    return Stream(native_streams.of_all(service, followed, page))


def failure(error: JobstatusError, request: Request) -> Answer:
    """Tell an error as problem details."""
    return problem.answer(error, request)


def _job(job: Job, estimate: Estimate | None) -> Answer:
    return Answer(job_body(job, estimate), job=job)


def _version(if_match: str | None) -> int | None:
    """Read `If-Match`: one entity tag, or the version alone as one, or `*` for any version."""
    if if_match is None or if_match.strip() == "*":
        return None
    tag = _ETAG.fullmatch(if_match.strip())
    if tag is None:
        raise BadRequest.of("header", "If-Match", "pattern", 'must be * or one entity tag of a job, such as "3"')
    return int(tag[1])


def _last_version(last_event_id: str | None) -> int | None:
    return int(last_event_id) if last_event_id else None


def _once(ids: Sequence[str]) -> Sequence[str]:
    """Refuse a job that is named again, in whatever spelling: its answer could be made as long as one likes."""
    named = [canonical(id) for id in ids]
    if len({*named}) < len(named):
        raise BadRequest.of("query", "ids", "uniqueItems", "names a job twice")
    return named


def _alone(what: str, others: Mapping[str, object]) -> None:
    """Refuse parameters that mean nothing beside another one."""
    given = [name for name, value in others.items() if value]
    if given:
        raise BadRequest([Violation("query", name, "dependencies", f"cannot be given with {what}") for name in given])
