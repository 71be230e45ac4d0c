"""The eHealth job: `GET /api/jobs/{id}`, and a submission that begins one.

Source: eHealth public documentation, "Get async Job processing details", API-012-001-004-0416, and "Submit Encounter
Data Package". A job that failed is answered with 200; one that produced entities with 303, its links in the body and no
`Location`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from jobstatus import errors
from jobstatus.answer import Answer, Lasting, Request
from jobstatus.credential import EVERY_TENANT, Caller
from jobstatus.ids import canonical, object_id, object_number
from jobstatus.job import Failure, FailureKind, Job, Status
from jobstatus.service import Draft, JobService

from .ehealth_limit import limited
from .envelope import (
    CANCELLED,
    admit,
    body_failure,
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
    "get_ehealth_job",
    "request_id",
    "submit_encounter_package",
    "variant",
]

EXTRA_METHODS = frozenset({"HEAD", "OPTIONS"})
STRICT_QUERY = False
ENCOUNTER_PACKAGE = "encounterPackage"

_STATUS = {
    Status.PENDING: "pending",
    Status.RUNNING: "pending",
    Status.CANCELLING: "pending",
    Status.SUCCEEDED: "processed",
    Status.FAILED: "failed",
    Status.CANCELLED: "failed",
}
_CODES = frozenset({403, 404, 409, 422, 500})
_TYPES = {409: "request_conflict", 422: "validation_failed", 500: "internal_error"}


async def get_ehealth_job(service: JobService, caller: Caller, *, id: str, profile: str) -> Lasting:
    """Give one job; its id may be spelt as 24 hexadecimal digits."""
    job = await _find(service, caller, id)
    return Lasting(_answer, job, (profile == "deployed",), status=_http_status(job))


async def submit_encounter_package(
    service: JobService, caller: Caller, *, patient_id: str, body: Mapping[str, Any], profile: str
) -> Answer:
    """Accept a package: the job that processes it is told as pending.

    The same package again, while its job has not ended, is that job. The package itself is not kept.
    """
    if caller.tenant == EVERY_TENANT:  # the contract has no way to say whose package it is
        raise errors.ForeignTenant(EVERY_TENANT)
    content = json.dumps([canonical(patient_id), body], sort_keys=True).encode()
    draft = Draft(type=ENCOUNTER_PACKAGE, work=hashlib.sha256(content).hexdigest())
    job, _ = await service.submit(caller, draft)
    return Answer({"data": _data(job, profile == "deployed")}, 202, job=job)


def failure(error: errors.JobstatusError, request: Request) -> Answer:
    """Tell an error; whatever is wrong with an id, there is no such job."""
    match error:
        case errors.BadRequest(violations=violations) if any(v.location == "body" for v in violations):
            return body_failure(error)
        case errors.JobNotFound() | errors.JobGone() | errors.PathNotFound() | errors.BadRequest():
            return refusal(404, "not_found")
        case _:
            return gateway_failure(error)


async def _find(service: JobService, caller: Caller, id: str) -> Job:
    """Read by the id as its producer chose it, and only then as one made of the job's number."""
    try:
        return await service.get(caller, canonical(id))
    except errors.JobNotFound:
        number = object_number(id)
        if number is None:
            raise
    job = await service.get(caller, number)
    if object_id(job) != id:
        raise errors.JobNotFound(id)
    return job


def _http_status(job: Job) -> int:
    linked = job.status is Status.SUCCEEDED and (job.result is None or job.result.response_data is None)
    return 303 if linked else 200


def _answer(job: Job, deployed: bool) -> Answer:
    return Answer({"data": _data(job, deployed)}, _http_status(job))


def _data(job: Job, deployed: bool) -> dict[str, Any]:
    data: dict[str, Any] = {"status": _word(job, deployed), "eta": millis(eta(job))}
    match job.status:
        case Status.SUCCEEDED:
            return data | _outcome(job) | _code(200, deployed)
        case Status.FAILED | Status.CANCELLED:
            code = _failure_code(job.error)
            return data | {"error": _error(job.error, code)} | _code(code, deployed)
        case _:
            href = f"/{'jobs' if deployed else 'Jobs'}/{object_id(job)}"
            return data | {"links": [{"entity": "job", "href": href}]}


def _word(job: Job, deployed: bool) -> str:
    crashed = job.error is not None and job.error.kind is not FailureKind.USER and _failure_code(job.error) == 500
    return "failed_with_error" if deployed and crashed else _STATUS[job.status]


def _outcome(job: Job) -> dict[str, Any]:
    if job.result is not None and job.result.response_data is not None:
        return {"response_data": job.result.response_data}
    links = job.result.links if job.result is not None else ()
    return {"links": [{"entity": link.entity, "href": link.href} for link in links]}


def _code(code: int, deployed: bool) -> dict[str, Any]:
    return {"status_code": code if deployed else str(code)}


def _failure_code(error: Failure | None) -> int:
    """Choose the code of a failure: its own, if the contract has it, else by whose fault it was."""
    if error is None:
        return 409
    if error.http_status in _CODES:
        return error.http_status
    if error.kind is not FailureKind.USER:
        return 500
    return 422 if error.invalid else 409


def _error(error: Failure | None, code: int) -> Any:
    if error is None:
        return {"type": _TYPES[code], "message": CANCELLED}
    if code not in _TYPES and not error.type:
        return limited(error.message)
    told: dict[str, Any] = {"type": error.type or _TYPES[code], "message": error.message}
    return limited(told | ({"invalid": list(error.invalid)} if code == 422 else {}))
