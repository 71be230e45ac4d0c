"""Noting every exchange, with what of it the spec does not have: how a client is seen to keep to the contract.

It holds what crosses the wire to the spec once more, from outside: for tests, not for production. No value of a
request is noted but its method and path.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobstatus.contract.router import Router
from jobstatus.contract.spec import Document, Operation
from jobstatus.errors import MethodNotAllowed, PathNotFound

STANDARD = frozenset(
    {
        *("accept", "accept-charset", "accept-encoding", "accept-language", "authorization", "cache-control"),
        *("connection", "content-encoding", "content-length", "content-type", "cookie", "date", "expect", "host"),
        *("keep-alive", "pragma", "server", "set-cookie", "te", "trailer", "transfer-encoding", "user-agent", "vary"),
    }
)
"""Headers of HTTP itself, which a spec need not have (RFC 9110)."""


class Recorder:
    """Stands before the whole application and appends one line of JSON for each exchange to a file."""

    def __init__(self, app: ASGIApp, document: Document, file: Path) -> None:
        self._app = app
        self._document = document
        self._router = Router(document)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun: list[Message] = []

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
            await send(message)

        await self._app(scope, receive, noting)
        for message in begun:
            self._note(scope, message["status"], Headers(raw=message["headers"]))

    def _note(self, scope: Scope, status: int, answered: Headers) -> None:
        operation = self._operation(scope)
        line = {
            "method": scope["method"],
            "path": scope["path"],
            "operation": operation.id if operation else None,
            "status": status,
            "undocumented": sorted(self._undocumented(scope, operation, status, answered)),
        }
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _operation(self, scope: Scope) -> Operation | None:
        try:
            return self._router.match(scope["path"], scope["method"], frozenset({"HEAD"}))[0]
        except (PathNotFound, MethodNotAllowed):
            return None

    def _undocumented(self, scope: Scope, operation: Operation | None, status: int, answered: Headers) -> Iterator[str]:
        if operation is None:
            yield "operation"
            return
        yield from _unknown("query", {name for name, _ in _query(scope)}, operation, frozenset())
        yield from _unknown("header", set(Headers(scope=scope)), operation, STANDARD | self._credentials(operation))
        response = operation.responses.get(str(status))
        if response is None:
            yield f"status {status}"
            return
        known = {name.lower() for name in response.get("headers", {})} | STANDARD
        yield from (f"answer's header {name}" for name in set(answered) - known)
        media_type = answered.get("content-type", "").partition(";")[0]
        if media_type and media_type not in response.get("content", {}):
            yield f"media type {media_type}"

    def _credentials(self, operation: Operation) -> frozenset[str]:
        """Name the headers that carry a credential of the operation."""
        schemes: dict[str, Any] = self._document.raw["components"]["securitySchemes"]
        return frozenset(str(schemes[name].get("name", "authorization")).lower() for name in operation.schemes)


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def _unknown(place: str, names: set[str], operation: Operation, known: frozenset[str]) -> Iterator[str]:
    declared = {parameter["name"].lower() for parameter in operation.parameters if parameter["in"] == place}
    yield from (f"{place} {name}" for name in names if name.lower() not in declared | known)
