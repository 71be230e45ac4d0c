"""Reading and writing all that is kept in Redis, number by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jobstatus.job import Job

from .base import Kept
from .redis_claims import Claims
from .redis_jobs import Jobs
from .redis_keys import MAX_NUMBER, Keys, numbered
from .redis_node import run
from .redis_records import read, read_event, written, written_event
from .redis_scripts import COUNT_FROM, RESTORE, SWAP, WHOLE
from .redis_servers import Call, Servers
from .redis_walk import Record, Walk

TOGETHER = 200
"""Records that are cleared at once."""


class Moving:
    """Gives and takes all that is kept."""

    def __init__(self, servers: Servers, keys: Keys, claims: Claims, walk: Walk, jobs: Jobs) -> None:
        self._servers = servers
        self._keys = keys
        self._claims = claims
        self._walk = walk
        self._jobs = jobs

    async def scan(self, above: int, limit: int) -> Sequence[Kept]:
        """Do as `JobStore.scan` does."""
        if above >= MAX_NUMBER:
            return []
        kept: list[Kept] = []
        while len(kept) < limit:
            found = await self._walk.find(numbered(above), limit - len(kept))
            if not found:
                break
            kept += await self._whole(found)
            above = found[-1].number
        return kept

    async def restore(self, above: int, upto: int, kept: Sequence[Kept]) -> None:
        """Do as `JobStore.restore` does."""
        await self._count_from(max((each.record.number for each in kept), default=0))
        await self._clear(above, min(upto, MAX_NUMBER), {(each.record.number, each.record.id) for each in kept})
        await self._take_work(kept)
        await self._servers.write([self._numbering(each.record) for each in kept])
        before = await self._servers.write([self._restoring(each) for each in kept])
        for each, raw in zip(kept, before, strict=True):
            if raw is not None:
                await self._clean_up(read(raw), each.record)
        await self._take_work(kept)  # again, if somebody took it who did not see yet that they do it

    async def _whole(self, records: Sequence[Record]) -> list[Kept]:
        """Read records again with their timelines, each from one moment. What has gone meanwhile is left out."""
        places = [(self._keys.job(record.id), self._keys.events(record.id)) for record in records]
        answers = await self._servers.read([(job.shard, run(WHOLE, [job.name, events.name])) for job, events in places])
        whole = [Kept(read(raw), tuple(map(read_event, events))) for raw, events in answers if raw is not None]
        numbers = {record.number for record in records}
        return [each for each in whole if each.record.number in numbers]

    async def _count_from(self, number: int) -> None:
        counter = self._keys.counter
        await self._servers.one(counter.shard, run(COUNT_FROM, [counter.name], number))

    async def _clear(self, above: int, upto: int, kept: set[tuple[int, str]]) -> None:
        """Leave nothing under these numbers but what is to be written over."""
        while found := await self._walk.find(numbered(above, upto), TOGETHER):
            await self._erase([record for record in found if (record.number, record.id) not in kept])
            above = found[-1].number

    async def _erase(self, records: Sequence[Record]) -> None:
        await self._servers.write([self._jobs.erasing(record.id) for record in records])
        await self._let_go(records)
        await self._servers.write([self._jobs.unnumbering(record.number, record.id) for record in records])

    async def _take_work(self, kept: Sequence[Kept]) -> None:
        """Take the work of jobs from whoever does it."""
        for each in kept:
            work = _work(each.record)
            holder = None if work is None else await self._claims.move(work, each.record.id)
            if work is not None and holder is not None:
                await self._strip(holder, work)

    def _numbering(self, record: Record) -> Call:
        key = self._keys.number(record.number)
        return key.shard, ("SET", key.name, record.id)

    def _restoring(self, kept: Kept) -> Call:
        record = kept.record
        job = self._keys.job(record.id)
        keys = [job.name, self._keys.events(record.id).name, self._keys.index(job.shard).name]
        told = (self._keys.channel(job.shard), record.id, written(record), *map(written_event, kept.events))
        return job.shard, run(RESTORE, keys, *told)

    async def _clean_up(self, before: Record, now: Record) -> None:
        """Leave nothing of a record that another has been written over."""
        if before.number != now.number:
            await self._servers.write([self._jobs.unnumbering(before.number, before.id)])
        if _work(before) != _work(now):
            await self._let_go([before])

    async def _strip(self, id: str, work: str) -> None:
        """Have a job do some work no more, and be otherwise as it is."""
        key = self._keys.job(id)
        done = False
        while not done:
            (raw,) = await self._servers.values([key])
            record = read(raw) if raw is not None else None
            if raw is None or not isinstance(record, Job) or record.work != work:
                return
            stripped = written(replace(record, work=None))
            done = bool(await self._servers.one(key.shard, run(SWAP, [key.name], raw, stripped)))

    async def _let_go(self, records: Sequence[Record]) -> None:
        works = [(_work(record), record.id) for record in records]
        await self._servers.write([self._claims.letting_go(work, id) for work, id in works if work is not None])


def _work(record: Record) -> str | None:
    return record.work if isinstance(record, Job) else None
