"""Numbers of several rounds, told by the one in the middle and the two at the ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the values of all rounds lie."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Take one value for each round, at least one."""
        return cls(median(values), min(values), max(values))

    def over(self, limit: float) -> Spread:
        """Give the same as multiples of *limit*."""
        return Spread(self.middle / limit, self.low / limit, self.high / limit)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Divide round by round: whatever slowed a machine down in a round, slowed down both."""
    return Spread.of([one / other for one, other in zip(ours, theirs, strict=True)])
