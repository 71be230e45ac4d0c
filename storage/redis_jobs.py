"""What is written of jobs: each change is one script, where its job lies."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from jobstatus.errors import DuplicateId, DuplicateWork, StoreUnavailable, VersionMismatch
from jobstatus.job import Event, Job, Tombstone

from .base import Term
from .redis_claims import NONE, TRIES, Claim, Claims
from .redis_keys import Keys, buried, entries, run_out
from .redis_node import Command, run
from .redis_records import written, written_event
from .redis_scripts import BURY, DROP, ERASE, PUT, Script
from .redis_servers import Call, Servers
from .redis_walk import Walk

LEAPS = 30
"""How often a number is looked for that nothing has, each time twice as far on."""


class Jobs:
    """Creates, replaces and buries jobs."""

    def __init__(self, servers: Servers, keys: Keys, claims: Claims, walk: Walk) -> None:
        self._servers = servers
        self._keys = keys
        self._claims = claims
        self._walk = walk

    async def create(self, job: Job, event: Event) -> Job:
        """Do as `JobStore.create` does.

        The number leads to the id first: that the job is not there yet does no harm. What would be refused takes none.
        """
        if await self._servers.values([self._keys.job(job.id)]) != [None]:
            raise DuplicateId(job.id)
        claim = NONE if job.work is None else await self._claim(job)
        numbered = replace(job, number=await self._number(job.id))
        if await self._claimed(numbered, "", event, claim) == b"taken":
            raise DuplicateId(job.id)
        return numbered

    async def replace(self, job: Job, event: Event) -> None:
        """Do as `JobStore.replace` does."""
        before = job.version - 1
        try:
            outcome = await self._claimed(job, str(before), event, NONE)
        except DuplicateId as error:  # another next version took the same work on
            raise VersionMismatch(job.id, before) from error
        if outcome == b"changed":
            raise VersionMismatch(job.id, before)

    async def bury(self, job: Job, tombstone: Tombstone) -> None:
        """Do as `JobStore.bury` does."""
        if not await self._bury([(job, tombstone)]):
            raise VersionMismatch(job.id, job.version)

    async def expire(self, now: datetime, limit: int) -> int:
        """Do as `JobStore.expire` does."""
        due = await self._walk.find(run_out(Term.RETENTION, now, None), limit)
        jobs = [job for job in due if isinstance(job, Job)]
        return await self._bury([(job, Tombstone.of(job, "expired", job.expires_at or now)) for job in jobs])

    async def forget(self, before: datetime, limit: int) -> int:
        """Do as `JobStore.forget` does."""
        old = await self._walk.find(buried(before), limit)
        erased = await self._servers.write([self.erasing(each.id, list(entries(each))[-1]) for each in old])
        gone = [each for each, raw in zip(old, erased, strict=True) if raw is not None]
        await self._servers.write([self.unnumbering(each.number, each.id) for each in gone])
        return len(gone)

    def erasing(self, id: str, entry: str = "") -> Call:
        """Make what leaves nothing of a record that has an entry in the index, or of whatever is there."""
        job, events, index = self._places(id)
        shard = self._keys.job(id).shard
        return shard, run(ERASE, [job, events, index], self._keys.channel(shard), id, entry)

    def unnumbering(self, number: int, id: str) -> Call:
        """Make what has a number lead nowhere, if it leads to this id."""
        key = self._keys.number(number)
        return key.shard, run(DROP, [key.name], 1, id)

    def _places(self, id: str) -> tuple[str, str, str]:
        job = self._keys.job(id)
        return job.name, self._keys.events(id).name, self._keys.index(job.shard).name

    async def _number(self, id: str) -> int:
        """Give the next number, and have it lead to an id.

        Where the server that counts has lost some of its count, numbers that lead to others are passed over.
        """
        counter = self._keys.counter
        for leap in range(LEAPS):
            number: int = await self._servers.one(counter.shard, ("INCRBY", counter.name, 2**leap))
            key = self._keys.number(number)
            if await self._servers.one(key.shard, ("SET", key.name, id, "NX")) is not None:
                return number
        raise StoreUnavailable("the store cannot count on")

    async def _claimed(self, job: Job, expected: str, event: Event, claim: Claim) -> bytes:
        """Put a job; where it takes work on, claim that first, and anew when somebody else was quicker."""
        for _ in range(TRIES):
            outcome, before = await self._put(job, expected, event, claim)
            if outcome in (b"unclaimed", b"fenced"):
                claim = await self._claim(job)
                continue
            if outcome != b"made" and claim is not NONE:
                await self._let_go([self._claims.letting_go(job.work or "", job.id, claim)])
            if before is not None:
                await self._let_go([self._claims.letting_go(before, job.id)])
            return outcome
        raise StoreUnavailable("too many want to do the same work")

    async def _claim(self, job: Job) -> Claim:
        try:
            return await self._claims.take(job.work or "", job.id)
        except DuplicateWork as error:
            if error.id == job.id:
                raise DuplicateId(job.id) from error
            raise

    async def _put(self, job: Job, expected: str, event: Event, claim: Claim) -> tuple[bytes, str | None]:
        put = self._putting(PUT, job, expected, written_event(event), claim)
        return _outcome(await self._servers.one(self._keys.job(job.id).shard, put))

    def _putting(
        self, script: Script, record: Job | Tombstone, expected: str, event: str = "", claim: Claim = NONE
    ) -> Command:
        keys = [*self._places(record.id), self._keys.fence(record.id, claim.token).name]
        channel = self._keys.channel(self._keys.job(record.id).shard)
        told = (channel, record.id, expected, written(record), event)
        return run(script, keys, *told, claim.token, claim.since)

    async def _bury(self, burials: Sequence[tuple[Job, Tombstone]]) -> int:
        """Put tombstones in place of jobs that are at their version still; tell how many."""
        answers = await self._servers.write(
            [
                (self._keys.job(job.id).shard, self._putting(BURY, tombstone, str(job.version)))
                for job, tombstone in burials
            ]
        )
        outcomes = [_outcome(answer) for answer in answers]
        ended = zip(burials, outcomes, strict=True)
        await self._let_go([self._claims.letting_go(work, job.id) for (job, _), (_, work) in ended if work is not None])
        return sum(outcome == b"made" for outcome, _ in outcomes)

    async def _let_go(self, calls: Sequence[Call]) -> None:
        """Leave work to others; what was written is written, whether this is done or not."""
        with suppress(StoreUnavailable):
            await self._servers.write(calls)


def _outcome(answer: Sequence[bytes | None]) -> tuple[bytes, str | None]:
    """Read what became of a record that was put, and the work that was let go of."""
    outcome, *rest = answer
    work = rest[0] if rest else None
    return outcome or b"", None if work is None else work.decode(errors="surrogatepass")
