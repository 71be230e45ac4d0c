"""Where things are kept in Redis: sixteen shards, the keys on each, and the entries of its index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zlib import crc32

from jobstatus.job import Job, Tombstone

from .base import Term, last_left_out

TAGS = (
    "0.200", "1.1286", "2.134", "3.169", "4.285", "5.435", "6.54", "7.48",
    "8.412", "9.954", "a.148", "b.29", "c.487", "d.846", "e.376", "f.669",
)  # fmt: skip
"""The hash tag of each shard. Their slots lie evenly spread, so that up to sixteen masters share the load evenly.

They decide where a record lies: they must never change.
"""

MAX_NUMBER = 2**63 - 1

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DIGITS = 18
_KINDS = {Term.LEASE: "l", Term.RETENTION: "e"}


@dataclass(frozen=True, slots=True)
class Key:
    """A key, and the shard that it lies on."""

    shard: int
    name: str


class Keys:
    """The names of all keys of one store, which begin with its prefix."""

    def __init__(self, prefix: str) -> None:
        self.shards = range(len(TAGS))
        self._bases = [f"{prefix}:{{{tag}}}:" for tag in TAGS]
        self.counter = self._on(0, "number")
        self.credentials = self._on(0, "credentials")
        self.credential_ids = self._on(0, "credential-ids")

    def job(self, id: str) -> Key:
        """Name the record of a job: itself, or its tombstone."""
        return self._of(id, "job")

    def events(self, id: str) -> Key:
        """Name a job's timeline."""
        return self._of(id, "events")

    def fence(self, id: str, token: str) -> Key:
        """Name what keeps a claim of work, made for this job, from being used."""
        return self._on(_shard(id), f"fence:{token}")

    def index(self, shard: int) -> Key:
        """Name the index of a shard: a sorted set without scores, whose entries are in the order of their text."""
        return self._on(shard, "index")

    def channel(self, shard: int) -> str:
        """Name where it is published what is written on a shard."""
        return self._on(shard, "changes").name

    def number(self, number: int) -> Key:
        """Name where the id stands of the job that has a number."""
        return self._on(number % len(TAGS), f"number:{number}")

    def work(self, work: str) -> Key:
        """Name where it stands who has claimed some work."""
        return self._of(work, "work")

    def role(self, role: str) -> Key:
        """Name where the holder of a role stands."""
        return self._of(role, "role")

    def note(self, key: str) -> Key:
        """Name where it stands what is noted under a key."""
        return self._of(key, "note")

    def _of(self, name: str, kind: str) -> Key:
        return self._on(_shard(name), f"{kind}:{name}")

    def _on(self, shard: int, name: str) -> Key:
        return Key(shard, self._bases[shard] + name)


def _shard(name: str) -> int:
    return crc32(name.encode(errors="surrogatepass")) % len(TAGS)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the index: the entries from one text on, up to and without another."""

    low: str
    high: str
    prefix: int
    """Characters of an entry before the id."""
    reverse: bool = False


def entries(record: Job | Tombstone) -> Iterator[str]:
    """Give the entries of a record in its shard's index."""
    place = f"{record.number:019}:{record.id}"
    yield f"n{place}"
    if isinstance(record, Tombstone):
        yield f"b{_time(record.at)}:{place}"
        return
    yield f"{_tenant('t', record.tenant)}{place}"
    yield f"{_tenant('c', record.tenant)}{_time(record.updated_at)}:{place}"
    if record.lease_until is not None and not record.terminal:
        yield f"l{_time(record.lease_until)}:{place}"
    if record.expires_at is not None:
        yield f"e{_time(record.expires_at)}:{place}"


def numbered(above: int, upto: int = MAX_NUMBER) -> Span:
    """Span what is kept under numbers above that one, up to this one."""
    return Span(f"n{_number(above + 1)}", f"n{_number(upto + 1)}", len("n") + 20)


def newest_first(tenant: str | None, below: int | None) -> Span:
    """Span the jobs of a tenant, or what is kept of all."""
    start = "n" if tenant is None else _tenant("t", tenant)
    end = MAX_NUMBER + 1 if below is None else below
    return Span(f"{start}{_number(0)}", f"{start}{_number(end)}", len(start) + 20, reverse=True)


def run_out(term: Term, now: datetime, after: Job | None) -> Span:
    """Span the jobs whose term has run out."""
    kind = _KINDS[term]
    span = _timed(kind, now + _MICROSECOND if now < datetime.max.replace(tzinfo=UTC) else None)
    if after is None:
        return span
    until = after.lease_until if term is Term.LEASE else after.expires_at
    if until is None:
        return span
    return Span(f"{kind}{_time(until)}:{after.number + 1:019}", span.high, span.prefix)


def changed(tenant: str, since: datetime, after: Job | None) -> Span:
    """Span the jobs of a tenant that have changed since a time."""
    start = _tenant("c", tenant)
    at, number = last_left_out(since, after)
    return Span(f"{start}{_time(at)}:{_number(number + 1)}", f"{start}:", len(start) + _DIGITS + len(":") + 20)


def buried(before: datetime) -> Span:
    """Span the tombstones that were set before a time."""
    return _timed("b", before)


def _timed(kind: str, before: datetime | None) -> Span:
    high = _time(before) if before is not None else "9" * _DIGITS
    return Span(kind, f"{kind}{high}", len(kind) + _DIGITS + len(":") + 20)


def _time(moment: datetime) -> str:
    """Write a time so that times are in order as text is: every one of them, back to the year 1."""
    return f"{(moment - _BEGINNING) // _MICROSECOND:0{_DIGITS}}"


def _number(number: int) -> str:
    return f"{min(max(number, 0), MAX_NUMBER + 1):019}"


def _tenant(kind: str, tenant: str) -> str:
    """Write a tenant so that no other's writing begins with it: as JSON, which ends with a quote."""
    return f"{kind}{json.dumps(tenant)}"
