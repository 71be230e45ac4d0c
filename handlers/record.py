"""The native contract's JSON of a record, written and read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from jobstatus.errors import BadRequest
from jobstatus.job import Event, Failure, FailureKind, Job, Link, Report, Result, Status
from jobstatus.service import Draft, Estimate

from .links import polls
from .times import micros


def job_body(job: Job, estimate: Estimate | None) -> dict[str, Any]:
    """Tell all of a job, and when it is thought to end; every member is always there."""
    return {
        "id": job.id,
        "number": job.number,
        "tenant": job.tenant,
        "owner": job.owner,
        "type": job.type,
        "status": job.status.value,
        "progress": job.progress,
        "message": job.message,
        "eta": _stamp(estimate.at) if estimate else None,
        "eta_source": estimate.source.value if estimate else None,
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


def draft(body: Mapping[str, Any]) -> Draft:
    """Read the job that a producer asks for."""
    return Draft(
        type=body["type"],
        id=body.get("id"),
        tenant=body.get("tenant"),
        message=body.get("message"),
        eta=moment("$.eta", body.get("eta")),
        expires_at=moment("$.expires_at", body.get("expires_at")),
        lease=_lease(body),
    )


def report(body: Mapping[str, Any]) -> Report:
    """Read what a worker says."""
    return Report(
        status=Status(body["status"]) if "status" in body else None,
        progress=body.get("progress"),
        message=body.get("message"),
        eta=moment("$.eta", body.get("eta")),
        expires_at=moment("$.expires_at", body.get("expires_at")),
        result=_result(body["result"]) if "result" in body else None,
        error=_failure(body["error"]) if "error" in body else None,
        lease=_lease(body),
    )


def event_body(event: Event) -> dict[str, Any]:
    """Tell one entry of a timeline."""
    return {
        "version": event.version,
        "at": _stamp(event.at),
        "status": event.status.value,
        "progress": event.progress,
        "message": event.message,
        "actor": event.actor,
    }


def gone_body(id: str, reason: str, at: datetime) -> dict[str, Any]:
    """Tell what became of a job that is no more."""
    return {"id": id, "reason": reason, "at": _stamp(at)}


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


def moment(field: str, text: str | None, location: str = "body") -> datetime | None:
    """Read an RFC 3339 time. The spec's format lets leap seconds and the year 0 pass, which no clock here has."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest.of(location, field, "format", "is not a time that a calendar has") from None
