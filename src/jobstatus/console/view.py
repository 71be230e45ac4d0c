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
from jobstatus.contract.spec import Document
from jobstatus.credential import Caller, Credential
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
        self.loop: asyncio.AbstractEventLoop | None = None
        self._engine = engine
        self._gate = gate
        self._router = Router(engine.document)

    @property
    def document(self) -> Document:
        """Give the spec."""
        return self._engine.document

    def admit(self, token: str) -> Credential:
        """Give the credential of *token*. Raises `Unauthenticated`."""
        return self._wait(self._gate.admit(token))

    def recognise(self, digest: bytes) -> Credential | None:
        """Give the credential with this digest, if it is still valid."""
        return self._wait(self._gate.recognise(digest))

    def polls(self, caller: Caller, id: str) -> list[Poll]:
        """Poll one job in every contract. Raises `JobNotFound` and `JobGone`."""
        return self._wait(self._polls(caller, id))

    async def _polls(self, caller: Caller, id: str) -> list[Poll]:
        native = await self._poll(caller, f"/jobs/{id}")
        return [
            Poll(link["contract"], link["href"], answer.status, _pretty(answer.body))
            for link in json.loads(native.body)["links"]
            for answer in [await self._poll(caller, link["href"])]
        ]

    async def _poll(self, caller: Caller, path: str) -> Rendered:
        operation, arguments = self._router.locate(path)
        profile = caller.profile or self.settings.profile(operation.contract)
        url = f"http://{self.settings.host}:{self.settings.port}{path}"
        request = Request(id=str(uuid4()), method="GET", path=path, url=url, profile=profile)
        return await self._engine.perform(operation, caller, request, arguments)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        assert self.loop is not None  # noqa: S101  pages are asked for after the start
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)


def _pretty(body: bytes) -> str:
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
