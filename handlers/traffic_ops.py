"""Apache Traffic Ops: `GET /api/{version}/async_status/{id}`.

Source: Traffic Control documentation, Traffic Ops API, `async_status/{id}`; what shipped servers do otherwise is the
profile `deployed`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from typing import Any

from jobstatus import errors
from jobstatus.answer import Answer, Request
from jobstatus.credential import Caller
from jobstatus.job import Job, Status
from jobstatus.service import JobService

from .times import trimmed
from .wire import dumps

EXTRA_METHODS: frozenset[str] = frozenset()
STRICT_QUERY = False

_STATUS = {
    Status.PENDING: "PENDING",
    Status.RUNNING: "PENDING",
    Status.CANCELLING: "PENDING",
    Status.SUCCEEDED: "SUCCEEDED",
    Status.FAILED: "FAILED",
    Status.CANCELLED: "FAILED",
}
_NOT_AN_INTEGER = "getting integer parameters: parameter 'id' not an integer"
_UNIMPLEMENTED = (
    "The requested api version is not implemented by this server. If you are using a newer client with an older "
    "server, you will need to use an older client version or upgrade your server."
)
_KNOWN_VERSION = re.compile(r"/api/(3\.[01]|4\.[01]|5\.0)(\.[^/]*)?(/.*)?", re.DOTALL)
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_COMMON_HEADERS = {
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Headers": "Origin, X-Requested-With, Content-Type, Accept, Set-Cookie, Cookie",
    "Access-Control-Allow-Methods": "POST,GET,OPTIONS,PUT,DELETE",
    "Access-Control-Allow-Origin": "*",
    "Permissions-Policy": "interest-cohort=()",
    "Vary": "Accept-Encoding",
    "X-Server-Name": f"traffic_ops_golang/{version('jobstatus')}",
}


async def get_async_status(service: JobService, caller: Caller, *, version: str, id: str) -> Answer:
    """Give one job by its number. All versions answer alike."""
    job = await service.get(caller, _number(id))
    deployed = caller.profile == "deployed"
    return Answer({"response": _deployed(job)} if deployed else _documented(job))


def failure(error: errors.JobstatusError, request: Request) -> Answer:
    """Tell an error as alerts, in the words of the real server."""
    match error:
        case errors.BadRequest():
            return _alert(400, _NOT_AN_INTEGER)
        case errors.Unauthenticated():
            return replace(_alert(401, "unauthorized, please log in."), headers={"WWW-Authenticate": "Bearer"})
        case errors.Forbidden(permissions=lacking):
            return _alert(403, f"missing required Permissions: {', '.join(lacking)}" if lacking else "Forbidden.")
        case errors.JobNotFound() | errors.JobGone():
            return _alert(404, "Not Found")
        case errors.PathNotFound() | errors.MethodNotAllowed():
            return _no_path(request.path)
        case _:
            return _alert(500, "Internal Server Error")


def complete(answer: Answer, request: Request) -> Answer:
    """Add the headers that the real server puts on every answer."""
    digest = base64.b64encode(hashlib.sha512(encode(answer.body)).digest()).decode("ascii")
    own = {"Whole-Content-Sha512": digest, "X-Request-Id": request.id}
    return replace(answer, headers={**_COMMON_HEADERS, **answer.headers, **own})


def encode(body: Any) -> bytes:
    """Write JSON as Go does: what HTML gives a meaning is escaped, and a line ends it."""
    text = dumps(body).decode("utf-8")
    return re.sub("[<>&\u2028\u2029]", lambda match: _HTML[match[0]], text).encode("utf-8") + b"\n"


def _number(id: str) -> int:
    """Read an id as the real server does: one `.json` at its end is dropped, the rest is a 64-bit integer."""
    number = int(id.removesuffix(".json"))
    if not -(2**63) <= number < 2**63:
        raise errors.BadRequest.of("path", "id", "maximum", "is not a 64-bit integer")
    return number


def _documented(job: Job) -> dict[str, Any]:
    body: dict[str, Any] = {
        "response": {
            "id": job.number,
            "status": _STATUS[job.status],
            "start_time": trimmed(job.created_at),
            "end_time": _end(job.ended_at),
            "message": _message(job),
        }
    }
    if _STATUS[job.status] == "FAILED":
        body["alerts"] = [{"text": _message(job) or "The job was cancelled.", "level": "error"}]
    return body


def _deployed(job: Job) -> dict[str, Any]:
    members = _documented(job)["response"]
    return {name: value for name, value in members.items() if value is not None}


def _message(job: Job) -> str | None:
    return job.message if job.error is None else job.error.message


def _end(at: datetime | None) -> str | None:
    return None if at is None else trimmed(at)


def _no_path(path: str) -> Answer:
    if path == "/api" or (path.startswith("/api/") and not _KNOWN_VERSION.fullmatch(path)):
        return Answer({"alerts": [{"level": "error", "text": _UNIMPLEMENTED}]}, 501)
    return _alert(404, f"The requested path '{path}' does not exist.")


def _alert(status: int, text: str) -> Answer:
    return Answer({"alerts": [{"text": text, "level": "error"}]}, status)
