"""Connections on which one listens: few have anything to say, and when each had is noted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from benchmarks.load import HOST, LoadFailed

TOGETHER = 500
"""Connections that are opened at a time: fewer than a server lets queue."""
PATIENCE = 60.0
"""Seconds in which all must have been told."""


class Listener(asyncio.Protocol):
    """One connection; *wanted* is in whatever counts as being told."""

    def __init__(self, wanted: bytes, told: Callable[[Listener], None], failed: Callable[[bytes], None]) -> None:
        self.told_at = 0.0
        """When it was told last, by the clock `perf_counter`."""
        self._wanted = wanted
        self._told = told
        self._failed = failed
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to the server."""
        self._transport = cast(asyncio.Transport, transport)

    def say(self, asked: str) -> None:
        """Send a whole request."""
        self._transport.write(asked.encode("latin-1"))

    def data_received(self, data: bytes) -> None:
        """Note when something wanted comes: what is as short comes in one piece."""
        if data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 200 "):
            self._failed(data)
        elif self._wanted in data:
            self.told_at = time.perf_counter()
            self._told(self)

    def close(self) -> None:
        """Go without a word."""
        self._transport.abort()


class Crowd:
    """Those who listen to one server."""

    def __init__(self, port: int, wanted: bytes) -> None:
        self.listeners: list[Listener] = []
        self._port = port
        self._wanted = wanted
        self._missing: set[Listener] = set()
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, count: int) -> None:
        """Connect, so often."""
        for some in _batches(count):
            self.listeners += await asyncio.gather(*(self._open() for _ in range(some)))

    async def told(self, listeners: Sequence[Listener], act: Callable[[], object]) -> None:
        """Do something, and wait until all of these have been told of it. Raises `LoadFailed`."""
        self._missing = set(listeners)
        self._over = asyncio.get_running_loop().create_future()
        act()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._over
        except TimeoutError:
            raise LoadFailed(f"{len(self._missing)} of {len(listeners)} were told nothing") from None

    def close(self) -> None:
        """Have all go."""
        for listener in self.listeners:
            listener.close()

    async def _open(self) -> Listener:
        loop = asyncio.get_running_loop()
        _, listener = await loop.create_connection(
            lambda: Listener(self._wanted, self._hear, self._fail), HOST, self._port
        )
        return listener

    def _hear(self, listener: Listener) -> None:
        self._missing.discard(listener)
        if not self._missing and not self._over.done():
            self._over.set_result(None)

    def _fail(self, data: bytes) -> None:
        if not self._over.done():
            self._over.set_exception(LoadFailed(f"got {data[:400]!r}"))


def _batches(count: int) -> Iterator[int]:
    return (min(TOGETHER, count - start) for start in range(0, count, TOGETHER))
