"""What a store must do with the small values that servers share by it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstatus.ids import new_id
from jobstatus.storage import Store

from .feeding import Told, next_told
from .samples import SECOND, put, shared_store

LATE = datetime(2290, 1, 1, tzinfo=UTC)
"""A time that no store's clock has come to: until then notes are kept."""
LONGEST = 64 * 1024
"""Bytes of a note at the most."""

keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=260)
values = st.binary(max_size=40) | st.sampled_from([b"", b"\0", b"false", bytes(range(256)) * 256])


async def noted(store: Store, keys: list[str]) -> list[bytes | None]:
    """Read what is noted under keys."""
    return [await store.note(key) for key in keys]


async def each_told(store: Store, feed: Told) -> None:
    """Write jobs until one is told of by its id, and so will be whatever is written after it."""
    job, ids = await put(store), await next_told(feed)
    while ids is None or job.id not in ids:
        job, ids = job if ids else await put(store), await next_told(feed)


class Noting:
    """The rules of `note`, `swap` and `drop_notes`."""

    async def test_nothing_is_noted_at_first(self, store: Store) -> None:
        """And what is not there cannot be swapped."""
        assert await store.note("k") is None
        assert not await store.swap("k", b"", b"a", LATE)
        assert await store.note("k") is None

    async def test_a_note_is_swapped_by_who_knows_it(self, store: Store) -> None:
        """Whoever does not is told so, and changes nothing; other keys are not touched."""
        assert await store.swap("other", None, b"o", LATE)
        assert await store.swap("k", None, b"a", LATE)
        assert not await store.swap("k", None, b"b", LATE)
        assert not await store.swap("k", b"b", b"c", LATE)
        assert await store.note("k") == b"a"
        assert await store.swap("k", b"a", b"a", LATE)
        assert await store.swap("k", b"a", b"b", LATE)
        assert await noted(store, ["k", "other"]) == [b"b", b"o"]

    @shared_store
    @given(key=keys, other=keys, first=values, second=values)
    async def test_any_key_and_value_is_taken(
        self, store: Store, key: str, other: str, first: bytes, second: bytes
    ) -> None:
        """Exactly, however long and odd they are, and beside one that is nearly the same."""
        own = new_id()
        key, other, spare = (f"{own}{each}" for each in (key, other + " ", key.swapcase() + "  "))
        assert await store.swap(key, None, first, LATE)
        assert await store.swap(spare, None, b"spare", LATE)
        assert await store.swap(key, first, second, LATE)
        assert await store.swap(key, first, b"third", LATE) == (first == second)

        expected = b"third" if first == second else second
        assert await noted(store, [key, spare]) == [expected, b"spare"]
        assert other == key or await store.note(other) is None

    async def test_the_longest_notes_are_taken(self, store: Store) -> None:
        """Keys of characters that take most room, values with bytes of every kind."""
        names = ["\U0010ffff" * 300, "\ue000" * 300]
        for name in names:
            assert await store.swap(name, None, bytes(LONGEST), LATE)
            assert await store.swap(name, bytes(LONGEST), b"\xff" * LONGEST, LATE)

        assert await noted(store, names) == [b"\xff" * LONGEST] * 2

    @pytest.mark.parametrize("was", [None, b"a"])
    async def test_of_those_who_swap_at_once_one_does(self, store: Store, was: bytes | None) -> None:
        """Its value is the one that stands."""
        if was is not None:
            await store.swap("k", None, was, LATE)
        told = await asyncio.gather(*(store.swap("k", was, bytes([i]), LATE) for i in range(20)))

        assert sum(told) == 1
        assert await store.note("k") == bytes([told.index(True)])

    async def test_who_tries_until_it_is_done_loses_nothing(self, store: Store) -> None:
        """Many count by one note, and every count is there."""

        async def count() -> None:
            done = False
            while not done:
                was = await store.note("k")
                done = await store.swap("k", was, str(int(was or b"0") + 1).encode(), LATE)

        await asyncio.gather(*(count() for _ in range(10)))

        assert await store.note("k") == b"10"

    async def test_notes_that_are_over_are_dropped(self, store: Store) -> None:
        """Just those, where the store does not let them expire by itself; then there is nothing under their keys."""
        untils = {"a": LATE, "b": LATE - SECOND, "c": LATE + SECOND}
        for key, until in untils.items():
            await store.swap(key, None, key.encode(), until)
        dropped = await store.drop_notes(LATE, 10)

        assert dropped in (0, 1)
        assert await noted(store, ["a", "b", "c"]) == [b"a", None if dropped else b"b", b"c"]
        assert await store.drop_notes(LATE, 10) == 0
        assert await store.swap("b", None if dropped else b"b", b"again", LATE)

    async def test_a_note_is_kept_until_the_time_that_it_was_last_given(self, store: Store) -> None:
        """Who swaps it says so anew; who fails to does not."""
        for key in ("longer", "shorter"):
            await store.swap(key, None, b"", LATE)
        await store.swap("longer", b"", b"1", LATE + SECOND)
        await store.swap("longer", b"", b"2", LATE - SECOND)
        await store.swap("shorter", b"", b"1", LATE - SECOND)
        dropped = await store.drop_notes(LATE, 10)

        assert await noted(store, ["longer", "shorter"]) == [b"1", None if dropped else b"1"]

    async def test_no_more_notes_are_dropped_than_asked_for(self, store: Store) -> None:
        """The count tells how many they were."""
        for i in range(5):
            await store.swap(str(i), None, b"", LATE)
        counts = [await store.drop_notes(LATE + SECOND, 2) for _ in range(4)]

        assert counts in ([2, 2, 1, 0], [0] * 4)
        assert (await noted(store, list("01234"))).count(None) == sum(counts)

    @pytest.mark.parametrize("year", [1, 1969, 1970, 2001])
    async def test_a_note_that_is_over_is_there_or_not(self, store: Store, year: int) -> None:
        """It was written even so, whatever time it was to be kept until; and it can be swapped from what is read."""
        await store.swap("other", None, b"o", LATE)
        assert await store.swap("k", None, b"a", LATE.replace(year=year))
        held = await store.note("k")
        assert held in (b"a", None)
        assert await store.swap("k", held, b"b", LATE)
        assert await noted(store, ["k", "other"]) == [b"b", b"o"]

    async def test_notes_are_not_told_of(self, store: Store) -> None:
        """Who listens is told of jobs."""
        async with aclosing(store.changes()) as feed:
            await each_told(store, feed)
            await store.swap("k", None, b"a", LATE)
            await store.swap("k", b"a", b"b", LATE)
            await store.drop_notes(LATE + SECOND, 10)
            written, ids = set(), None
            while ids is None:  # that all may have changed says nothing of what has
                written.add((await put(store)).id)
                ids = await next_told(feed)

            assert ids <= written
