"""A bucket that fills evenly, as a single number: when it will be full. Pure, no I/O, no clock.

This is the generic cell rate algorithm (ITU-T I.371): to take a token puts the time at which the bucket is full off by
as long as one token takes to come. Times are counted in ticks, of which a microsecond has as many as the bucket holds
tokens. So all is whole numbers, and exact.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from jobstatus.quota import Policy, Reading

AWRY = 60
"""Seconds: a bucket that would take so much longer to fill than from empty was noted by a clock that was wrong."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Bucket:
    """The measures of one policy's buckets."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.second = policy.quota * 1_000_000
        """Ticks in a second."""
        self.token = policy.seconds * 1_000_000
        """Ticks that one token takes to come."""
        self.whole = policy.quota * self.token
        """Ticks that all tokens take."""

    def tick(self, now: datetime) -> int:
        """Count the ticks from the epoch to a time."""
        return (now - _EPOCH) // _MICROSECOND * self.policy.quota

    def time(self, at: int) -> datetime:
        """Give the time of a tick, or the microsecond after it."""
        return _EPOCH - at // -self.policy.quota * _MICROSECOND

    def level(self, full: int, at: int, until: int = 0) -> int:
        """Tell how many tokens may be taken at *at*, to be spent from then *until* a later time."""
        return max(0, (at + self.whole - max(full, at, until)) // self.token)

    def taken(self, full: int, count: int, until: int) -> int:
        """Tell when the bucket is full after tokens have been taken, to be spent *until* then.

        It counts as if all were spent in the end, and `level` as if they were in the beginning: so wherever in between
        each is spent, never more are than the bucket allows.
        """
        return max(full, until) + count * self.token

    def wait(self, full: int, at: int) -> int:
        """Tell after how many seconds a token can be taken: from 1 to those in which the bucket fills."""
        return max(1, min(self.seconds(full + self.token - self.whole - at), self.policy.seconds))

    def seconds(self, ticks: int) -> int:
        """Give whole seconds, one that has begun counted."""
        return -(-ticks // self.second)

    def sound(self, full: int, at: int) -> int:
        """Give *full* itself, or a bucket that is full where a clock that was ahead has noted it."""
        return full if full <= at + self.whole + AWRY * self.second else at

    def reading(self, full: int, at: int) -> Reading:
        """Tell how much is left."""
        left = full - at if full > at else 0
        remaining = (self.whole - left) // self.token if left < self.whole else 0
        return Reading(self.policy, remaining, -(-left // self.second))
