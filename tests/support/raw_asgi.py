"""Requests to an application byte for byte as an HTTP server passes them on: nothing is made right on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Scope

PATIENCE = 120.0
"""Seconds after which an application that does not answer is taken to hang, on a machine that is busy."""
ENOUGH = 3
"""The parts of a stream after which a client goes: its head, when to reconnect, and one event or sign of life."""

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """A request on the wire. Names of headers are in lower case, as servers give them."""

    method: str
    path: bytes
    """As it stands in the request line, percent-encoded: ASCII, or a server refuses it."""
    query: bytes = b""
    headers: Fields = ()
    chunks: tuple[bytes, ...] = (b"",)
    complete: bool = True
    """Whether the body comes to its end, or the client goes before that."""

    def scope(self) -> Scope:
        """Give the scope as uvicorn does."""
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 50000),
            "scheme": "http",
            "root_path": "",
            "headers": list(self.headers),
            "state": {},
            "method": self.method,
            "path": unquote(self.path.decode("ascii")),
            "raw_path": self.path,
            "query_string": self.query,
        }


@dataclass(frozen=True, slots=True)
class Got:
    """An answer as the application sent it."""

    status: int
    headers: Fields
    body: bytes

    def header(self, name: bytes) -> bytes:
        """Give the first value of a header, or nothing."""
        return next((value for key, value in self.headers if key == name), b"")


class _Exchange:
    """Both ends of one request: what the application is given, and what it gives."""

    def __init__(self, sent: Sent) -> None:
        self._messages = _messages(sent)
        self._answered = asyncio.Event()
        self._enough = asyncio.Event()
        self.answer: list[Message] = []

    async def receive(self) -> Message:
        """Give the body; after its end, that the client has gone, once it has its answer, or enough of a stream."""
        if not self._messages:
            await self._enough.wait()
            return {"type": "http.disconnect"}
        return self._messages.pop(0)

    async def send(self, message: Message) -> None:
        """Take one part of the answer, if it is its turn."""
        begins = message["type"] == "http.response.start"
        assert begins == (not self.answer), message
        assert not self._answered.is_set(), message
        self.answer.append(message)
        if not begins and not message.get("more_body", False):
            self._answered.set()
        if self._answered.is_set() or len(self.answer) >= ENOUGH:
            self._enough.set()

    def got(self) -> Got:
        """Give the whole answer."""
        assert self._answered.is_set(), self.answer
        start, *parts = self.answer
        headers = tuple((bytes(name), bytes(value)) for name, value in start["headers"])
        assert all(name == name.lower() for name, _ in headers), headers
        return Got(start["status"], headers, b"".join(part.get("body", b"") for part in parts))


def _messages(sent: Sent) -> list[Message]:
    """Give the messages of a body; the last says that it is the last, unless the client goes before.

    A client that wants to wait goes at once.
    """
    last = len(sent.chunks) - 1
    messages: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": index < last or not sent.complete}
        for index, chunk in enumerate(sent.chunks)
    ]
    patient = any(name == b"prefer" for name, _ in sent.headers)
    return messages if sent.complete and not patient else [*messages, {"type": "http.disconnect"}]


async def send(app: ASGIApp, sent: Sent) -> Got:
    """Send a request and give the answer. Whatever the application raises, it must not have."""
    exchange = _Exchange(sent)
    async with asyncio.timeout(PATIENCE):
        await app(sent.scope(), exchange.receive, exchange.send)
    return exchange.got()


@asynccontextmanager
async def started(app: ASGIApp) -> AsyncGenerator[None]:
    """Start an application, and stop it at the end."""
    inbox: asyncio.Queue[Message] = asyncio.Queue()
    outbox: asyncio.Queue[Message] = asyncio.Queue()
    task = asyncio.create_task(_live(app, inbox, outbox))
    await inbox.put({"type": "lifespan.startup"})
    assert (await outbox.get())["type"] == "lifespan.startup.complete"
    try:
        yield
    finally:
        await inbox.put({"type": "lifespan.shutdown"})
        assert (await outbox.get())["type"] == "lifespan.shutdown.complete"
        await task


async def _live(app: ASGIApp, inbox: Any, outbox: Any) -> None:
    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, inbox.get, outbox.put)
