"""How far a move has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from jobstatus.storage import JobQuery, JobStore

_EVER = datetime.min.replace(tzinfo=UTC)


class Stage(StrEnum):
    """What is being done."""

    LOOKING = "looking"
    """At what the target holds already."""
    COPYING = "copying"
    VERIFYING = "verifying"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where a stage stands."""

    stage: Stage
    turn: int
    """Which pass of the stage it is, from 1."""
    number: int
    """Up to where it has come."""
    last: int
    """The greatest number of a job when the pass began."""
    compared: int
    """Records that were read."""
    changed: int
    """Records of the target that were made like the source's."""
    done: bool


Tell = Callable[[Step], None]
"""Is told each step."""


def silent(step: Step) -> None:
    """Tell nobody."""


class Tally:
    """Counts what one pass does, and tells of it."""

    def __init__(self, stage: Stage, turn: int, last: int, tell: Tell) -> None:
        self._stage = stage
        self._turn = turn
        self._last = last
        self._tell = tell
        self._number = 0
        self.compared = 0
        self.changed = 0

    @classmethod
    async def over(cls, store: JobStore, stage: Stage, tell: Tell, turn: int = 1) -> Self:
        """Begin to count what is done with a store."""
        newest = await store.list(JobQuery(alive_at=_EVER, limit=1))
        tally = cls(stage, turn, newest[0].number if newest else 0, tell)
        tally._say(done=False)
        return tally

    def count(self, compared: int, *, upto: int, changed: int = 0) -> None:
        """Note that records up to a number have been seen to."""
        self.compared += compared
        self.changed += changed
        self._number = min(upto, self._last)
        self._say(done=False)

    def finish(self) -> None:
        """Note that all is done."""
        self._number = self._last
        self._say(done=True)

    def _say(self, *, done: bool) -> None:
        step = Step(
            stage=self._stage,
            turn=self._turn,
            number=self._number,
            last=self._last,
            compared=self.compared,
            changed=self.changed,
            done=done,
        )
        self._tell(step)
