"""How long jobs of one type have taken: a streaming estimate of quantiles.

Durations are counted in bins whose bounds grow by a tenth from one to the next (Masson, Rim and Lee, "DDSketch", 2019):
so each quantile is right to a twentieth of itself, two counts are joined by adding them, and a few hundred bins hold
everything from a millisecond to a year.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import accumulate

GROWTH = 1.1
"""How many times longer the durations of each bin are than those of the bin before."""
LEAST, MOST = 0.001, 366 * 86_400.0
"""Seconds; what is shorter or longer counts as that."""
ENOUGH = 5
"""How many jobs must be known of before anything is said from them."""
FULL = 2_000
"""When more jobs have been counted, all counts are halved: what was of late weighs more."""

_LOG = math.log(GROWTH)


class Durations:
    """Counts of durations by bin; they never change."""

    def __init__(self, counts: Mapping[int, int]) -> None:
        self._counts = counts
        self._bins = sorted(counts)
        self._upto = list(accumulate(counts[bin] for bin in self._bins))
        """How many durations are in each of the bins and those before it."""

    @classmethod
    def of(cls, durations: Iterable[timedelta]) -> Durations:
        """Count these."""
        return cls(Counter(_bin(duration) for duration in durations))

    def __len__(self) -> int:
        """Tell how many are counted."""
        return self._upto[-1] if self._upto else 0

    def joined(self, other: Durations) -> Durations:
        """Give both together; where they are many, all count half, and half again, until they are few enough."""
        both = Counter(self._counts) + Counter(other._counts)
        while both.total() > FULL:
            both = Counter({bin: count // 2 for bin, count in both.items() if count > 1})
        return Durations(both)

    def quantile(self, share: float) -> timedelta | None:
        """Give the time within which *share* of the jobs, from 0 to 1, had ended; none where too few are known."""
        return self._quantile(share, 0)

    def remaining(self, age: timedelta, share: float = 0.5) -> timedelta | None:
        """Give the time within which *share* of the jobs that had not ended at *age* have.

        None where too few are known that lasted so long.
        """
        end = self._quantile(share, bisect_right(self._bins, _bin(age)))
        return None if end is None else max(end - age, timedelta())

    @staticmethod
    def steady(age: timedelta) -> timedelta:
        """Give the age up to which the same jobs count as having lasted as long as at this one."""
        return timedelta(seconds=LEAST * GROWTH ** _bin(age) * (1 - 1e-6))

    def dumps(self) -> bytes:
        """Write the counts down."""
        return json.dumps({str(bin): self._counts[bin] for bin in self._bins}).encode()

    @classmethod
    def loads(cls, text: bytes) -> Durations:
        """Read what `dumps` has written."""
        return cls({int(bin): count for bin, count in json.loads(text).items()})

    def _quantile(self, share: float, first: int) -> timedelta | None:
        """Find the quantile of what is in a bin and those after it."""
        passed = self._upto[first - 1] if first else 0
        if len(self) - passed < ENOUGH:
            return None
        place = bisect_left(self._upto, passed + share * (len(self) - passed), lo=first)
        return timedelta(seconds=_middle(self._bins[place]))


def _bin(duration: timedelta) -> int:
    """Number the bin of a duration: bin *n* ends at a millisecond times 1.1 to the *n*."""
    seconds = min(max(duration.total_seconds(), LEAST), MOST)
    return max(0, math.ceil(math.log(seconds / LEAST) / _LOG - 1e-9))


def _middle(bin: int) -> float:
    """Give what is nearest to all durations of a bin, in seconds."""
    return float(LEAST * GROWTH**bin * 2 / (1 + GROWTH))
