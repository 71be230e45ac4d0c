"""The way of a poll into Redis: all who wait for one server share the next reading of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from jobstatus.job import Job, Tombstone

from .coalesce import Coalescer
from .redis_keys import Key, Keys
from .redis_node import Node
from .redis_records import read
from .redis_servers import Servers
from .rows import Memory
from .turnstile import FAREWELL, in_time

Values = Coalescer[Key, bytes | None]


class RedisReader:
    """Finds records by their key.

    Each server is read by itself, so that one that hangs holds up nobody whose records lie on others.
    """

    def __init__(self, servers: Servers, keys: Keys, seconds: float) -> None:
        self._servers = servers
        self._keys = keys
        self._seconds = seconds
        self._readings: dict[Node, Values] = {}
        self._records = Memory(lambda row: read(row[0]))

    async def find(self, key: str | int) -> Job | Tombstone | None:
        """Read as `JobStore.get` does. Whoever asks waits no longer than due, be there others in front."""
        return await in_time(self._numbered(key) if isinstance(key, int) else self._record(key), self._seconds)

    async def aclose(self) -> None:
        """Wait until all have been answered, and no longer than due."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                for values in self._readings.values():
                    await values.settled()

    async def _numbered(self, number: int) -> Job | Tombstone | None:
        """Read by number. Where a creation failed, an id may stand for a number that its job does not have."""
        id = await self._value(self._keys.number(number))
        record = await self._record(id.decode(errors="surrogatepass")) if id is not None else None
        return record if record is not None and record.number == number else None

    async def _record(self, id: str) -> Job | Tombstone | None:
        raw = await self._value(self._keys.job(id))
        return self._records.decode(id, (raw,)) if raw is not None else None

    async def _value(self, key: Key) -> bytes | None:
        node = self._servers.routes.node(key.shard)
        values = self._readings.get(node)
        if values is None:
            values = self._readings[node] = Coalescer(self._servers.values)
        return await values.get(key)
