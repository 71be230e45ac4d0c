"""Every back end keeps the rules of storage."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from jobstatus.storage import Store
from jobstatus.testing.stores import StoreConformance

PATIENCE = 10.0
"""Seconds that a thread may take to end, on a machine that is busy."""


class TestStores(StoreConformance):
    """The conformance suite, run for each back end."""

    @pytest.fixture
    async def store(self, open_one: Callable[[], Awaitable[Store]]) -> AsyncGenerator[Store]:
        """Open an empty store, and see that it leaves no thread behind."""
        before = set(threading.enumerate())
        store = await open_one()
        yield store
        used = {thread for thread in threading.enumerate() if not thread.name.startswith("asyncio")} - before
        await store.aclose()
        for thread in used:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in used)
