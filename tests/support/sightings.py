"""What was written of jobs and what their followers saw of it, and the rules that the one holds the other to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Written:
    """A version that a server acknowledged, at a time in nanoseconds."""

    id: str
    version: int
    at: int


@dataclass(frozen=True, slots=True)
class Polled:
    """An answer to a poll that began at a time in nanoseconds, on one of the servers."""

    by: str
    server: int
    id: str
    begun: int
    had: int | None
    """The version that the client said it had."""
    version: int
    """The version that it has now."""
    new: bool = True
    """Whether the answer held it, rather than that it has not changed."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """A version of a job, told on one connection of a stream."""

    by: str
    connection: int
    id: str
    version: int


@dataclass
class Sightings:
    """All that happened, each kind in the order in which it did."""

    written: list[Written] = field(default_factory=list)
    polled: list[Polled] = field(default_factory=list)
    of_one: list[Streamed] = field(default_factory=list)
    """Told on streams of single jobs."""
    of_all: list[Streamed] = field(default_factory=list)
    """Told on streams of all jobs."""
    stopped: int | None = None
    """The server that was stopped, which lets everybody go who waits."""


def faults(seen: Sightings) -> list[str]:
    """Tell what cannot have happened where no change is missed and none wakes anybody twice."""
    return [
        *_woken_again(seen),
        *_woken_for_nothing(seen),
        *_stale(seen),
        *_unfinished(seen),
        *_gaps(seen),
        *_again(seen),
    ]


def _woken_again(seen: Sightings) -> Iterator[str]:
    """A poll is answered by what its client has not got; the versions of each client grow."""
    for poll in seen.polled:
        if poll.new and poll.had is not None and poll.version <= poll.had:
            yield f"has it already: {poll}"
    for told in _by(seen.polled, lambda poll: (poll.by, poll.id)):
        yield from _not_growing(poll.version for poll in told if poll.new)


def _woken_for_nothing(seen: Sightings) -> Iterator[str]:
    """Nobody is let go of with nothing new, but by a server that stops."""
    for poll in seen.polled:
        if not poll.new and (poll.server != seen.stopped or poll.version != poll.had):
            yield f"nothing new: {poll}"


def _stale(seen: Sightings) -> Iterator[str]:
    """Whoever asks after a write was acknowledged is told of that version or a later one."""
    acknowledged = defaultdict[str, list[Written]](list)
    for write in seen.written:
        acknowledged[write.id].append(write)
    for poll in seen.polled:
        known = max((write.version for write in acknowledged[poll.id] if write.at < poll.begun), default=0)
        if poll.version < known:
            yield f"stale, as version {known} was there: {poll}"


def _unfinished(seen: Sightings) -> Iterator[str]:
    """All who followed a job saw the last version of it."""
    last = {write.id: write.version for write in seen.written}
    saw: Iterable[Polled | Streamed] = [*seen.polled, *seen.of_one, *seen.of_all]
    for told in _by(saw, lambda each: (each.by, each.id)):
        if told[-1].version != last[told[-1].id]:
            yield f"not the end, {last[told[-1].id]}: {told[-1]}"


def _gaps(seen: Sightings) -> Iterator[str]:
    """A stream of one job tells each version once, in order, on however many connections."""
    for told in _by(seen.of_one, lambda each: each.by):
        if (versions := [each.version for each in told]) != [*range(1, len(versions) + 1)]:
            yield f"not each once and in order, {told[0].by}: {versions}"


def _again(seen: Sightings) -> Iterator[str]:
    """On one connection no stream of all jobs tells a version twice, nor an older one after it."""
    for told in _by(seen.of_all, lambda each: (each.by, each.connection, each.id)):
        yield from _not_growing(each.version for each in told)


def _not_growing(versions: Iterable[int]) -> Iterator[str]:
    versions = list(versions)
    if any(later <= earlier for earlier, later in pairwise(versions)):
        yield f"do not grow: {versions}"


def _by(all: Iterable[T], key: Callable[[T], Hashable]) -> Iterable[list[T]]:
    groups = defaultdict[Hashable, list[T]](list)
    for each in all:
        groups[key(each)].append(each)
    return groups.values()
