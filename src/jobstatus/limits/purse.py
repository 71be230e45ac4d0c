"""What one server has at hand of one caller's bucket: tokens that it took ahead, and what it has spent since."""

from __future__ import annotations

import asyncio

from jobstatus.limits.bucket import Bucket

SHARE = 8
"""Of what is left for all, that part at the most is taken ahead."""
TERM = 4
"""Tokens that were taken ahead lapse after that part of the time in which a bucket fills."""


class Purse:
    """Tokens are good from when they were taken until they lapse.

    The store knows of what was taken, *full* of what was spent. As long as no other server has taken any since, the
    latter can be put in place of the former, which gives back what was not spent.
    """

    __slots__ = ("asked", "barred", "full", "lock", "noted", "since", "size", "spent", "tokens", "until", "waiting")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        """Held by whoever takes more from the store."""
        self.waiting = 0
        """How many wait for tokens to be taken."""
        self.asked = 0
        """When the last of them came."""
        self.tokens = 0
        self.since = self.until = 0
        """When they were taken, and when they lapse."""
        self.spent = 0
        """How many have been spent since."""
        self.size = 1
        """How many are thought to be of use until they lapse."""
        self.full = 0
        """When the bucket is full, by what was spent here."""
        self.noted: bytes | None = None
        """What the store knows, if nobody else has taken tokens; none where that is not known."""
        self.barred = 0
        """Until when nobody need ask the store: who came was told to come again then."""

    def spend(self, bucket: Bucket, at: int) -> bool:
        """Spend a token, if there is one that has not lapsed."""
        if not self.tokens or at > self.until:
            return False
        self.tokens -= 1
        self.spent += 1
        at = at if at > self.since else self.since
        self.full = (self.full if self.full > at else at) + bucket.token
        return True

    def fill(self, tokens: int, at: int, until: int) -> None:
        """Put in tokens that were taken."""
        self.tokens, self.since, self.until, self.spent = tokens, at, until, 0

    def empty(self, bucket: Bucket, at: int) -> bytes | None:
        """Take out what is left; give what the store knows, if that is known, for *full* to be put in its place.

        How long the tokens were of use tells how many may be next time.
        """
        soon = at - self.since < bucket.whole // TERM
        self.size = min(2 * self.size if soon and not self.tokens else max(1, self.spent), bucket.policy.quota)
        self.full = bucket.sound(self.full, at)
        noted, self.noted, self.tokens = self.noted, None, 0
        return noted

    def wanted(self, bucket: Bucket, at: int) -> tuple[int, int]:
        """Tell how many tokens to take, and until when they are to be good; none, if not even one can be had.

        More than those who wait need are taken only where much is left, so that several servers hold back but a part.
        """
        term = at + bucket.whole // TERM
        ahead = min(self.size, bucket.level(self.full, at, term) // SHARE)
        if ahead > self.waiting:
            return ahead, term
        together = min(self.waiting, bucket.level(self.full, at, self.asked))
        return (together, self.asked) if together else (min(1, bucket.level(self.full, at)), at)
