"""What the server does by itself, and what happens between two of a request's reads."""

from __future__ import annotations

import asyncio
import io
import sys
from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest
from house import TENANT, House, MovingClock, running_house

from jobstatus.credential import Caller
from jobstatus.errors import JobGone, StoreUnavailable, VersionMismatch
from jobstatus.job import Event, Job, Report, Status, Tombstone
from jobstatus.leases import BATCH
from jobstatus.life import Retention
from jobstatus.service import Draft, JobService
from jobstatus.settings import Settings
from jobstatus.shared_clock import SharedClock
from jobstatus.storage import Store, open_store
from jobstatus.storage.memory import MemoryStore
from jobstatus.sweeper import Sweeper, Swept

CALLER = Caller(id="c", tenant=TENANT)


async def service_of(clock: MovingClock) -> tuple[JobService, Store]:
    """Give a service over a store of its own."""
    store = await open_store("memory://")
    return JobService(store, clock=clock), store


def sweeper_of(store: Store, clock: MovingClock, holder: str = "a", seconds: float = 1) -> Sweeper:
    """Give a server's sweeper, which leads for three seconds unless told otherwise."""
    return Sweeper(store, clock=SharedClock(store, clock), retention=Retention(), holder=holder, seconds=seconds)


async def test_a_sweep_buries_the_expired_in_batches() -> None:
    """And it says whether more is waiting."""
    clock = MovingClock()
    service, store = await service_of(clock)
    sweeper = sweeper_of(store, clock)
    ended = [(await service.create(CALLER, Draft(type="t"))).id for _ in range(3)]
    for id in ended:
        await service.report(CALLER, id, Report(status=Status.SUCCEEDED))
    clock.move(days=7)

    swept = [await sweeper.sweep(batch=2) for _ in range(3)]

    assert swept == [Swept(expired=2, more=True), Swept(expired=1), Swept()]
    assert isinstance(await store.get(ended[0]), Tombstone)
    clock.move(days=90, seconds=1)
    assert await sweeper.sweep() == Swept(forgotten=3)
    assert await store.get(ended[0]) is None


async def test_a_sweep_ends_the_lost_in_batches() -> None:
    """Those that are found in a full batch may not be all."""
    clock = MovingClock()
    service, store = await service_of(clock)
    sweeper = sweeper_of(store, clock)
    jobs = [await service.create(CALLER, Draft(type="t", lease=timedelta(seconds=60))) for _ in range(3)]
    clock.move(seconds=60)

    swept = [await sweeper.sweep(batch=2) for _ in range(3)]

    assert swept == [Swept(lost=2, more=True), Swept(lost=1), Swept()]
    assert [(await service.get(CALLER, job.id)).status for job in jobs] == [Status.FAILED] * 3


async def test_one_server_sweeps_until_it_is_gone() -> None:
    """Another one takes over once the leader has not been heard of for three turns."""
    clock, machine = MovingClock(), 0.0
    store = MemoryStore(lambda: machine)
    service = JobService(store, clock=clock)
    first, second = sweeper_of(store, clock, "first"), sweeper_of(store, clock, "second")
    await service.create(CALLER, Draft(type="t", lease=timedelta(seconds=1)))
    assert await first.sweep() == Swept()
    clock.move(seconds=1)

    assert await second.sweep() == Swept()
    machine = 3.0
    assert await second.sweep() == Swept(lost=1)


async def test_every_server_sets_its_clock_each_turn() -> None:
    """The one that leads, and the others too; a turn that fails is followed by the next."""
    asked = 0
    enough = anyio.Event()

    class Led(MemoryStore):
        async def lead(self, role: str, holder: str, seconds: float) -> bool:
            return False

        async def time(self) -> datetime | None:
            nonlocal asked
            asked += 1
            if asked == 1:
                raise StoreUnavailable("down")
            if asked == 3:
                enough.set()
            return None

    async with sweeper_of(Led(), MovingClock(), seconds=0.001).running():
        with anyio.fail_after(10):
            await enough.wait()


