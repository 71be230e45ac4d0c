"""The time that all servers of one store go by."""

from __future__ import annotations

from datetime import datetime, timedelta

from jobstatus.clock import Clock, utc_now
from jobstatus.storage.base import Coordinator


class SharedClock:
    """This machine's clock, set by the store's.

    So servers agree on when a lease lapses and a record expires, however far their machines' clocks are apart. A store
    that has no time of its own leaves the machine's as it is.
    """

    def __init__(self, store: Coordinator, machine: Clock = utc_now) -> None:
        self._store = store
        self._machine = machine
        self._offset = timedelta()

    def __call__(self) -> datetime:
        """Tell the time."""
        return self._machine() + self._offset

    async def set(self) -> None:
        """Ask the store for its time, and go by that from now on: it is right to half of what the asking took.

        An answer that may be right with the clock as it is set leaves it so: one that took long says little.

        Raises:
            StoreUnavailable: the store does not tell; the clock goes on as it was set before.
        """
        asked = self._machine()
        told = await self._store.time()
        answered = self._machine()
        if told is not None and not asked + self._offset <= told <= answered + self._offset:
            self._offset = told - (asked + (answered - asked) / 2)
