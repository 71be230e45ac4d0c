"""Open Telekom Cloud IMS: `GET /v1/{project_id}/jobs/{job_id}`, and its sibling `GET /v1/cloudimages/job/{job_id}`.

Source: Image Management Service API reference, "Asynchronous Job Query" and "Querying the Progress of an Asynchronous
Job"; what newer pages and real clients do otherwise is the profile `deployed`. Errors of the gateway before the service
are flat, the service's own are nested.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from jobstatus import errors
from jobstatus.answer import Answer, Lasting, Request
from jobstatus.credential import Caller
from jobstatus.errors import Cause
from jobstatus.ids import canonical, hex32, new_request_id
from jobstatus.job import Job, Status
from jobstatus.service import JobService

from .times import english, millis
from .wire import RETRY_AFTER, admit, complete, divert, encode, finish, variant

__all__ = [
    "EXTRA_METHODS",
    "STRICT_QUERY",
    "admit",
    "complete",
    "divert",
    "encode",
    "failure",
    "finish",
    "request_id",
    "show_ims_job",
    "show_ims_job_progress",
    "variant",
]

EXTRA_METHODS = frozenset({"HEAD", "OPTIONS"})
STRICT_QUERY = False

_STATUS = {
    Status.PENDING: "INIT",
    Status.RUNNING: "RUNNING",
    Status.CANCELLING: "RUNNING",
    Status.SUCCEEDED: "SUCCESS",
    Status.FAILED: "FAIL",
    Status.CANCELLED: "FAIL",
}
_CODE = re.compile(r"IMG\.[0-9]{4}")
_UNKNOWN_ERROR = "IMG.0061"
_DEPLOYED_ENTITIES = ("image_id", "image_name", "current_task", "results", "sub_jobs_result", "sub_jobs_list")
_BAD_AUTHENTICATION = "Incorrect IAM authentication information: "


async def show_ims_job(service: JobService, caller: Caller, *, project_id: str, job_id: str, profile: str) -> Lasting:
    """Give one job of the credential's own project."""
    if not caller.sees(project_id):
        raise errors.ForeignTenant(project_id)
    job = await service.get(caller, canonical(job_id))
    if job.tenant != project_id:
        raise errors.JobNotFound(job_id)
    return Lasting(_answer, job, (profile == "deployed",))


async def show_ims_job_progress(service: JobService, caller: Caller, *, job_id: str) -> Lasting:
    """Give one job of the credential's project; only newer pages have this call, so both profiles are theirs."""
    job = await service.get(caller, canonical(job_id))
    return Lasting(_answer, job, (True,))


def request_id() -> str:
    """Make an id as the gateway does: 32 hexadecimal digits."""
    return new_request_id().replace("-", "")


def failure(error: errors.JobstatusError, request: Request) -> Answer:
    """Tell an error: flat where the gateway would refuse, nested where the service would."""
    match error:
        case errors.Unauthenticated():
            challenged = {"WWW-Authenticate": 'Keystone uri="/v3"'}
            text = _BAD_AUTHENTICATION + _stranger(error)
            return replace(_flat(401, "APIGW.0301", text, request), headers=challenged)
        case errors.Forbidden():
            return _flat(403, "APIGW.0302", "The credential is not allowed to call this API.", request)
        case errors.TooManyRequests(retry_after=seconds):
            refused = _flat(429, "APIGW.0308", "The throttling threshold has been reached.", request)
            return replace(refused, headers={"Retry-After": str(seconds)})
        case errors.PathNotFound():
            text = "The API does not exist or has not been published in the environment."
            return _flat(404, "APIGW.0101", text, request)
        case errors.MethodNotAllowed():
            return _flat(404, "APIGW.0101", "The API does not exist.", request)
        case errors.ForeignTenant():
            return _nested(400, "IMG.0030", "The project ID and token in the request are invalid.")
        case errors.BadRequest() | errors.JobNotFound() | errors.JobGone():
            return _nested(400, "IMG.0023", "An exception occurred during task query.")
        case errors.StoreUnavailable():
            return replace(_nested(503, _UNKNOWN_ERROR, "Unknown system error."), headers={"Retry-After": RETRY_AFTER})
        case _:
            return _nested(500, _UNKNOWN_ERROR, "Unknown system error.")


def _stranger(error: errors.Unauthenticated) -> str:
    match error.cause:
        case Cause.MISSING:
            return "x-auth-token not found"
        case Cause.EXPIRED if error.detail:
            return f"token expires, expires_at: {error.detail}"
        case Cause.NO_KEY:
            return f"ak {error.detail} not exist"
        case Cause.BAD_SIGNATURE | Cause.BAD_DATE:
            return "verify aksk signature fail"
        case _:
            return "decrypt token fail"


def _answer(job: Job, newer: bool) -> Answer:
    return Answer(_body(job, newer=newer))


def _body(job: Job, *, newer: bool) -> dict[str, Any]:
    failed = _STATUS[job.status] == "FAIL"
    return {
        "status": _STATUS[job.status],
        "entities": _entities(job, newer) | (_failure_entities(job) if failed else {}),
        "job_id": hex32(job),
        "job_type": job.type,
        "begin_time": _time(job.started_at or job.created_at, newer),
        "end_time": _time(job.ended_at, newer),
        "error_code": _error_code(job) if failed else None,
        "fail_reason": _reason(job) if failed else None,
    }


def _entities(job: Job, newer: bool) -> dict[str, Any]:
    known = job.result.entities if job.result is not None else {}
    names = _DEPLOYED_ENTITIES if newer else ("image_id",)
    entities = {name: known[name] for name in names if name in known}
    if newer and job.progress is not None:
        entities["process_percent"] = job.progress / 100
    return entities


def _failure_entities(job: Job) -> dict[str, Any]:
    return {"error_code": _error_code(job), "error": _reason(job)}


def _error_code(job: Job) -> str:
    code = job.error.code if job.error is not None else None
    return code if code is not None and _CODE.fullmatch(code) else _UNKNOWN_ERROR


def _reason(job: Job) -> str:
    return "The job was cancelled." if job.error is None else job.error.message


def _time(at: datetime | None, newer: bool) -> str:
    if at is None:
        return ""
    return millis(at) if newer else english(at)


def _nested(status: int, code: str, message: str) -> Answer:
    return Answer({"error": {"message": message, "code": code}}, status)


def _flat(status: int, code: str, message: str, request: Request) -> Answer:
    return Answer({"error_msg": message, "error_code": code, "request_id": request.id}, status)
