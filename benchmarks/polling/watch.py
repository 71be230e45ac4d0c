"""One client that watches one job, in simulated time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from benchmarks.polling.lives import BEGAN, Life
from jobstatus.durations import Durations
from jobstatus.pacing import retry_after

ONE_WAY = 0.025
"""Seconds that a request takes to the server, and an answer back."""


@dataclass(frozen=True, slots=True)
class Server:
    """What the server knows of the jobs of a type, the longest pause that it asks for, and how it holds plain polls.

    Both are in seconds.
    """

    known: Durations | None
    most: int
    hold: float = 0.0


class Watch:
    """What a client can do, and what it takes of time and requests; it begins when the job has been created.

    Times are in seconds after that: `now` by the client, and `asked` when each of its requests reached the server.
    """

    __slots__ = ("_life", "_looked", "_server", "asked", "chance", "now")

    def __init__(self, life: Life, server: Server, chance: Random) -> None:
        self._life = life
        self._server = server
        self._looked = 0.0
        """When the server made the last answer; the one to the job's creation is the first."""
        self.chance = chance
        self.now = 0.0
        self.asked: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def ask(self) -> bool:
        """Poll; tell whether the job has ended. What the server holds unasked is told at the next change."""
        arrived = self.now + ONE_WAY
        if self._server.hold:
            return self._answered(self._changed(arrived, arrived, self._server.hold))
        return self._answered(arrived)

    def wait(self, seconds: float) -> bool:
        """Poll with `Prefer: wait` and `If-None-Match`; tell whether the job has ended.

        That is answered at the first change after the last answer, or after so many seconds.
        """
        return self._answered(self._changed(self._looked, self.now + ONE_WAY, seconds))

    def listen(self, seconds: float) -> bool:
        """Read a stream until the job has ended, or the stream is cut after so many seconds."""
        arrived = self.now + ONE_WAY
        return self._answered(max(arrived, min(self._life.end, arrived + seconds)))

    def retry_after(self) -> int:
        """Give the seconds that the last answer asks to wait."""
        moment = BEGAN + timedelta(seconds=self._looked)
        return retry_after(self._life.job(self._looked), moment, self._server.known, self._server.most)

    def _changed(self, known: float, arrived: float, seconds: float) -> float:
        """Tell when a poll is answered that waits for what is newer than what was *known* at that time."""
        changes = self._life.changes
        newer = changes[min(self._life.version(known), len(changes) - 1)]
        return max(arrived, min(newer, arrived + seconds))

    def _answered(self, at: float) -> bool:
        self.asked.append(self.now + ONE_WAY)
        self._looked = at
        self.now = at + ONE_WAY
        return at >= self._life.end


Loop = Callable[[Watch], bool]
"""How a client watches; it tells whether it has seen the end."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What came of one client's watch: its requests, and how many seconds after the end it knew, if it ever did."""

    requests: int
    delay: float | None


def watch(loop: Loop, life: Life, server: Server, chance: Random) -> Watched:
    """Let a client watch a job to its end, or until it gives up."""
    client = Watch(life, server, chance)
    seen = loop(client)
    return Watched(len(client.asked), client.now - life.end if seen else None)
