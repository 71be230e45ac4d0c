"""Rows become records, and a row that is there again becomes the same record again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstatus.storage.rows import Memory, Row

CAPACITY = 4_000
LARGEST = 1_000


def made(row: Row) -> list[Any]:
    """Make a record that can be told from any other."""
    return list(row)


def decoded_again(memory: Memory[list[Any]], key: str | int, row: Row) -> list[Any]:
    """Decode a row for a key that has come before, and so is worth remembering."""
    memory.decode(key, row)
    return memory.decode(key, row)


def test_a_row_that_has_not_changed_gives_the_same_record() -> None:
    """It is decoded no more; an equal row of another key is another record."""
    memory = Memory(made)
    first = decoded_again(memory, "a", (1, "text"))

    assert memory.decode("a", (1, "text")) is first
    assert memory.decode("b", (1, "text")) is not first


def test_a_row_that_has_changed_is_decoded_anew() -> None:
    """Even to what it was before."""
    memory = Memory(made)
    first = decoded_again(memory, "a", (1,))

    assert memory.decode("a", (2,)) == [2]
    assert memory.decode("a", (1,)) == first
    assert memory.decode("a", (1,)) is not first


def test_an_id_and_a_number_are_two_keys() -> None:
    """Whatever they look like."""
    memory = Memory(made)

    assert memory.decode("1", ("a",)) == ["a"]
    assert memory.decode(1, ("b",)) == ["b"]
    assert memory.decode("1", ("a",)) == ["a"]


def test_a_row_that_cannot_be_decoded_is_not_remembered() -> None:
    """Each who asks for it is told, and what was remembered before is no answer."""
    memory = Memory(lambda row: [int(value) for value in row])
    decoded_again(memory, "a", ("1",))

    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            memory.decode("a", ("x",))


def test_what_comes_once_is_not_remembered() -> None:
    """It would drive out what comes again."""
    memory = Memory(made)
    first = memory.decode("a", (1,))
    second = memory.decode("a", (1,))

    assert second is not first
    assert memory.decode("a", (1,)) is second


def test_a_large_row_is_not_remembered() -> None:
    """So it drives out no others."""
    memory = Memory(made, capacity=CAPACITY, largest=LARGEST)
    small = decoded_again(memory, "small", ("x",))
    large = decoded_again(memory, "large", ("x" * LARGEST,))

    assert memory.decode("large", ("x" * LARGEST,)) is not large
    assert memory.decode("small", ("x",)) is small


def test_what_was_decoded_first_is_forgotten_first() -> None:
    """Where there is no more room."""
    memory = Memory(made, capacity=CAPACITY, largest=LARGEST)
    row = ("x" * (LARGEST // 2),)
    first = decoded_again(memory, "first", row)
    for i in range(10):
        last = decoded_again(memory, i, row)

    assert memory.decode(9, row) is last
    assert memory.decode("first", row) is not first


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2 * LARGEST))))
def test_no_more_is_remembered_than_there_is_room_for(rows: list[tuple[int, int]]) -> None:
    """Whatever is asked for, however often, and however rows grow and shrink."""
    memory = Memory(made, capacity=CAPACITY, largest=LARGEST)
    for key, size in rows:
        row = ("x" * size,)

        assert memory.decode(key, row) == [*row]
        assert memory.weight <= CAPACITY
