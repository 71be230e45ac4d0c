"""One request on its way through the server, and what is learnt of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from starlette.requests import Request as HttpRequest

from jobstatus.answer import Contract, Request
from jobstatus.contract.spec import Operation
from jobstatus.credential import NOBODY, Caller

_REQUEST_ID = re.compile(r"[A-Za-z0-9._#~-]{1,128}")

current: ContextVar[Exchange] = ContextVar("exchange")
"""The exchange under way: how Connexion's stages, which share nothing else, find it."""


@dataclass(slots=True)
class Exchange:
    """What the stages find out, each adding its part."""

    http: HttpRequest
    contract: Contract
    request: Request
    operation: Operation | None = None
    caller: Caller | None = None
    limit: frozenset[str] | None = None
    """The permissions of the system that the caller calls through, if it calls through one."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    refusal: Exception | None = None
    """Why the caller was refused, once that is known."""

    def found(self, operation: Operation) -> None:
        """Note what is asked for."""
        self.operation = operation
        self.request = replace(self.request, operation=operation.id)
        if operation.public:
            self.become(NOBODY)

    def become(self, caller: Caller, cookies: tuple[str, ...] = ()) -> None:
        """Note who calls, and what it is to keep; a caller with a profile of its own is answered in that."""
        self.caller = caller
        self.request = replace(self.request, profile=caller.profile or self.request.profile, cookies=cookies)

    @property
    def known_operation(self) -> Operation:
        """Give the operation, in stages that stand behind its finding."""
        if self.operation is None:
            raise RuntimeError("no operation has been found yet")
        return self.operation

    @property
    def known_caller(self) -> Caller:
        """Give the caller, in stages that stand behind security."""
        if self.caller is None:
            raise RuntimeError("nobody has asked who calls yet")
        return self.caller


def describe(http: HttpRequest, contract: Contract, profile: str) -> Request:
    """Note the facts of a request that an answer may carry."""
    asked = http.headers.get("x-request-id", "")
    host = http.headers.get("host", "localhost")
    return Request(
        id=asked if _REQUEST_ID.fullmatch(asked) else contract.request_id(),
        method=http.method,
        path=http.scope["path"],
        url=f"{http.scope['scheme']}://{host}{quote(http.scope['path'])}",
        profile=profile,
        query=http.scope["query_string"].decode("latin-1"),
        headers=http.headers,
    )
