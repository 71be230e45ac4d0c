"""Apache Traffic Ops: `GET /api/{version}/async_status/{id}`, and the calls that begin such jobs.

Source: Traffic Control documentation, Traffic Ops API, `async_status/{id}`; what shipped servers do otherwise is the
profile `deployed`.
"""

from __future__ import annotations

from typing import Any

from jobstatus.answer import Answer, Lasting
from jobstatus.credential import EVERY_TENANT, Caller
from jobstatus.errors import BadRequest, ForeignTenant
from jobstatus.job import Job, Status
from jobstatus.service import Draft, JobService

from .times import trimmed
from .traffic_ops_errors import admit, divert, failure
from .traffic_ops_login import (
    create_traffic_ops_session,
    create_traffic_ops_session_by_token,
    delete_traffic_ops_session,
    ping_traffic_ops,
)
from .traffic_ops_wire import complete, encode, finish, variant
from .wire import request_id

__all__ = [
    "EXTRA_METHODS",
    "STRICT_QUERY",
    "admit",
    "complete",
    "create_traffic_ops_session",
    "create_traffic_ops_session_by_token",
    "delete_traffic_ops_session",
    "divert",
    "encode",
    "failure",
    "finish",
    "get_async_status",
    "ping_traffic_ops",
    "refresh_dnssec_keys",
    "renew_certificates",
    "request_id",
    "variant",
]

EXTRA_METHODS: frozenset[str] = frozenset()
STRICT_QUERY = False
ACME = "acmeAutorenew"
DNSSEC = "dnssecRefresh"

_STATUS = {
    Status.PENDING: "PENDING",
    Status.RUNNING: "PENDING",
    Status.CANCELLING: "PENDING",
    Status.SUCCEEDED: "SUCCEEDED",
    Status.FAILED: "FAILED",
    Status.CANCELLED: "FAILED",
}
_WHERE = " This may take a few minutes. Status updates can be found here: "
_RENEWING = "Beginning async call to renew certificates." + _WHERE
_REFRESHING = "Starting DNSSEC key refresh in the background." + _WHERE
_REFRESHING_ALREADY = "the server is already executing a DNSSEC refresh"


async def get_async_status(service: JobService, caller: Caller, *, version: str, id: str, profile: str) -> Lasting:
    """Give one job by its number. All versions answer alike."""
    return Lasting(_deployed if profile == "deployed" else _documented, await service.get(caller, _number(id)))


async def renew_certificates(service: JobService, caller: Caller, *, version: str, profile: str) -> Answer:
    """Begin the renewal of all certificates that are due."""
    _of_one_tenant(caller)
    job = await service.create(caller, Draft(type=ACME, message="ACME async job has started."))
    where = _where(profile, version, job.number)
    return _begun(_RENEWING + where, where, job)


async def refresh_dnssec_keys(service: JobService, caller: Caller, *, version: str, profile: str) -> Answer:
    """Begin a refresh of the DNSSEC keys, unless one is under way.

    The shipped server then leads to a job 0, which there never is; the documented profile leads to the one under way.
    """
    _of_one_tenant(caller)
    job, new = await service.submit(caller, Draft(type=DNSSEC, message="DNSSEC refresh started", work="refresh"))
    where = _where(profile, version, 0 if profile == "deployed" and not new else job.number)
    return _begun(_REFRESHING + where if new else _REFRESHING_ALREADY, where, job)


def _of_one_tenant(caller: Caller) -> None:
    """Refuse an operator: these calls have no way to say whose the job is to be."""
    if caller.tenant == EVERY_TENANT:
        raise ForeignTenant(EVERY_TENANT)


def _begun(text: str, where: str, job: Job) -> Answer:
    return Answer({"alerts": [{"text": text, "level": "success"}]}, 202, {"Location": where}, job=job)


def _where(profile: str, version: str, number: int) -> str:
    return f"/api/{'4.0' if profile == 'deployed' else version}/async_status/{number}"


def _number(id: str) -> int:
    """Read an id as the real server does: one `.json` at its end is dropped, the rest is a 64-bit integer."""
    number = int(id.removesuffix(".json"))
    if not -(2**63) <= number < 2**63:
        raise BadRequest.of("path", "id", "maximum", "is not a 64-bit integer")
    return number


def _documented(job: Job) -> Answer:
    body: dict[str, Any] = {"response": _response(job)}
    if _STATUS[job.status] == "FAILED":
        body["alerts"] = [{"text": _message(job) or "The job was cancelled.", "level": "error"}]
    return Answer(body)


def _deployed(job: Job) -> Answer:
    return Answer({"response": {name: value for name, value in _response(job).items() if value is not None}})


def _response(job: Job) -> dict[str, Any]:
    return {
        "id": job.number,
        "status": _STATUS[job.status],
        "start_time": trimmed(job.created_at),
        "end_time": trimmed(job.ended_at) if job.ended_at else None,
        "message": _message(job),
    }


def _message(job: Job) -> str | None:
    return job.message if job.error is None else job.error.message
