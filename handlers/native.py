"""The native contract: everything that the record holds, and the only one that writes.

Errors are problem details (RFC 9457), versions are entity tags (RFC 9110, section 8.8.3).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from jobstatus.answer import Answer, Request
from jobstatus.credential import Caller
from jobstatus.errors import BadRequest, JobstatusError
from jobstatus.ids import canonical
from jobstatus.job import Event, Failure, FailureKind, Job, Link, Report, Result, Status
from jobstatus.service import Draft, JobService

from . import problem
from .links import polls
from .times import micros
from .wire import complete, encode

__all__ = [
    "EXTRA_METHODS",
    "STRICT_QUERY",
    "body",
    "cancel_job",
    "complete",
    "create_job",
    "delete_job",
    "encode",
    "failure",
    "get_job",
    "list_job_events",
    "list_jobs",
    "report_job",
]

EXTRA_METHODS = frozenset({"HEAD", "OPTIONS"})
STRICT_QUERY = True
_ETAG = re.compile(r'"([1-9][0-9]{0,17})"')


async def create_job(service: JobService, caller: Caller, *, body: Mapping[str, Any]) -> Answer:
    """Write a new job and say where it is to be polled."""
    draft = Draft(
        type=body["type"],
        id=body.get("id"),
        tenant=body.get("tenant"),
        message=body.get("message"),
        eta=_time("$.eta", body.get("eta")),
        lease=_lease(body),
    )
    job = await service.create(caller, draft)
    answer = _job(job)
    return replace(answer, status=201, headers={**answer.headers, "Location": f"/jobs/{job.id}"})


async def get_job(service: JobService, caller: Caller, *, id: str) -> Answer:
    """Give one job."""
    return _job(await service.get(caller, canonical(id)))


async def report_job(
    service: JobService, caller: Caller, *, id: str, body: Mapping[str, Any], if_match: str | None = None
) -> Answer:
    """Apply a worker's report."""
    said = Report(
        status=Status(body["status"]) if "status" in body else None,
        progress=body.get("progress"),
        message=body.get("message"),
        eta=_time("$.eta", body.get("eta")),
        result=_result(body["result"]) if "result" in body else None,
        error=_failure(body["error"]) if "error" in body else None,
        lease=_lease(body),
    )
    return _job(await service.report(caller, canonical(id), said, version=_version(if_match)))


async def cancel_job(service: JobService, caller: Caller, *, id: str, if_match: str | None = None) -> Answer:
    """Ask a job to stop."""
    return _job(await service.cancel(caller, canonical(id), version=_version(if_match)))


async def delete_job(service: JobService, caller: Caller, *, id: str, if_match: str | None = None) -> Answer:
    """Remove a job that has ended."""
    await service.delete(caller, canonical(id), version=_version(if_match))
    return Answer(status=204)


async def list_job_events(service: JobService, caller: Caller, *, id: str) -> Answer:
    """Give a job's timeline, oldest first."""
    return Answer({"events": [_event(event) for event in await service.events(caller, canonical(id))]})


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
        created_from=_time("created_from", created_from, location="query"),
        created_before=_time("created_before", created_before, location="query"),
        below_number=_below(cursor),
        limit=limit,
    )
    next_cursor = None if page.below_number is None else _cursor(page.below_number)
    return Answer({"jobs": [body(job) for job in page.jobs], "next_cursor": next_cursor})


def body(job: Job) -> dict[str, Any]:
    """Tell all of a job; every member is always there."""
    return {
        "id": job.id,
        "number": job.number,
        "tenant": job.tenant,
        "owner": job.owner,
        "type": job.type,
        "status": job.status.value,
        "progress": job.progress,
        "message": job.message,
        "eta": _stamp(job.expected_end),
        "result": _result_body(job.result) if job.result else None,
        "error": _failure_body(job.error) if job.error else None,
        "created_at": _stamp(job.created_at),
        "started_at": _stamp(job.started_at),
        "updated_at": _stamp(job.updated_at),
        "ended_at": _stamp(job.ended_at),
        "expires_at": _stamp(job.expires_at),
        "lease_until": _stamp(job.lease_until),
        "version": job.version,
        "links": polls(job),
    }


def failure(error: JobstatusError, request: Request) -> Answer:
    """Tell an error as problem details."""
    return problem.answer(error, request)


def _job(job: Job) -> Answer:
    return Answer(body(job), headers={"ETag": f'"{job.version}"'})


def _event(event: Event) -> dict[str, Any]:
    return {
        "version": event.version,
        "at": _stamp(event.at),
        "status": event.status.value,
        "progress": event.progress,
        "message": event.message,
        "actor": event.actor,
    }


def _result_body(result: Result) -> dict[str, Any]:
    return {
        "links": [{"entity": link.entity, "href": link.href} for link in result.links],
        "response_data": result.response_data,
        "entities": dict(result.entities),
    }


def _failure_body(error: Failure) -> dict[str, Any]:
    return {
        "kind": error.kind.value,
        "message": error.message,
        "code": error.code,
        "type": error.type,
        "http_status": error.http_status,
        "invalid": list(error.invalid),
    }


def _result(body: Mapping[str, Any]) -> Result:
    return Result(
        links=tuple(Link(entity=link["entity"], href=link["href"]) for link in body.get("links", ())),
        response_data=body.get("response_data"),
        entities=body.get("entities", {}),
    )


def _failure(body: Mapping[str, Any]) -> Failure:
    return Failure(
        kind=FailureKind(body["kind"]),
        message=body["message"],
        code=body.get("code"),
        type=body.get("type"),
        http_status=body.get("http_status"),
        invalid=tuple(body.get("invalid", ())),
    )


def _lease(body: Mapping[str, Any]) -> timedelta | None:
    return timedelta(seconds=body["lease_seconds"]) if "lease_seconds" in body else None


def _stamp(at: datetime | None) -> str | None:
    return micros(at) if at else None


def _time(field: str, text: str | None, location: str = "body") -> datetime | None:
    """Read an RFC 3339 time. The spec's format lets leap seconds and the year 0 pass, which no clock here has."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest.of(location, field, "format", "is not a time that a calendar has") from None


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
