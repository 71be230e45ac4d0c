"""Where requests are let through or not, one place for each policy of each contract."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from jobstatus.bounded import Bounded
from jobstatus.errors import StoreUnavailable, TooManyRequests
from jobstatus.limits.bucket import Bucket
from jobstatus.limits.notes import Notes
from jobstatus.limits.purse import Purse
from jobstatus.quota import Policy, Reading
from jobstatus.storage.base import Coordinator

ROOM = 16_384
"""Callers that are remembered; one who is not costs a call to the store."""


class Turnpike:
    """Lets each caller's requests through, as many as its bucket has tokens for, whichever servers they come to.

    A server takes tokens before it spends them, some ahead. So together servers never let more through than one bucket
    does, whatever they do at the same time; and one that is alone lets through just what the bucket does.
    """

    def __init__(self, contract: str, policy: Policy, notes: Notes, room: int = ROOM) -> None:
        self._name = f"limit {contract} {policy.told}"
        self._bucket = Bucket(policy)
        self._notes = notes
        self._purses: Bounded[str, Purse] = Bounded(room)

    def at_hand(self, caller: str, now: datetime) -> Reading | None:
        """Let a request of the caller with this id through without asking the store; none where it must be asked.

        Raises:
            TooManyRequests: the caller was told already to come again later than *now*.
        """
        purse = self._purses.get(caller)
        return None if purse is None else self._spent(purse, self._bucket.tick(now))

    async def spend(self, caller: str, now: datetime) -> Reading | None:
        """Let a request of the caller with this id through; with nothing to tell where the store does not answer.

        Raises:
            TooManyRequests: the caller has no tokens left.
        """
        purse, at = self._purse(caller), self._bucket.tick(now)
        purse.asked = at
        purse.waiting += 1
        try:
            async with purse.lock:
                return self._spent(purse, at) or await self._fetched(purse, caller, now)
        finally:
            purse.waiting -= 1

    def _purse(self, caller: str) -> Purse:
        purse = self._purses.get(caller)
        if purse is None:
            purse = Purse()
            self._purses.keep(caller, purse)
        return purse

    def _spent(self, purse: Purse, at: int) -> Reading | None:
        bucket = self._bucket
        if purse.spend(bucket, at):
            return bucket.reading(purse.full, at)
        if 0 < (left := purse.barred - at) <= bucket.whole:
            reading = Reading(bucket.policy, 0, bucket.reading(purse.full, at).full_after)
            raise TooManyRequests(reading, bucket.seconds(left))
        return None

    async def _fetched(self, purse: Purse, caller: str, now: datetime) -> Reading | None:
        if self._notes.down(now):
            return None
        at = self._bucket.tick(now)
        try:
            await self._take(purse, self._key(caller), at)
        except StoreUnavailable as error:
            self._notes.fail(error, now)
            return None
        return self._spent(purse, at)

    async def _take(self, purse: Purse, key: str, at: int) -> None:
        """Take tokens from the store, or bar the way where there are none.

        What this server noted last is taken for what is noted still; where it is not, it is read. A note says nothing
        any more once the bucket is full, but is kept for as long again: who comes soon need not read.
        """
        bucket, noted = self._bucket, purse.empty(self._bucket, at)
        if noted is None:
            noted = await self._read(purse, key, at)
        while (wanted := purse.wanted(bucket, at))[0]:
            full = bucket.taken(purse.full, *wanted)
            if await self._notes.swap(key, noted, b"%d" % full, bucket.time(full + bucket.whole)):
                purse.noted = b"%d" % full
                purse.fill(wanted[0], at, wanted[1])
                return
            noted = await self._read(purse, key, at)
        purse.noted = noted
        purse.barred = at + bucket.wait(purse.full, at) * bucket.second

    async def _read(self, purse: Purse, key: str, at: int) -> bytes | None:
        noted = await self._notes.read(key)
        purse.full = 0 if noted is None else self._bucket.sound(int(noted), at)
        return noted

    def _key(self, caller: str) -> str:
        """Name the bucket of a caller; an outside server may have chosen its id, with whatever characters."""
        return f"{self._name} {hashlib.sha256(caller.encode()).hexdigest()}"


class Turnpikes:
    """All of them."""

    def __init__(self, policies: Mapping[tuple[str, bool], Policy]) -> None:
        """Take the policies by contract, and whether they are for polls."""
        self._notes = Notes()
        self._all = {place: Turnpike(place[0], policy, self._notes) for place, policy in policies.items()}

    def start(self, store: Coordinator) -> None:
        """Take the store in which servers share their callers' buckets; before that nothing works."""
        self._notes.start(store)

    def at(self, contract: str, *, poll: bool) -> Turnpike | None:
        """Give that of a contract's polls, or of all else in it; none where nothing is limited."""
        return self._all.get((contract, poll))
