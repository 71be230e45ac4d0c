"""The native contract: everything that the record holds, and the only one that writes.

Errors are problem details (RFC 9457), versions are entity tags (RFC 9110, section 8.8.3).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from jobstatus.answer import Answer, Lasting, Request
from jobstatus.credential import Caller
from jobstatus.errors import BadRequest, JobstatusError
from jobstatus.ids import canonical
from jobstatus.job import Job, Status
from jobstatus.service import JobService

from . import problem
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
_ETAG = re.compile(r'"([1-9][0-9]{0,17})"')


async def create_job(service: JobService, caller: Caller, *, body: Mapping[str, Any]) -> Answer:
    """Write a new job and say where it is to be polled."""
    job = await service.create(caller, draft(body))
    answer = _job(job)
    return replace(answer, status=201, headers={**answer.headers, "Location": f"/jobs/{job.id}"})


async def get_job(service: JobService, caller: Caller, *, id: str) -> Lasting:
    """Give one job."""
    return Lasting(_job, await service.get(caller, canonical(id)))


async def report_job(
    service: JobService, caller: Caller, *, id: str, body: Mapping[str, Any], if_match: str | None = None
) -> Answer:
    """Apply a worker's report."""
    return _job(await service.report(caller, canonical(id), report(body), version=_version(if_match)))


async def cancel_job(service: JobService, caller: Caller, *, id: str, if_match: str | None = None) -> Answer:
    """Ask a job to stop."""
    return _job(await service.cancel(caller, canonical(id), version=_version(if_match)))


async def delete_job(service: JobService, caller: Caller, *, id: str, if_match: str | None = None) -> Answer:
    """Remove a job that has ended."""
    await service.delete(caller, canonical(id), version=_version(if_match))
    return Answer(status=204)


async def list_job_events(service: JobService, caller: Caller, *, id: str) -> Answer:
    """Give a job's timeline, oldest first."""
    return Answer({"events": [event_body(event) for event in await service.events(caller, canonical(id))]})


async def list_jobs(
    service: JobService,
    caller: Caller,
    *,
    status: Sequence[str] = (),
    type: str | None = None,
    tenant: str | None = None,
    created_from: str | None = None,
    created_before: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Answer:
    """Give one page of jobs, newest first."""
    page = await service.list(
        caller,
        tenant=tenant,
        statuses=frozenset(map(Status, status)),
        type=type,
        created_from=moment("created_from", created_from, location="query"),
        created_before=moment("created_before", created_before, location="query"),
        below_number=_below(cursor),
        limit=limit,
    )
    next_cursor = None if page.below_number is None else _cursor(page.below_number)
    return Answer({"jobs": [job_body(job) for job in page.jobs], "next_cursor": next_cursor})


def failure(error: JobstatusError, request: Request) -> Answer:
    """Tell an error as problem details."""
    return problem.answer(error, request)


def _job(job: Job) -> Answer:
    return Answer(job_body(job), headers={"ETag": f'"{job.version}"'})


def _version(if_match: str | None) -> int | None:
    """Read `If-Match`: one strong entity tag, or `*` for any version."""
    if if_match is None or if_match.strip() == "*":
        return None
    tag = _ETAG.fullmatch(if_match.strip())
    if tag is None:
        raise BadRequest.of("header", "If-Match", "pattern", 'must be * or one entity tag, such as "3"')
    return int(tag[1])


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(8, "big")).rstrip(b"=").decode("ascii")


def _below(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    number = int.from_bytes(raw, "big")
    if len(raw) != 8 or not 0 < number < 2**63:
        raise BadRequest.of("query", "cursor", "pattern", "is not a cursor that this server gave")
    return number
