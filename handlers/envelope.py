"""What the eHealth services share: the envelope of every answer, and the gateway's errors.

Source: the eHealth API manifest, and the bodies that its gateway was seen to send. The gateway stands before the
services: what it refuses carries its own address with the query, a line feed at the end, and no character set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any
from uuid import uuid4

from jobstatus import errors
from jobstatus.answer import JSON, Answer, Request
from jobstatus.job import Job

from .wire import RETRY_AFTER, dumps

NO_TOKEN = "Authorization header is not set or doesn't contain Bearer token"  # noqa: S105  a message
BAD_TOKEN = "Invalid access token"  # noqa: S105  a message
TOO_MANY = "API rate limit exceeded"
USUAL = timedelta(seconds=60)
"""How long a job is said to take when nobody knows: what the real service says of every job."""
CANCELLED = "The job was cancelled"
LACKING = "Your scope does not allow to access this resource. Missing allowances: {}"
NOT_VALID = (
    "Validation failed. You can find validators description at our API Manifest: "
    "http://docs.apimanifest.apiary.io/#introduction/interacting-with-api/errors."
)
SHORT = 200
"""The most characters of an `Accept` that is remembered; few clients send more, and those could fill the memory."""
GATEWAYS = frozenset({401, 403, 429})
"""What the gateway answers by itself."""
_RANGES = (JSON, "application/*", "*/*", "*")
"""The media ranges that JSON is in, the most exact first; the last is what old Java clients send."""
_EXCLUDED = re.compile(r";\s*q\s*=\s*0(\.0*)?\s*(;|$)")
_NO_JSON = frozenset({"json", "required", "complete", "invalid"})
"""What is said of a body as a whole that cannot be read."""
_RULES = {
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), "length"),
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), "number"),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), "schemata"),
    **dict.fromkeys(("additionalProperties", "not"), "schema"),
    "type": "cast",
    "enum": "inclusion",
    "pattern": "format",
    "uniqueItems": "unique",
    "dependencies": "dependency",
}
"""What the API manifest calls the rules of JSON Schema, where it has another name."""
_SERVICE_HEADERS = {
    "Content-Type": f"{JSON}; charset=utf-8",
    "Cache-Control": "max-age=0, private, must-revalidate",
}
_worker = uuid4()
_requests = count(1)


def request_id() -> str:
    """Make an id as the gateway does: its worker's UUID, and how many requests that has seen."""
    return f"{_worker}#{next(_requests)}"


def admit(request: Request) -> None:
    """Refuse who takes no JSON."""
    accept = request.headers.get("accept")
    if accept and not (_known if len(accept) <= SHORT else _taken)(accept.lower()):
        raise errors.NotAcceptable("answers are application/json")


def eta(job: Job) -> datetime:
    """Say when a job is expected to end: as its producer says, or a minute after its creation.

    What the server reckons by itself is not told: the contract cannot say that it is an estimate.
    """
    return job.eta or job.created_at + USUAL


def gateway_failure(error: errors.JobstatusError) -> Answer:
    """Tell the errors that the gateway answers by itself, those of every body, and server errors."""
    match error:
        case errors.Unauthenticated(cause=cause):
            message = NO_TOKEN if cause is errors.Cause.MISSING else BAD_TOKEN
            return replace(refusal(401, "access_denied", message), headers={"WWW-Authenticate": "Bearer"})
        case errors.Forbidden(permissions=lacking):
            return refusal(403, "forbidden", LACKING.format(", ".join(lacking)))
        case errors.ForeignTenant():
            return refusal(403, "forbidden", "Access denied")
        case errors.TooManyRequests(retry_after=seconds):
            return replace(refusal(429, "too_many_requests", TOO_MANY), headers={"Retry-After": str(seconds)})
        case errors.NotAcceptable():
            return _wrong_header(406, "Accept", "The answer is application/json, which Accept excludes")
        case errors.UnsupportedMediaType():
            return _wrong_header(415, "Content-Type", "The body must be sent as application/json")
        case errors.PayloadTooLarge(limit=limit):
            return refusal(413, "request_too_large", f"The body is longer than {limit} bytes")
        case errors.MethodNotAllowed(allowed=allowed):
            return replace(refusal(405, "not_found"), headers={"Allow": ", ".join(allowed)})
        case errors.StoreUnavailable():
            return replace(refusal(503, "internal_error"), headers={"Retry-After": RETRY_AFTER})
        case _:
            return refusal(500, "internal_error")


def body_failure(error: errors.BadRequest) -> Answer:
    """Tell what is wrong with a body: 400 where it is no JSON, else 422 with each rule that it breaks."""
    if any(violation.field == "$" and violation.rule in _NO_JSON for violation in error.violations):
        invalid = [{"entry_type": "request", "rules": [{"rule": "json"}]}]
        return refusal(400, "request_malformed", str(error), invalid)
    return refusal(422, "validation_failed", NOT_VALID, [_entry(violation) for violation in error.violations])


def refusal(status: int, type: str, message: str | None = None, invalid: list[dict[str, Any]] | None = None) -> Answer:
    """Build an error, still without its envelope."""
    told: dict[str, Any] = {"type": type, "message": message, "invalid": invalid}
    return Answer({"error": {name: value for name, value in told.items() if value is not None}}, status)


def complete(answer: Answer, request: Request) -> Answer:
    """Add `meta` beside `data` or `error`, and name the request that is answered."""
    headers = {**answer.headers, "X-Request-Id": request.id}
    if answer.status == 304:
        headers["Cache-Control"] = _SERVICE_HEADERS["Cache-Control"]
    if not isinstance(answer.body, Mapping):
        return replace(answer, headers=headers)
    gateways = answer.status in GATEWAYS
    url = request.url + (f"?{request.query}" if gateways and request.query else "")
    meta = {"code": answer.status, "url": url, "type": "object", "request_id": request.id}
    return replace(
        answer, body={**answer.body, "meta": meta}, headers=headers if gateways else {**headers, **_SERVICE_HEADERS}
    )


def encode(body: Any) -> bytes:
    """Write JSON with its names in order, as the real services do."""
    return dumps(body, sort=True) + (b"\n" if body["meta"]["code"] in GATEWAYS else b"")


def _taken(accept: str) -> bool:
    """Tell whether JSON is in what a client accepts; the most exact of its ranges decides."""
    ranges = {part.partition(";")[0].strip(): _EXCLUDED.search(part) is None for part in accept.split(",")}
    return next((ranges[name] for name in _RANGES if name in ranges), False)


_known = lru_cache(256)(_taken)


def _wrong_header(status: int, name: str, message: str) -> Answer:
    return refusal(status, "content_type_invalid", message, [{"entry_type": "header", "entry": name}])


def _entry(violation: errors.Violation) -> dict[str, Any]:
    rule = {"rule": _rule(violation), "params": list(violation.params), "description": violation.message}
    return {"entry_type": "json_data_property", "entry": violation.field, "rules": [rule]}


def _rule(violation: errors.Violation) -> str:
    if violation.rule == "format" and violation.params == ("date-time",):
        return "datetime"
    return _RULES.get(violation.rule, violation.rule)
