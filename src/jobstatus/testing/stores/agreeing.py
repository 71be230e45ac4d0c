"""How servers agree by a store."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from jobstatus.storage import Store

LONG = 600.0
PATIENCE = 20.0


class Agreeing:
    """The rules of `lead` and `time`."""

    async def test_a_role_has_one_holder(self, store: Store) -> None:
        """Who holds it keeps it; others do not get it; another role is free."""
        assert await store.lead("sweeper", "a", LONG)
        assert await store.lead("sweeper", "a", LONG)
        assert not await store.lead("sweeper", "b", LONG)
        assert await store.lead("other", "b", LONG)

    async def test_of_many_who_want_a_role_at_once_one_gets_it(self, store: Store) -> None:
        """However many come."""
        got = await asyncio.gather(*(store.lead("sweeper", str(i), LONG) for i in range(20)))

        assert sum(got) == 1

    async def test_a_role_that_is_not_kept_is_free_again(self, store: Store) -> None:
        """Once its time has run out, whoever asks gets it."""
        assert await store.lead("sweeper", "a", 0.05)
        async with asyncio.timeout(PATIENCE):
            while not await store.lead("sweeper", "b", LONG):
                pass

        assert not await store.lead("sweeper", "a", LONG)

    async def test_the_time_is_that_of_the_store_or_the_machine(self, store: Store) -> None:
        """Where it is the store's, it is in UTC, and goes on."""
        first, second = await store.time(), await store.time()

        if first is not None and second is not None:
            assert first.utcoffset() == timedelta(0)
            assert first <= second
            assert abs(datetime.now(UTC) - first) < timedelta(days=1)
