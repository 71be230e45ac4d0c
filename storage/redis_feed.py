"""How servers that share a Redis tell each other what they wrote: scripts publish it, and one connection listens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from redis.asyncio.connection import AbstractConnection

from jobstatus.errors import JobstatusError

from .feed import Feed
from .redis_node import TROUBLE, NotSentError
from .redis_routes import Routes
from .turnstile import in_time

PULSE = 5.0
"""Seconds of silence after which the server is asked whether it is there."""
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds after which a lost connection is made anew; the last one from then on."""


class RedisFeed:
    """Listens for as long as anybody wants to know. In a cluster every server tells of what is written on any."""

    def __init__(self, routes: Routes, channel: str, seconds: float) -> None:
        """Take the ways to the servers, where they publish, and how long one may take to answer."""
        self._routes = routes
        self._channel = channel
        self._seconds = seconds
        self._feed = Feed()
        self._listening: asyncio.Task[None] | None = None

    async def changes(self) -> AsyncGenerator[frozenset[str] | None]:
        """Listen as `JobStore.changes` does."""
        async with aclosing(self._feed.changes()) as told:
            async for ids in told:
                if self._listening is None or self._listening.done():
                    self._listening = asyncio.create_task(self._listen())
                yield ids

    async def aclose(self) -> None:
        """End it for all who listen, and let go of the connection."""
        self._feed.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})

    async def _listen(self) -> None:
        """Keep a connection, whatever becomes of it."""
        failures = 0
        while self._feed.wanted:
            node = random.choice(self._routes.masters())  # noqa: S311  so that servers share the listeners
            with suppress(NotSentError, JobstatusError, *TROUBLE):
                connection = await in_time(node.connection(), self._seconds)
                failures = 0
                await self._follow(connection)
            await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
            failures += 1
            with suppress(NotSentError, JobstatusError, *TROUBLE):
                await self._routes.renew(node)

    async def _follow(self, connection: AbstractConnection) -> None:
        try:
            await connection.send_command("SUBSCRIBE", self._channel)
            while self._feed.wanted:
                self._take(await self._next(connection))
        finally:
            with suppress(*TROUBLE):
                await connection.disconnect(nowait=True)

    async def _next(self, connection: AbstractConnection) -> list[bytes]:
        """Read what the server says next; where it is silent, ask whether it is there."""
        told: list[bytes] | None = await connection.read_response(timeout=PULSE, disconnect_on_error=False)
        if told is None:
            await connection.send_command("PING")
            told = await connection.read_response(timeout=self._seconds, disconnect_on_error=False)
        if told is None:
            raise TimeoutError
        return told

    def _take(self, told: list[bytes]) -> None:
        kind, *_, text = told
        if kind == b"subscribe":
            self._feed.tell_all()  # what was written until now may have been missed
        elif kind == b"message":
            self._feed.tell(text.decode(errors="surrogatepass"))
