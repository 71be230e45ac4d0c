"""Every back end keeps the rules of storage."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field

import psutil
import pytest

from jobstatus.storage import Store
from jobstatus.testing.stores import StoreConformance

PATIENCE = 10.0
"""Seconds that a thread or a task may take to end, on a machine that is busy."""

RUNNER = "TestRunner"
"""Whose tasks are those of the tests."""


class TestStores(StoreConformance):
    """The conformance suite, run for each back end."""

    @pytest.fixture
    async def store(self, open_one: Callable[[], Awaitable[Store]]) -> AsyncGenerator[Store]:
        """Open an empty store, and see that it leaves nothing behind: no thread, no task, no file and no connection."""
        held = Held()
        store = await open_one()
        yield store
        await store.aclose()
        await held.nothing_more()


@dataclass
class Held:
    """What this process held at some time."""

    threads: set[threading.Thread] = field(default_factory=lambda: set(threading.enumerate()))
    tasks: set[asyncio.Task[object]] = field(default_factory=asyncio.all_tasks)
    handles: int = field(default_factory=psutil.Process().num_fds)
    """Open files and connections."""

    async def nothing_more(self) -> None:
        """Wait until all that has come since then is gone."""
        async with asyncio.timeout(PATIENCE):
            while more := self._more():  # noqa: ASYNC110  they tell nobody when they end
                await asyncio.sleep(0.01)
        assert more == []

    def _more(self) -> list[object]:
        threads = [each for each in set(threading.enumerate()) - self.threads if not each.name.startswith("asyncio")]
        tasks = [task for task in asyncio.all_tasks() - self.tasks if RUNNER not in repr(task.get_coro())]
        return [*threads, *tasks, *range(self.handles, psutil.Process().num_fds())]
