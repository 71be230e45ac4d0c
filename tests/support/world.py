"""A job in every state that there is, made anew for each comparison, with ids that no other has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from house import OTHER_TENANT, TENANT

from jobstatus import ids, life
from jobstatus.job import Event, Failure, FailureKind, Job, Link, Report, Result, Status, Tombstone
from jobstatus.life import Retention
from jobstatus.storage import Store
from jobstatus.storage.base import JobQuery

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)
EVERY = 10**6
WORD = re.compile(rb"~[a-z]+\.[0-9]~|~[A-Z]+\.[0-9]~")
WAYS = 3
"""In how many ways a contract may spell an id."""
FRESH = "fresh"
"""The name of ids that are no job's yet."""
DELETED = "deleted"
"""The name of the job of which a tombstone is left."""
INVALID = {
    "entry_type": "json_data_property",
    "entry": "$.a",
    "rules": [{"rule": "required", "params": [1, None], "description": "ü" * 100}],
}
WORDS = "packing \u2028 <b> & ü \U0001f600 100% %(id)b %s {}"
SHOWN = {"image_id": "e9e91bff", "image_name": "ü", "big": 10**30}
SOON = datetime(2031, 3, 4, 6, 0, 0, 123_456, UTC)

_RUNNING = Report(status=Status.RUNNING, progress=42.5, message=WORDS)


def _succeeded(**result: object) -> Report:
    return Report(status=Status.SUCCEEDED, result=Result(**result))  # type: ignore[arg-type]  # as `Result` has them


def _failed(kind: FailureKind, message: str, **rest: object) -> Report:
    error = Failure(kind=kind, message=message, **rest)  # type: ignore[arg-type]  # as `Failure` has them
    return Report(status=Status.FAILED, error=error)


LIVES: Mapping[str, Sequence[Report | None]] = {
    "pending": (),
    "running": (_RUNNING,),
    "expected": (Report(status=Status.RUNNING, eta=SOON),),
    "lapsed": (_RUNNING, Report(lease=timedelta(minutes=5))),
    "cancelling": (_RUNNING, None),
    "bare": (Report(status=Status.SUCCEEDED),),
    "linked": (_succeeded(links=(Link(entity="encounter", href="/e/1"), Link(entity="ü", href="/ü"))),),
    "responded": (_succeeded(response_data={"id": "a", "é": [1.5, None, 10**30]}),),
    "worded": (_succeeded(response_data="done & <done>"),),
    "imaged": (_RUNNING, _succeeded(entities=SHOWN)),
    "invalid": (_RUNNING, _failed(FailureKind.USER, WORDS, http_status=422, invalid=(INVALID,) * 60)),
    "refused": (_failed(FailureKind.USER, "none", http_status=404, type="t"),),
    "crashed": (_RUNNING, _failed(FailureKind.SYSTEM, "ü" * 4096, code="IMG.0001")),
    "unexplained": (Report(status=Status.FAILED, message="why"),),
    "cancelled": (None,),
    "expired": (_RUNNING, _succeeded()),
    DELETED: (None,),
    "foreign": (_RUNNING,),
    "named": (_RUNNING,),
    "digits": (_RUNNING,),
}
"""By its name, what happens to each job; no report stands for a cancellation."""
AGE = timedelta(seconds=59.5)
"""How old a job is: where nobody knows better, it is thought to take a minute."""
AGES = {"expired": timedelta(days=8), "lapsed": timedelta(hours=1)}
"""How long ago a job's life was, where that is not now."""


@dataclass(frozen=True, slots=True)
class World:
    """The jobs that there are in one comparison, by their names."""

    turn: int
    jobs: Mapping[str, Job]

    def only(self, name: str) -> World:
        """Give the world as it is to whoever means one of its jobs, whatever they call it."""
        return World(self.turn, dict.fromkeys(self.jobs, self.jobs[name]))

    def told(self, text: bytes, contract: str) -> bytes:
        """Put what a contract calls each job in place of the words that stand for it, in capitals where they do."""
        return WORD.sub(lambda word: self._spelt(word[0].decode(), contract).encode(), text)

    def _spelt(self, word: str, contract: str) -> str:
        if word.isupper():
            return self._spelt(word.lower(), contract).upper()
        name, way = word.strip("~").split(".")
        if name == FRESH:
            return uuid(self.turn, 0xF000 + int(way))
        ways = spellings(self.jobs[name], contract)
        return ways[int(way) % len(ways)]


def word(name: str, way: int = 0) -> str:
    """Give what stands for a job, spelt in one of the ways, until it is known which world is asked."""
    return f"~{name}.{way}~"


def uuid(turn: int, place: int) -> str:
    """Give an id that no other world has."""
    return f"{turn:08x}-0000-7000-8000-abcdef{place:06x}"


def spellings(job: Job, contract: str) -> list[str]:
    """Spell a job's id in each way that a contract takes."""
    match contract:
        case "traffic-ops":
            return [str(job.number), f"{job.number}.json"]
        case "ehealth":
            return [ids.object_id(job), job.id]
        case "ims":
            return [ids.hex32(job), job.id]
        case "ehealth-composition":
            return [job.id]
        case _:
            return [job.id, job.id.upper(), ids.hex32(job)]


async def populate(turn: int, now: datetime, *stores: Store) -> World:
    """Write the same new world into empty stores, and give it with the numbers that they gave."""
    lives = {name: _lead(name, turn, place, now) for place, name in enumerate(LIVES)}
    jobs = {}
    for name, versions in lives.items():
        (jobs[name], *others) = [await _put(store, name, versions) for store in stores]
        assert all(other == jobs[name] for other in others)
    return World(turn, jobs)


async def clear(store: Store) -> None:
    """Leave no job in a store, nor what is left of one."""
    for job in await records(store):
        await store.bury(job, _tombstone(job))
    await forget(store)


async def forget(store: Store) -> None:
    """Leave nothing of what was deleted."""
    await store.forget(LATEST, EVERY)


async def records(store: Store) -> Sequence[Job]:
    """Give every job in a store, the newest first."""
    return await store.list(JobQuery(alive_at=EARLIEST, limit=EVERY))


def _lead(name: str, turn: int, place: int, now: datetime) -> list[Job]:
    """Give every version of a job, as its life leads it."""
    at = now - AGES.get(name, timedelta())
    versions = [
        Job(
            id={"named": f"nightly_backup-{turn}", "digits": f"{turn:024x}"}.get(name, uuid(turn, place)),
            tenant=OTHER_TENANT if name == "foreign" else TENANT,
            owner="producer",
            type="imsImportImageJob",
            created_at=at - AGE,
            updated_at=at - AGE,
        )
    ]
    for step in LIVES[name]:
        versions.append(_next(versions[-1], step, at))
    return versions


def _next(job: Job, step: Report | None, at: datetime) -> Job:
    keep = Retention()
    return life.cancel(job, now=at, retention=keep) if step is None else life.report(job, step, now=at, retention=keep)


async def _put(store: Store, name: str, versions: Sequence[Job]) -> Job:
    made = await store.create(versions[0], Event.of(versions[0], "tests"))
    for version in versions[1:]:
        job = replace(version, number=made.number)
        await store.replace(job, Event.of(job, "tests"))
    last = replace(versions[-1], number=made.number)
    if name == DELETED:
        await store.bury(last, _tombstone(last))
    return last


def _tombstone(job: Job) -> Tombstone:
    return Tombstone(id=job.id, number=job.number, tenant=job.tenant, reason="deleted", at=job.updated_at)
