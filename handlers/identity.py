"""The identity service that IMS clients log in at: `POST /v3/auth/tokens`, and `GET /v3`, which they look at first.

Source: OpenStack Identity API, version 3, "Token authentication with scoped authorization". A project is a tenant; its
id is its name as well. Whoever names no project gets a token for the credential's own.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from jobstatus import errors
from jobstatus.answer import Answer, Request
from jobstatus.credential import Caller
from jobstatus.login import Issued, Tokens

from .times import micros
from .wire import RETRY_AFTER, admit, complete, divert, encode, finish, variant

__all__ = [
    "EXTRA_METHODS",
    "STRICT_QUERY",
    "admit",
    "complete",
    "create_identity_token",
    "divert",
    "encode",
    "failure",
    "finish",
    "request_id",
    "show_identity_version",
    "variant",
]

EXTRA_METHODS = frozenset({"HEAD", "OPTIONS"})
STRICT_QUERY = False
DOMAIN = {"id": "default", "name": "Default"}
_REFUSED = "The request you have made requires authentication."


async def create_identity_token(
    tokens: Tokens, caller: Caller, *, body: Mapping[str, Any], request: Request, nocatalog: str | None = None
) -> Answer:
    """Issue a token to who shows a password or a token."""
    identity = body["auth"]["identity"]
    project = _project(body["auth"].get("scope"))
    issued = await _issue(tokens, identity, project)
    token = _token(issued)
    if issued.project is not None and nocatalog is None:
        token["catalog"] = _catalog(_base(request), tokens.region)
    return Answer({"token": token}, 201, {"X-Subject-Token": issued.token, "Vary": "X-Auth-Token"})


async def show_identity_version(tokens: Tokens, caller: Caller, *, request: Request) -> Answer:
    """Tell which version of the API this is, and where."""
    version = {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": f"{_base(request)}/v3/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    }
    return Answer({"version": version})


def request_id() -> str:
    """Make an id as OpenStack does."""
    return f"req-{uuid4()}"


def failure(error: errors.JobstatusError, request: Request) -> Answer:
    """Tell an error in the identity service's form."""
    match error:
        case errors.Unauthenticated() | errors.ForeignTenant() | errors.Forbidden():
            return replace(_error(401, _REFUSED), headers={"WWW-Authenticate": 'Keystone uri="/v3"'})
        case errors.BadRequest(violations=violations):
            return _error(400, "; ".join(map(_told, violations[:5])))
        case errors.PathNotFound():
            return _error(404, "The resource could not be found.")
        case errors.MethodNotAllowed(allowed=allowed):
            return replace(_error(405, "The method is not allowed."), headers={"Allow": ", ".join(allowed)})
        case errors.PayloadTooLarge():
            return _error(413, "The body is too long.")
        case errors.UnsupportedMediaType():
            return _error(415, "The body must be sent as application/json.")
        case errors.StoreUnavailable():
            return replace(_error(503, "The server cannot answer now."), headers={"Retry-After": RETRY_AFTER})
        case _:
            return _error(500, "An unexpected error prevented the server from fulfilling your request.")


async def _issue(tokens: Tokens, identity: Mapping[str, Any], project: str | None) -> Issued:
    if identity["methods"] == ["token"]:
        return await tokens.by_token(identity["token"]["id"], project)
    user = identity["password"]["user"]
    return await tokens.by_password(user.get("name") or user.get("id", ""), user["password"], project)


def _project(scope: Any) -> str | None:
    if not isinstance(scope, Mapping):
        return None
    if "project" not in scope:
        raise errors.BadRequest.of("body", "$.auth.scope", "required", "only projects can be named")
    named: str = scope["project"].get("id") or scope["project"]["name"]
    return named


def _told(violation: errors.Violation) -> str:
    """Say which rule a place breaks, but nothing of the value: a password may be in it."""
    return (
        f"{violation.field}: {violation.message if violation.rule == 'json' else f'breaks the rule {violation.rule}'}"
    )


def _token(issued: Issued) -> dict[str, Any]:
    caller = issued.caller
    token: dict[str, Any] = {
        "methods": list(issued.methods),
        "user": {"id": caller.id.replace("-", ""), "name": caller.name, "domain": DOMAIN, "password_expires_at": None},
        "audit_ids": [_audit_id(issued.token)],
        "issued_at": micros(issued.issued_at),
        "expires_at": micros(issued.expires_at),
    }
    if issued.project is not None:
        token["project"] = {"id": issued.project, "name": issued.project, "domain": DOMAIN}
        token["is_domain"] = False
        token["roles"] = [{"id": role, "name": role} for role in sorted(caller.roles)]
    return token


def _audit_id(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).decode().rstrip("=")


def _catalog(base: str, region: str) -> list[dict[str, Any]]:
    return [_service("image", "ims", base, region), _service("identity", "iam", f"{base}/v3", region)]


def _service(type: str, name: str, url: str, region: str) -> dict[str, Any]:
    endpoint = {"id": f"{name}-{region}", "interface": "public", "region": region, "region_id": region, "url": url}
    return {"id": name, "type": type, "name": name, "endpoints": [endpoint]}


def _base(request: Request) -> str:
    """Give the server's own address, as the client called it."""
    return request.url.removesuffix(request.path).rstrip("/")


def _error(status: int, message: str) -> Answer:
    title = HTTPStatus(status).phrase
    return Answer({"error": {"code": status, "message": message, "title": title}}, status)
