"""What the eHealth services share: the envelope of every answer, and the gateway's errors.

Source: the eHealth API manifest, and the bodies that its gateway was seen to send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from jobstatus import errors
from jobstatus.answer import Answer, Request

from .wire import RETRY_AFTER, dumps

NO_TOKEN = "Authorization header is not set or doesn't contain Bearer token"  # noqa: S105  a message
BAD_TOKEN = "Invalid access token"  # noqa: S105  a message
USUAL = timedelta(seconds=60)
"""How long a job is said to take when nobody knows: what the real service says of every job."""
CANCELLED = "The job was cancelled"
LACKING = "Your scope does not allow to access this resource. Missing allowances: {}"


def gateway_failure(error: errors.JobstatusError) -> Answer:
    """Tell the errors that the gateway answers by itself, and server errors."""
    match error:
        case errors.Unauthenticated(missing=missing):
            challenge = {"WWW-Authenticate": "Bearer"}
            return replace(refusal(401, "access_denied", NO_TOKEN if missing else BAD_TOKEN), headers=challenge)
        case errors.Forbidden(permissions=lacking):
            return refusal(403, "forbidden", LACKING.format(", ".join(lacking)))
        case errors.MethodNotAllowed(allowed=allowed):
            return replace(refusal(405, "not_found"), headers={"Allow": ", ".join(allowed)})
        case errors.StoreUnavailable():
            return replace(refusal(503, "internal_error"), headers={"Retry-After": RETRY_AFTER})
        case _:
            return refusal(500, "internal_error")


def refusal(status: int, type: str, message: str | None = None) -> Answer:
    """Build an error, still without its envelope."""
    told = {"type": type} if message is None else {"type": type, "message": message}
    return Answer({"error": told}, status)


def complete(answer: Answer, request: Request) -> Answer:
    """Add `meta` beside `data` or `error`, and name the request that is answered."""
    headers = {**answer.headers, "X-Request-Id": request.id}
    if not isinstance(answer.body, Mapping):
        return replace(answer, headers=headers)
    meta = {"code": answer.status, "url": request.url, "type": "object", "request_id": request.id}
    return replace(answer, body={**answer.body, "meta": meta}, headers=headers)


def encode(body: Any) -> bytes:
    """Write JSON with its names in order, as the real services do."""
    return dumps(body, sort=True)
