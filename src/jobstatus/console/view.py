"""What the pages may ask of the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from jobstatus.contract.engine import Engine
from jobstatus.contract.exchange import Exchange
from jobstatus.contract.permission import permit
from jobstatus.contract.router import Router
from jobstatus.contract.spec import Document, Operation
from jobstatus.contract.template import Rendered
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
        exchange = self._exchange(caller, f"/jobs/{id}", host, operation)
        native = await self._engine.perform(exchange, arguments)
        return [
            Poll(link["contract"], link["href"], answer.status, _pretty(answer.body))
            for link in json.loads(native.body)["links"]
            for answer in [await self._poll(caller, link["href"], host)]
        ]

    async def _poll(self, caller: Caller, path: str, host: str) -> Rendered:
        """Poll as the caller would, and be refused as the caller would be."""
        operation, arguments = self._router.locate(path)
        exchange = self._exchange(caller, path, host, operation)
        try:
            permit(operation, caller, exchange.profile)
            return await self._engine.perform(exchange, arguments)
        except JobstatusError as error:
            return self._engine.refuse(error, exchange)

    def _exchange(self, caller: Caller, path: str, host: str, operation: Operation) -> Exchange:
        """Make up the request that the caller would send."""
        scheme, _, name = host.rstrip("/").partition("://")
        headers = [(b"host", name.encode("latin-1"))]
        scope = {"method": "GET", "path": path, "query_string": b"", "scheme": scheme, "headers": headers}
        contract = self._engine.contracts[operation.contract]
        exchange = Exchange({"type": "http", **scope}, contract, self.settings.profile(operation.contract))
        exchange.find(operation)
        exchange.become(caller)
        return exchange

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            work.close()
            raise RuntimeError("the pages have not been started")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)


def _pretty(body: bytes) -> str:
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
