"""The store in Redis or Valkey: one server, or a cluster."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from jobstatus.credential import Credential
from jobstatus.errors import StoreUnavailable
from jobstatus.job import Event, Job, Tombstone

from .base import JobQuery, Kept, Limits, Term
from .redis_claims import Claims
from .redis_credentials import Credentials
from .redis_feed import RedisFeed
from .redis_jobs import Jobs
from .redis_keys import Keys, buried, changed, newest_first, run_out
from .redis_moving import Moving
from .redis_node import run
from .redis_notes import Notes
from .redis_reader import RedisReader
from .redis_records import read_event
from .redis_scripts import LEAD
from .redis_servers import Servers
from .redis_walk import Record, Walk
from .turnstile import Turnstile, in_time

T = TypeVar("T")


class RedisStore:
    """A store over Redis, each call of which has its time and its turn."""

    def __init__(self, name: str, servers: Servers, keys: Keys, limits: Limits) -> None:
        """Take what it is called in logs, besides what it works with."""
        self._name = name
        self._servers = servers
        self._keys = keys
        self._seconds = limits.seconds
        self._turnstile = Turnstile(limits)
        self._reader = RedisReader(servers, keys, limits.seconds)
        self._walk = Walk(servers, keys)
        claims = Claims(servers, keys)
        self._jobs = Jobs(servers, keys, claims, self._walk)
        self._moving = Moving(servers, keys, claims, self._walk, self._jobs)
        self._credentials = Credentials(servers, keys)
        self._notes = Notes(servers, keys)
        self._feed = RedisFeed(servers.routes, keys, limits.seconds)

    def __repr__(self) -> str:
        return f"RedisStore({self._name!r})"

    async def create(self, job: Job, event: Event) -> Job:
        return await self._write(self._jobs.create(job, event))

    async def get(self, key: str | int) -> Job | Tombstone | None:
        if self._turnstile.closed:
            raise StoreUnavailable("the store is closed")
        return await self._reader.find(key)

    async def replace(self, job: Job, event: Event) -> None:
        await self._write(self._jobs.replace(job, event))

    async def bury(self, job: Job, tombstone: Tombstone) -> None:
        await self._write(self._jobs.bury(job, tombstone))

    async def list(self, query: JobQuery) -> Sequence[Job]:
        span = newest_first(query.tenant, query.below_number)
        return _jobs(await self._read(self._walk.find(span, query.limit, partial(_fits, query))))

    async def events(self, id: str) -> Sequence[Event]:
        key = self._keys.events(id)
        (found,) = await self._read(self._servers.read([(key.shard, ("LRANGE", key.name, 0, -1))]))
        return [read_event(raw) for raw in found]

    async def due(self, term: Term, now: datetime, limit: int, after: Job | None = None) -> Sequence[Job]:
        return _jobs(await self._read(self._walk.find(run_out(term, now, after), limit)))

    async def changed(self, tenant: str, since: datetime, limit: int, after: Job | None = None) -> Sequence[Job]:
        return _jobs(await self._read(self._walk.find(changed(tenant, since, after), limit)))

    async def expire(self, now: datetime, limit: int) -> int:
        return await self._write(self._jobs.expire(now, limit))

    async def forget(self, before: datetime, limit: int) -> int:
        return await self._write(self._jobs.forget(before, limit))

    async def forgettable(self, before: datetime) -> int:
        return await self._read(self._walk.count(buried(before)))

    def changes(self) -> AsyncGenerator[frozenset[str] | None]:
        return self._feed.changes()

    async def scan(self, above: int, limit: int) -> Sequence[Kept]:
        return await self._read(self._moving.scan(above, limit))

    async def restore(self, above: int, upto: int, kept: Sequence[Kept]) -> None:
        await self._write(self._moving.restore(above, upto, kept))

    async def lead(self, role: str, holder: str, seconds: float) -> bool:
        key = self._keys.role(role)
        milliseconds = max(1, round(seconds * 1000))
        return bool(await self._write(self._servers.one(key.shard, run(LEAD, [key.name], holder, milliseconds))))

    async def time(self) -> datetime | None:
        ((seconds, micros),) = await self._read(self._servers.read([(self._keys.counter.shard, ("TIME",))]))
        return datetime.fromtimestamp(int(seconds), UTC) + timedelta(microseconds=int(micros))

    async def note(self, key: str) -> bytes | None:
        return await self._read(self._notes.read(key))

    async def swap(self, key: str, was: bytes | None, to: bytes, until: datetime) -> bool:
        return await self._write(self._notes.swap(key, was, to, until))

    async def drop_notes(self, before: datetime, limit: int) -> int:
        return 0  # they expire by themselves

    async def add_credential(self, credential: Credential) -> None:
        await self._write(self._credentials.add(credential))

    async def find_credential(self, digest: bytes) -> Credential | None:
        return await self._read(self._credentials.find(digest))

    async def credentials(self) -> Sequence[Credential]:
        return await self._read(self._credentials.all())

    async def revoke_credential(self, id: str, at: datetime) -> Credential | None:
        return await self._write(self._credentials.revoke(id, at))

    async def aclose(self) -> None:
        await self._feed.aclose()
        await self._turnstile.aclose()
        await self._reader.aclose()
        await self._servers.aclose()

    async def _read(self, call: Coroutine[Any, Any, T]) -> T:
        """Have a call go through that may be broken off: it leaves nothing behind."""
        return await self._turnstile.through(in_time(call, self._seconds))

    async def _write(self, call: Coroutine[Any, Any, T]) -> T:
        return await self._turnstile.through(call)


def _fits(query: JobQuery, record: Record) -> bool:
    return isinstance(record, Job) and query.fits(record)


def _jobs(records: Sequence[Record]) -> Sequence[Job]:
    return [record for record in records if isinstance(record, Job)]
