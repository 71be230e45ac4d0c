"""How servers that share a Redis tell each other what they wrote: scripts publish it where it lies, and there it is
listened for. So nothing rests on what the servers of a cluster pass on to each other, which gets lost with their links.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, suppress
from time import monotonic
from typing import Any

from redis.asyncio.connection import AbstractConnection

from jobstatus.errors import JobstatusError

from .feed import Feed
from .redis_keys import Keys
from .redis_node import TROUBLE, Node, NotSentError
from .redis_routes import Routes
from .turnstile import in_time

PULSE = 5.0
"""Seconds of silence after which a server is asked whether it is there."""
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds after which a lost connection is made anew; the last one from then on."""

_Part = tuple[Node, tuple[int, ...]]
"""A server, and the shards that lie on it."""


class RedisFeed:
    """Listens for as long as anybody wants to know, by one connection to each server."""

    def __init__(self, routes: Routes, keys: Keys, seconds: float) -> None:
        """Take the ways to the servers, where they publish, and how long one may take to answer."""
        self._routes = routes
        self._keys = keys
        self._seconds = seconds
        self._feed = Feed()
        self._listening: asyncio.Task[None] | None = None
        self._renewed = asyncio.Event()

    async def changes(self) -> AsyncGenerator[frozenset[str] | None]:
        """Listen as `JobStore.changes` does."""
        async with aclosing(self._feed.changes()) as told:
            async for ids in told:
                if self._listening is None or self._listening.done():
                    self._listening = asyncio.create_task(self._listen())
                yield ids

    async def aclose(self) -> None:
        """End it for all who listen, and let go of the connections."""
        self._feed.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})

    async def _listen(self) -> None:
        """Somebody may have begun to listen while the connections were let go of."""
        while self._feed.wanted:
            await self._follow_all()

    async def _follow_all(self) -> None:
        """Follow all servers, whatever shards come to lie on them, one anew whose following has ended."""
        following: dict[_Part, asyncio.Task[None]] = {}
        try:
            while self._feed.wanted:
                self._renewed.clear()
                parts = self._parts()
                over = [part for part, task in following.items() if part not in parts or task.done()]
                await _end([following.pop(part) for part in over])
                following |= {part: asyncio.create_task(self._keep(*part)) for part in parts - following.keys()}
                with suppress(TimeoutError):
                    async with asyncio.timeout(PULSE):
                        await self._renewed.wait()
        finally:
            await _end(following.values())

    def _parts(self) -> set[_Part]:
        shards: dict[Node, list[int]] = defaultdict(list)
        for shard in self._keys.shards:
            shards[self._routes.node(shard)].append(shard)
        return {(node, tuple(its)) for node, its in shards.items()}

    async def _keep(self, node: Node, shards: tuple[int, ...]) -> None:
        """Keep a connection, whatever becomes of it."""
        failures = 0
        while self._feed.wanted:
            begun = monotonic()
            with suppress(NotSentError, JobstatusError, *TROUBLE):
                await self._follow(await in_time(node.connection(), self._seconds), shards)
            failures = failures + 1 if monotonic() - begun < PULSE else 0
            await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
            with suppress(NotSentError, JobstatusError, *TROUBLE):
                await self._routes.renew(node)
            self._renewed.set()

    async def _follow(self, connection: AbstractConnection, shards: tuple[int, ...]) -> None:
        try:
            for shard in shards:  # a cluster wants them one by one
                await connection.send_command("SSUBSCRIBE", self._keys.channel(shard))
            while self._feed.wanted:
                self._take(await self._next(connection), len(shards))
        finally:
            with suppress(*TROUBLE):
                await connection.disconnect(nowait=True)

    async def _next(self, connection: AbstractConnection) -> list[Any]:
        """Read what the server says next; where it is silent, ask whether it is there."""
        told: list[Any] | None = await connection.read_response(timeout=PULSE, disconnect_on_error=False)
        if told is None:
            await connection.send_command("PING")
            told = await connection.read_response(timeout=self._seconds, disconnect_on_error=False)
        if told is None:
            raise TimeoutError
        return told

    def _take(self, told: list[Any], channels: int) -> None:
        kind, *_, last = told
        if kind == b"smessage":
            self._feed.tell(last.decode(errors="surrogatepass"))
        elif kind == b"ssubscribe" and last == channels:
            self._feed.tell_all()  # what was written until now may have been missed
        elif kind == b"sunsubscribe":
            raise ConnectionResetError("a shard lies on another server now")


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """End tasks. The driver may not heed it while it sends, so they are told until they have ended."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=PAUSES[0])
