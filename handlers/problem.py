"""Errors as problem details (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from jobstatus import errors
from jobstatus.answer import Answer, Request

from .times import micros
from .wire import RETRY_AFTER

MEDIA_TYPE = "application/problem+json"

_PROBLEMS: dict[type[errors.JobstatusError], tuple[HTTPStatus, str]] = {
    errors.BadRequest: (HTTPStatus.BAD_REQUEST, "The request is not valid"),
    errors.PayloadTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too long"),
    errors.UnsupportedMediaType: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The media type is not supported"),
    errors.PathNotFound: (HTTPStatus.NOT_FOUND, "There is no such path"),
    errors.MethodNotAllowed: (HTTPStatus.METHOD_NOT_ALLOWED, "The method is not allowed"),
    errors.Unauthenticated: (HTTPStatus.UNAUTHORIZED, "A valid credential is needed"),
    errors.Forbidden: (HTTPStatus.FORBIDDEN, "The credential does not allow this"),
    errors.ForeignTenant: (HTTPStatus.FORBIDDEN, "The tenant is not the credential's"),
    errors.TooManyRequests: (
        HTTPStatus.TOO_MANY_REQUESTS,
        "Request cannot be satisfied as assigned quota has been exceeded",
    ),
    errors.JobNotFound: (HTTPStatus.NOT_FOUND, "There is no such job"),
    errors.JobGone: (HTTPStatus.GONE, "The job is gone"),
    errors.TransitionRefused: (HTTPStatus.CONFLICT, "The job's life does not allow this change"),
    errors.DuplicateId: (HTTPStatus.CONFLICT, "The id is taken"),
    errors.VersionMismatch: (HTTPStatus.PRECONDITION_FAILED, "The job is at another version"),
    errors.StoreUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "The store cannot answer now"),
}
_TOLD = ("location", "field", "rule", "message")
"""What is told of a violation."""
_REGISTERED: dict[type[errors.JobstatusError], str] = {
    errors.TooManyRequests: "https://iana.org/assignments/http-problem-types#quota-exceeded",
}
"""Types that are not ours alone; their titles are not either."""
_UNKNOWN = (HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed")


def slug(kind: type[errors.JobstatusError]) -> str:
    """Name a problem type: `JobNotFound` becomes `job-not-found`."""
    name = kind.__name__
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


def answer(error: errors.JobstatusError, request: Request) -> Answer:
    """Tell an error as problem details, with the headers that its status asks for."""
    kind = next((kind for kind in type(error).__mro__ if kind in _PROBLEMS), type(error))
    status, title = _PROBLEMS.get(kind, _UNKNOWN)
    known = kind in _PROBLEMS
    body: dict[str, Any] = {
        "type": _REGISTERED.get(kind, f"/problems/{slug(kind)}") if known else "/problems/server-error",
        "title": title,
        "status": status.value,
        "detail": _detail(error) if known else "The request was not carried out; its id is in the server's log.",
        "instance": quote(request.path),
        "request_id": request.id,
    }
    if isinstance(error, errors.JobGone):
        body[f"{error.reason}_at"] = micros(error.at)
    if isinstance(error, errors.BadRequest):
        body["violations"] = [{name: getattr(violation, name) for name in _TOLD} for violation in error.violations]
    if isinstance(error, errors.TooManyRequests):
        body["violated-policies"] = [error.policy.name]
    return Answer(body, status.value, _headers(error), MEDIA_TYPE)


def _detail(error: errors.JobstatusError) -> str:
    """Leave what a driver said to the log: it may tell of the inside."""
    return "Try again later." if isinstance(error, errors.StoreUnavailable) else str(error)


def _headers(error: errors.JobstatusError) -> dict[str, str]:
    match error:
        case errors.Unauthenticated(cause=cause):
            missing = cause is errors.Cause.MISSING
            return {"WWW-Authenticate": "Bearer" if missing else 'Bearer error="invalid_token"'}
        case errors.Forbidden(permissions=permissions) if permissions:
            wanted = " ".join(permissions)
            return {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{wanted}"'}
        case errors.MethodNotAllowed(allowed=allowed):
            return {"Allow": ", ".join(allowed)}
        case errors.TooManyRequests(retry_after=seconds):
            return {"Retry-After": str(seconds)}
        case errors.StoreUnavailable():
            return {"Retry-After": RETRY_AFTER}
        case _:
            return {}
