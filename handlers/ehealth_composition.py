"""The eHealth composition job: `GET /api/patients/composition/job/{asyncJobId}`, also without `/api`.

Source: eHealth public documentation, "getAsyncJobStatus" of the compositions API.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from jobstatus import errors
from jobstatus.answer import Answer, Lasting, Request
from jobstatus.credential import Caller
from jobstatus.ids import canonical
from jobstatus.job import Job, Status
from jobstatus.service import JobService

from .envelope import (
    CANCELLED,
    LACKING,
    USUAL,
    admit,
    complete,
    encode,
    eta,
    gateway_failure,
    refusal,
    request_id,
)
from .times import millis
from .wire import divert, finish, variant

__all__ = [
    "EXTRA_METHODS",
    "STRICT_QUERY",
    "admit",
    "complete",
    "divert",
    "encode",
    "failure",
    "finish",
    "get_composition_job",
    "get_composition_job_at_root",
    "request_id",
    "variant",
]

EXTRA_METHODS = frozenset({"HEAD", "OPTIONS"})
STRICT_QUERY = False
RESOURCES = "eHealth/resources"

_STATUS = {
    Status.PENDING: "PENDING",
    Status.RUNNING: "PENDING",
    Status.CANCELLING: "PENDING",
    Status.SUCCEEDED: "DONE",
    Status.FAILED: "FAILED",
    Status.CANCELLED: "FAILED",
}


async def get_composition_job(service: JobService, caller: Caller, *, async_job_id: str) -> Lasting:
    """Give one job; its id is a UUID."""
    job = await service.get(caller, canonical(async_job_id))
    expected, put_off = _eta(job, eta(job), service.now())
    return Lasting(_answer, job, (expected,), edition=put_off)


get_composition_job_at_root = get_composition_job


def failure(error: errors.JobstatusError, request: Request) -> Answer:
    """Tell an error. The documentation has 401 where a scope is lacking; the gateway before the service has 403."""
    match error:
        case errors.Forbidden(permissions=lacking) if request.profile == "documented":
            challenge = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{" ".join(lacking)}"'}
            return replace(refusal(401, "access_denied", LACKING.format(", ".join(lacking))), headers=challenge)
        case errors.BadRequest():
            return refusal(400, "request_malformed", "Invalid request format")
        case errors.JobNotFound() | errors.JobGone():
            return refusal(404, "not_found", "Task not found")
        case errors.PathNotFound():
            return refusal(404, "not_found")
        case _:
            return gateway_failure(error)


def _answer(job: Job, eta: datetime) -> Answer:
    return Answer({"data": _data(job, eta)})


def _data(job: Job, eta: datetime) -> dict[str, Any]:
    data = {
        "id": job.id,
        "status": _STATUS[job.status],
        "eta": millis(eta),
        "links": _links(job),
    }
    return data | ({"error": _error(job)} if data["status"] == "FAILED" else {})


def _eta(job: Job, expected: datetime, now: datetime) -> tuple[datetime, int]:
    """Say when to ask again, of a job that has not ended never a time that is over; and how often that was put off.

    A job that takes longer than was thought gets another of the usual spans, as often as it takes. One that has ended
    keeps what was said last.
    """
    expected -= timedelta(microseconds=expected.microsecond % 1000)  # as it is written
    late = (job.ended_at or now) - expected
    put_off = 0 if late < timedelta() else late // USUAL + 1
    return expected + put_off * USUAL, put_off


def _links(job: Job) -> list[dict[str, str]]:
    if job.result is not None and job.result.links:
        return [{"entity": link.entity, "href": link.href} for link in job.result.links]
    return [{"entity": RESOURCES}]


def _error(job: Job) -> dict[str, Any]:
    if job.error is None:
        return {"code": None, "message": CANCELLED}
    return {"code": job.error.code, "message": job.error.message}