async def test_what_waits_is_swept_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a full batch the next one does not wait for its turn."""
    async with running_house(Settings(sweep_seconds=0.01)) as house:
        counts = iter([BATCH, BATCH, 1])
        done = anyio.Event()
        pauses: list[float] = []
        sleep = asyncio.sleep

        async def expire(now: datetime, limit: int) -> int:
            count = next(counts, 0)
            if count == 0:
                done.set()
            return count

        async def pause(seconds: float) -> None:
            pauses.append(seconds)
            await sleep(seconds)

        monkeypatch.setattr(house.store, "expire", expire)
        monkeypatch.setattr("jobstatus.sweeper.asyncio.sleep", pause)
        with anyio.fail_after(10):
            await done.wait()

    assert pauses.count(0) == 2


async def test_a_list_and_a_read_agree_about_lost_jobs(house: House) -> None:
    """A job whose lease has lapsed is found among the failed, whoever looks first."""
    headers = house.headers(await house.token())
    body = {"type": "t", "lease_seconds": 60}
    id = (await house.client.post("/jobs", json=body, headers=headers)).json()["id"]
    house.clock.move(seconds=60)

    failed = await house.client.get("/jobs?status=failed", headers=headers)

    assert [job["id"] for job in failed.json()["jobs"]] == [id]


async def test_a_timeline_that_is_buried_meanwhile_is_gone() -> None:
    """A job that is deleted between the look at it and the look at its timeline is told of as gone."""
    service, store = await service_of(MovingClock())
    job = await service.create(CALLER, Draft(type="t"))
    await service.cancel(CALLER, job.id)
    read = store.events

    async def late(id: str) -> Any:
        await service.delete(CALLER, id)
        return await read(id)

    store.events = late  # type: ignore[method-assign]

    with pytest.raises(JobGone):
        await service.events(CALLER, job.id)


async def test_a_change_is_not_tried_for_ever() -> None:
    """Where every write loses against another, the caller is told to come again."""
    service, store = await service_of(MovingClock())
    job = await service.create(CALLER, Draft(type="t"))

    async def lose(job: Job, event: Event) -> None:
        raise VersionMismatch(job.id, job.version)

    store.replace = lose  # type: ignore[method-assign]

    with pytest.raises(StoreUnavailable):
        await service.cancel(CALLER, job.id)


async def test_a_sweep_that_fails_is_logged_and_the_next_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever one sweep meets with, lost and expired jobs are looked for again."""
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    async with running_house(Settings(sweep_seconds=0.01)) as house:
        swept = anyio.Event()
        calls = 0

        async def due(*_: Any) -> list[Job]:
            nonlocal calls
            calls += 1
            if calls == 1:
                raise ValueError("an unreadable row")
            swept.set()
            return []

        monkeypatch.setattr(house.store, "due", due)
        with anyio.fail_after(10):
            await swept.wait()

    assert "sweep failed" in log.getvalue()


async def test_an_answer_that_breaks_the_spec_is_logged_without_its_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is told, what was in it is not: it may be somebody's secret."""
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    async with running_house() as house:
        now = house.clock.now
        job = Job(id="a", tenant=TENANT, owner="o", type="Jane Roe\n" * 100, created_at=now, updated_at=now)
        await house.store.create(job, Event.of(job, "o"))

        answer = await house.client.get("/jobs/a", headers=house.headers(await house.token()))

    assert answer.status_code == 500
    assert "Jane" not in answer.text
    assert "ContractBroken" in log.getvalue()
    assert "Jane" not in log.getvalue()


async def test_a_store_that_is_down_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who runs the server learns why it says 503."""
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)

    async def down(key: object) -> None:
        raise StoreUnavailable("disk full")

    async with running_house() as house:
        headers = house.headers(await house.token())
        monkeypatch.setattr(house.store, "get", down)

        answer = await house.client.get("/jobs/a", headers=headers)

    assert answer.status_code == 503
    assert "disk full" not in answer.text
    assert "disk full" in log.getvalue()
