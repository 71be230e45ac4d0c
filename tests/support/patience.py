"""Stores that are not waited for long, and writers that try until they are."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

from jobstatus import storage
from jobstatus.errors import StoreUnavailable
from jobstatus.job import Job
from jobstatus.storage import Limits, Store
from jobstatus.testing.stores.samples import put

SHORT = Limits(seconds=0.5)
PATIENCE = 30.0
"""Seconds in which a store must have come back, on a machine that is busy."""

opened = partial(storage.opened, limits=SHORT)
"""Opens a store with these limits, where no others are named, and closes it again."""


async def again(store: Store) -> Job:
    """Write until the store takes it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(StoreUnavailable):
                return await put(store)
