"""What several servers note in a store that they share."""

from __future__ import annotations

import asyncio

from jobstatus.storage import Limits, Store, opened
from jobstatus.testing.stores.noting import LATE, noted

ROUNDS = 20
COUNTS = 25
"""How often each of two servers counts."""


async def test_notes_are_there_when_a_store_is_opened_again(shared_url: str) -> None:
    """As they were last, and as they may be swapped."""
    async with opened(shared_url, Limits()) as store:
        await store.swap("k", None, b"a", LATE)
        await store.swap("k", b"a", b"b", LATE)
    async with opened(shared_url, Limits()) as store:
        assert await noted(store, ["k", "other"]) == [b"b", None]
        assert not await store.swap("k", b"a", b"c", LATE)
        assert await store.swap("k", b"b", b"c", LATE)


async def test_of_servers_that_swap_at_once_one_does(shared_url: str) -> None:
    """Whether there was a note or none; and both read the winner's."""
    async with opened(shared_url, Limits()) as one, opened(shared_url, Limits()) as other:
        was: bytes | None = None
        for round in range(ROUNDS):
            values = [f"{round}/{i}".encode() for i in range(2)]
            swaps = [store.swap("k", was, to, LATE) for store, to in zip((one, other), values, strict=True)]
            told = await asyncio.gather(*swaps)
            was = values[told.index(True)]

            assert sorted(told) == [False, True]
            assert [await store.note("k") for store in (one, other)] == [was, was]


async def test_servers_that_count_by_a_note_lose_no_count(shared_url: str) -> None:
    """However often one comes in between the other's look and its swap."""
    async with opened(shared_url, Limits()) as one, opened(shared_url, Limits()) as other:
        await asyncio.gather(*(count(store) for store in (one, other)))

        assert await one.note("k") == str(2 * COUNTS).encode()


async def count(store: Store) -> None:
    """Add to the number that is noted, time and again."""
    done = 0
    while done < COUNTS:
        was = await store.note("k")
        done += await store.swap("k", was, str(int(was or b"0") + 1).encode(), LATE)
