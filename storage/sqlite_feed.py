"""How processes that share a SQLite file learn of each other's writes: by looking, while anybody wants to know."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, closing, suppress

from .feed import Feed

PAUSE = 0.02
"""Seconds between two looks."""


class SqliteFeed:
    """Watches the file's `data_version`, which other connections' commits change, and then reads what they wrote.

    What was written stands in the table `changes`, which holds the last of them. Where that does not reach back far
    enough, or reaches less far than it did, anything may have been written.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """Take what connects to the file; the connection must not wait for locks."""
        self._connect = connect
        self._feed = Feed()
        self._watching: asyncio.Task[None] | None = None

    async def changes(self) -> AsyncGenerator[frozenset[str] | None]:
        """Listen as `JobStore.changes` does."""
        async with aclosing(self._feed.changes()) as told:
            async for ids in told:
                if self._watching is None or self._watching.done():
                    self._watching = asyncio.create_task(self._watch())
                yield ids

    async def tell(self, ids: Sequence[str]) -> None:
        """Say nothing: triggers have written it down."""

    def doubt(self) -> None:
        """Say nothing, as above."""

    async def aclose(self) -> None:
        """End it for all who listen."""
        self._feed.close()
        if self._watching is not None:
            await asyncio.wait({self._watching})

    async def _watch(self) -> None:
        """Look for as long as anybody listens. Whatever goes wrong, the next look begins anew."""
        while self._feed.wanted:
            with suppress(sqlite3.Error), closing(self._connect()) as connection:
                await self._follow(connection)
            await asyncio.sleep(PAUSE)

    async def _follow(self, connection: sqlite3.Connection) -> None:
        version, last = _version(connection), _last(connection)
        self._feed.tell_all()  # what was written until now was not followed
        while self._feed.wanted:
            await asyncio.sleep(PAUSE)
            if (now := _version(connection)) != version:
                version, last = now, self._tell(connection, last)

    def _tell(self, connection: sqlite3.Connection, last: int) -> int:
        """Tell of what was written after the last change that is known; give the new last one."""
        found = connection.execute("SELECT seq, id FROM changes WHERE seq > ? ORDER BY seq", (last,)).fetchall()
        if found and found[0][0] == last + 1:
            self._feed.tell(*(id for _, id in found))
            newest: int = found[-1][0]
            return newest
        newest = _last(connection)
        if newest != last:
            self._feed.tell_all()
        return newest


def _version(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return found


def _last(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()[0]
    return found
