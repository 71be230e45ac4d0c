"""Making records of rows as a driver gives them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from operator import itemgetter
from sys import getsizeof
from typing import Any, Generic, TypeVar

from sqlalchemy import Dialect, Select

from jobstatus.bounded import Bounded, Newcomers

from .columns import Own

Record = TypeVar("Record")
Row = tuple[Any, ...]

CAPACITY = 16 * 2**20
"""Bytes of rows that are remembered; their records take about as much again."""
LARGEST = 64 * 2**10
"""Bytes of a row that is remembered at the most, so that no few drive out many."""


class Decoder(Generic[Record]):
    """Makes records of a select's rows, by the names and the types of its columns."""

    def __init__(self, record: type[Record], chosen: Select[Any], dialect: Dialect) -> None:
        self._record = record
        self._names = chosen.selected_columns.keys()
        types = [column.type.dialect_impl(dialect) for column in chosen.selected_columns]
        # Types of our own say how they are read; of all others drivers give what they mean.
        self._conversions = [(place, type.read) for place, type in enumerate(types) if isinstance(type, Own)]

    def __call__(self, row: Row) -> Record:
        values = list(row)
        for place, read in self._conversions:
            if (value := values[place]) is not None:
                values[place] = read(value)
        return self._record(**dict(zip(self._names, values, strict=True)))


class Memory(Generic[Record]):
    """Gives the same record again while a key's row is the same, so that it is decoded once.

    It spares no reading, and so never tells what was: the row that it is given decides.
    """

    def __init__(self, decode: Callable[[Row], Record], *, capacity: int = CAPACITY, largest: int = LARGEST) -> None:
        self._decode = decode
        self._largest = largest
        self._newcomers = Newcomers()
        self._known: Bounded[Hashable, tuple[Row, Record, int]] = Bounded(capacity, itemgetter(2))

    def decode(self, key: Hashable, row: Row) -> Record:
        """Make the record of the row that *key* has now."""
        known = self._known.get(key)
        if known is not None and known[0] == row:
            return known[1]
        record = self._decode(row)
        if known is not None or not self._newcomers.welcome(key):
            self._keep(key, row, record)
        return record

    def _keep(self, key: Hashable, row: Row, record: Record) -> None:
        weight = _weight(row)
        if weight <= self._largest:
            self._known.keep(key, (row, record, weight))

    @property
    def weight(self) -> int:
        """Bytes of the rows that are remembered now, about."""
        return self._known.used


def _weight(row: Row) -> int:
    return getsizeof(row) + sum(map(getsizeof, row))
