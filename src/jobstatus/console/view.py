"""What the pages may ask of the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import uuid4

from jobstatus.answer import Request
from jobstatus.contract.engine import Engine, Rendered
from jobstatus.contract.router import Router
from jobstatus.contract.spec import Document, Operation
from jobstatus.contract.stages import permit
from jobstatus.credential import Caller, Credential
from jobstatus.errors import Cause, JobstatusError, Unauthenticated
from jobstatus.security.gate import Gate
from jobstatus.settings import Settings

T = TypeVar("T")
PATIENCE = 10.0
"""Seconds that a page waits for the server."""


@dataclass(frozen=True, slots=True)
class Poll:
    """One contract's answer for a job."""

    contract: str
    path: str
    status: int
    body: str

    @property
    def phrase(self) -> str:
        """Name the status."""
        return HTTPStatus(self.status).phrase


class View:
    """The server as the pages see it. Its methods block, and are called from the pages' threads alone."""

    def __init__(self, engine: Engine, gate: Gate, settings: Settings) -> None:
        self.settings = settings
        self._loop: asyncio.AbstractEventLoop | None = None
        self._engine = engine
        self._gate = gate
        self._router = Router(engine.document)

    @property
    def document(self) -> Document:
        """Give the spec."""
        return self._engine.document

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the loop that the server runs on."""
        self._loop = loop

    def admit(self, token: str) -> Credential:
        """Give the credential of *token*, if that is enough by itself. Raises `Unauthenticated`."""
        credential = self._wait(self._gate.admit(token))
        if not credential.stands_alone:
            raise Unauthenticated(Cause.UNKNOWN)
        return credential

    def recognise(self, digest: bytes) -> Credential | None:
        """Give the credential with this digest, if it is still valid."""
        return self._wait(self._gate.recognise(digest))

    def polls(self, caller: Caller, id: str, host: str) -> list[Poll]:
        """Poll one job in every contract, as if under the URL *host*. Raises `JobNotFound` and `JobGone`."""
        return self._wait(self._polls(caller, id, host))

    async def _polls(self, caller: Caller, id: str, host: str) -> list[Poll]:
        operation, arguments = self._router.locate(f"/jobs/{id}")
        request = self._request(caller, f"/jobs/{id}", host, operation)
        native = await self._engine.perform(operation, caller, request, arguments)
        return [
            Poll(link["contract"], link["href"], answer.status, _pretty(answer.body))
            for link in json.loads(native.body)["links"]
            for answer in [await self._poll(caller, link["href"], host)]
        ]

    async def _poll(self, caller: Caller, path: str, host: str) -> Rendered:
        """Poll as the caller would, and be refused as the caller would be."""
        operation, arguments = self._router.locate(path)
        request = self._request(caller, path, host, operation)
        try:
            permit(operation, caller, request.profile)
            return await self._engine.perform(operation, caller, request, arguments)
        except JobstatusError as error:
            return self._engine.refuse(error, self._engine.contracts[operation.contract], request, operation)

    def _request(self, caller: Caller, path: str, host: str, operation: Operation) -> Request:
        return Request(
            id=str(uuid4()),
            method="GET",
            path=path,
            url=host.rstrip("/") + path,
            profile=caller.profile or self.settings.profile(operation.contract),
            operation=operation.id,
        )

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            work.close()
            raise RuntimeError("the pages have not been started")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)


def _pretty(body: bytes) -> str:
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
