"""Memory is for what comes again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstatus.bounded import Bounded, Newcomers

ROOM = 10


def test_who_comes_again_is_no_newcomer() -> None:
    """Whoever came in between, as long as they were not too many."""
    newcomers = Newcomers(ROOM)

    assert newcomers.welcome("a")
    assert all(newcomers.welcome(number) for number in range(ROOM - 1))
    assert not newcomers.welcome("a")


def test_who_comes_after_long_is_a_newcomer_again() -> None:
    """So no more is kept than there is room for."""
    newcomers = Newcomers(ROOM)
    newcomers.welcome("a")
    for number in range(2 * ROOM):
        newcomers.welcome(number)

    assert newcomers.welcome("a")


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2 * ROOM))))
def test_no_more_is_kept_than_there_is_room_for(kept: list[tuple[int, int]]) -> None:
    """The account of it is right, whatever is kept in place of what."""
    bounded: Bounded[int, int] = Bounded(ROOM, lambda size: size)
    for key, size in kept:
        bounded.keep(key, size)

        assert bounded.used == sum(value for key in range(6) if (value := bounded.get(key)) is not None) <= ROOM
        assert (bounded.get(key) == size) is (size <= ROOM)


@pytest.mark.parametrize("key", ["a", 1])
def test_what_is_dropped_is_not_there(key: object) -> None:
    """And to drop it once more does nothing."""
    bounded: Bounded[object, str] = Bounded(ROOM)
    bounded.keep(key, "kept")
    for _ in range(2):
        bounded.drop(key)

    assert bounded.get(key) is None
    assert len(bounded) == bounded.used == 0
