"""How servers that share a PostgreSQL database tell each other what they wrote: LISTEN and NOTIFY."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, suppress
from typing import Any

import asyncpg
import structlog

from jobstatus.errors import JobstatusError

from .base import Limits
from .coalesce import Coalescer
from .feed import Feed
from .postgresql_connection import TROUBLE, Connect, drop, let_go
from .turnstile import in_time

log = structlog.get_logger()

CHANNEL = "jobstatus_changes"
LONGEST = 7000
"""Bytes of ids in one notification; the database takes less than 8000."""
PULSE = 5.0
"""Seconds between two looks whether the connection that listens is alive."""
PAUSE = 0.25
"""Seconds after which a lost connection is made anew."""
SHARE = 1 / 3
"""Of the time that a write has, what one attempt to tell of it may take: there are two."""
ANY = "*"
"""Stands for all jobs, where an id is too long to be told."""


class PostgresqlFeed:
    """Tells after a write has been committed and before it is acknowledged, of many writes together.

    To notify within the transaction that writes would have all writers commit one after the other: the database holds
    a lock for it, over the disk's answer. A server that dies between its commit and its word has acknowledged nothing.
    """

    def __init__(self, connect: Connect, limits: Limits) -> None:
        self._connect = connect
        self._seconds = limits.seconds
        self._feed = Feed()
        self._telling: asyncpg.Connection | None = None
        self._tell: Coalescer[str | None, None] = Coalescer(self._notify)
        self._listening: asyncio.Task[None] | None = None
        self._owed = False
        self._making_good: asyncio.Task[None] | None = None
        self._closed = False

    async def changes(self) -> AsyncGenerator[frozenset[str] | None]:
        """Listen as `JobStore.changes` does."""
        async with aclosing(self._feed.changes()) as told:
            async for ids in told:
                if self._listening is None or self._listening.done():
                    self._listening = asyncio.create_task(self._listen())
                yield ids

    async def tell(self, ids: Sequence[str]) -> None:
        """Tell that these jobs were written."""
        if ids and not self._closed:
            await asyncio.gather(*(self._tell.get(id) for id in ids))

    def doubt(self) -> None:
        """Tell of all, as soon as the database takes it."""
        self._owed = True
        if not self._closed and (self._making_good is None or self._making_good.done()):
            self._making_good = asyncio.create_task(self._make_good())

    async def aclose(self) -> None:
        """End it for all who listen, and let go of the connections."""
        self._closed = True
        self._feed.close()
        if tasks := {task for task in (self._listening, self._making_good) if task is not None}:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await self._tell.settled()
        connection, self._telling = self._telling, None
        await let_go(connection)

    async def _notify(self, ids: Sequence[str | None]) -> Sequence[None]:
        """Tell; what cannot be told when it is written, for it is written even so, is told later as one of all."""
        for last in (False, True):
            try:
                await in_time(self._send(ids), self._seconds * SHARE)
                break
            except (*TROUBLE, JobstatusError) as error:
                connection, self._telling = self._telling, None
                drop(connection)
                if last:
                    log.warning("change not told yet", error=str(error))
                    self.doubt()
        return [None] * len(ids)

    async def _make_good(self) -> None:
        while self._owed:
            await asyncio.sleep(PAUSE)
            self._owed = False
            await self._tell.get(None)  # where that fails, it is owed again

    async def _send(self, ids: Sequence[str | None]) -> None:
        if self._telling is None:
            self._telling = await self._connect()
            # It writes nothing, so that there is nothing to wait for.
            await self._telling.execute("SET synchronous_commit = off")
        for text in _texts(ids):
            await self._telling.execute("SELECT pg_notify($1, $2)", CHANNEL, text)

    async def _listen(self) -> None:
        """Keep a connection that listens, for as long as anybody wants to know."""
        while self._feed.wanted:
            with suppress(JobstatusError, *TROUBLE):
                await self._follow(await self._connect())
            await asyncio.sleep(PAUSE)

    async def _follow(self, connection: asyncpg.Connection) -> None:
        try:
            await connection.add_listener(CHANNEL, self._told)
            self._feed.tell_all()  # what was written until now may have been missed
            while self._feed.wanted:
                await in_time(connection.execute("SELECT 1"), self._seconds)
                await self._pulse(connection)
        finally:
            await let_go(connection)

    async def _pulse(self, connection: asyncpg.Connection) -> None:
        """Wait for the next look, or until the connection is lost."""
        lost = asyncio.Event()

        def note(_: Any) -> None:
            lost.set()

        connection.add_termination_listener(note)
        with suppress(TimeoutError):
            await asyncio.wait_for(lost.wait(), PULSE)
        connection.remove_termination_listener(note)

    def _told(self, connection: Any, pid: int, channel: str, text: object) -> None:
        if text == ANY:
            self._feed.tell_all()
        else:
            self._feed.tell(*json.loads(str(text)))


def _texts(ids: Sequence[str | None]) -> Iterator[str]:
    """Write ids as JSON, as many together as one notification holds."""
    batch: list[str] = []
    size = 0
    for id in ids:
        length = len(json.dumps(id)) + 2
        if id is None or length > LONGEST:
            yield ANY
            continue
        if size + length > LONGEST:
            yield json.dumps(batch)
            batch, size = [], 0
        batch.append(id)
        size += length
    if batch:
        yield json.dumps(batch)
