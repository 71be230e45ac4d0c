"""Memory that holds only so much, and for what is worth it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """Keeps values for as long as there is room; where there is no more, what was kept first goes.

    `get` is a dict's own, and nothing is noted of it: an account of what was used last would cost each poll more than
    all else that is kept here saves of some.
    """

    def __init__(self, room: int, size: Callable[[V], int] = lambda _: 1) -> None:
        """Take how much there is room for, in the measure of *size*; without one, values are counted."""
        self._room = room
        self._size = size
        self._free = room
        self._kept: dict[K, V] = {}
        self.get: Callable[[K], V | None] = self._kept.get

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def used(self) -> int:
        """How much of the room is taken."""
        return self._room - self._free

    def keep(self, key: K, value: V) -> None:
        """Keep a value in place of the one that *key* had; one that is larger than all the room is not kept."""
        self.drop(key)
        size = self._size(value)
        if size > self._room:
            return
        while self._free < size:
            self.drop(next(iter(self._kept)))
        self._kept[key] = value
        self._free -= size

    def drop(self, key: K) -> None:
        """Keep the value of *key* no longer, if there is one."""
        if key in self._kept:
            self._free += self._size(self._kept.pop(key))


class Newcomers:
    """Tells what comes for the first time, of late: to remember that would seldom be of use, and take its time.

    Where many more things are asked for than can be remembered, each would drive out another before it comes again.
    """

    def __init__(self, room: int = 16_384) -> None:
        """Take over how many newcomers one is known again, at the least."""
        self._room = room
        self._now: set[int] = set()
        self._before: set[int] = set()

    def welcome(self, key: Hashable) -> bool:
        """Tell whether this is a newcomer, who is none from now on."""
        name = hash(key)
        if name in self._now or name in self._before:
            return False
        self._now.add(name)
        if len(self._now) >= self._room:
            self._before, self._now = self._now, set()
        return True
