"""Listening to a stream of server-sent events, in process and as it comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from raw_asgi import Sent
from starlette.types import ASGIApp, Message

PATIENCE = 60.0
"""Seconds after which a stream that says nothing is taken to hang, on a machine that is busy."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One event, or a comment, which has nothing but its text."""

    event: str = "message"
    id: str | None = None
    text: str = ""
    comment: bool = False

    @property
    def data(self) -> Any:
        """Read the JSON of an event."""
        return json.loads(self.text)


class Listener:
    """A client of one stream."""

    def __init__(self) -> None:
        self._parts: asyncio.Queue[Message] = asyncio.Queue()
        self._rest = b""
        self._over = False
        self.leaving = asyncio.Event()
        """Set to leave."""
        self.status = 0
        self.headers: Mapping[str, str] = {}

    async def receive(self) -> Message:
        """Send nothing, and go at the end."""
        await self.leaving.wait()
        return {"type": "http.disconnect"}

    async def begun(self) -> None:
        """Wait for the head of the answer."""
        start = await self._next()
        self.status = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}

    async def all(self) -> list[Heard]:
        """Hear everything up to the end, but for comments."""
        heard = []
        while (one := await self.hear()) is not None:
            heard.append(one)
        return heard

    async def hear(self, *, comments: bool = False) -> Heard | None:
        """Hear the next event; nothing at the end."""
        while (block := await self._block()) is not None:
            one = _heard(block)
            if one is not None and (comments or not one.comment):
                return one
        return None

    async def event(self) -> Heard:
        """Hear the next event, which must come."""
        heard = await self.hear()
        assert heard is not None, "the stream has ended"
        return heard

    async def _block(self) -> str | None:
        while b"\n\n" not in self._rest:
            if self._over:
                assert not self._rest, self._rest
                return None
            part = await self._next()
            self._rest += part["body"]
            self._over = not part.get("more_body", False)
        block, self._rest = self._rest.split(b"\n\n", 1)
        return block.decode()

    async def _next(self) -> Message:
        async with asyncio.timeout(PATIENCE):
            return await self._parts.get()

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        await self._parts.put(message)


def _heard(block: str) -> Heard | None:
    """Read one block; what only says when to come back is none."""
    if block.startswith(":"):
        return Heard(comment=True)
    fields = dict(line.split(": ", 1) for line in block.split("\n"))
    if fields.keys() == {"retry"}:
        assert fields["retry"].isdigit()
        return None
    return Heard(fields.get("event", "message"), fields.get("id"), fields["data"])


@asynccontextmanager
async def listening(app: ASGIApp, path: str, headers: Mapping[str, str]) -> AsyncGenerator[Listener]:
    """Ask for a stream, and leave it at the end of the block."""
    listener = Listener()
    path, _, query = path.partition("?")
    given = {name.lower(): value for name, value in headers.items()}
    sent = {"host": "jobs.example", "accept": "text/event-stream", **given}
    pairs = tuple((name.encode(), value.encode("latin-1")) for name, value in sent.items())
    scope = Sent("GET", path.encode(), query.encode(), pairs).scope()
    serving = asyncio.ensure_future(app(scope, listener.receive, listener.send))
    try:
        await listener.begun()
        yield listener
    finally:
        listener.leaving.set()
        async with asyncio.timeout(PATIENCE):
            await serving
