"""A look into a SQLite file from the event loop itself, for as long as the file answers at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

SLOW = 0.005
"""Seconds after which a look has kept the loop for too long."""
REST = 1.0
"""Seconds for which none is taken then."""


class SqliteGlance:
    """Reads what costs less to read than to have a thread read.

    A row of a file that is in the machine's memory takes some millionths of a second, the way to a thread and back ten
    times as long; and in a process that is busy the thread waits for its turn as well. It is otherwise where the disk
    is slow, or somebody holds the file: then there is no look for a while, and the thread reads.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], clock: Callable[[], float] = monotonic) -> None:
        """Take what connects to the file; the connection must not wait for locks."""
        self._connect = connect
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._rests_until = 0.0

    def take(self, read: Callable[[sqlite3.Connection], T]) -> T | None:
        """Give what *read* does, or nothing where that is not to be had at once."""
        begun = self._clock()
        if begun < self._rests_until:
            return None
        try:
            if self._connection is None:
                self._connection = self._connect()
                begun = self._clock()  # what happens once is not what looks take
            found = read(self._connection)
        except sqlite3.Error:  # the thread will tell what is the matter, or wait until it is over
            self.close()
            self._rest()
            return None
        if self._clock() - begun > SLOW:
            self._rest()
        return found

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _rest(self) -> None:
        self._rests_until = self._clock() + REST
