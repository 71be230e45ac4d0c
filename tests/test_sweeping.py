"""What the server does by itself, and what happens between two of a request's reads."""

from __future__ import annotations

import io
import sys
from typing import Any

import anyio
import pytest
from house import TENANT, House, MovingClock, running_house

from jobstatus.credential import Caller
from jobstatus.errors import JobGone, StoreUnavailable, VersionMismatch
from jobstatus.job import Event, Job, Report, Status
from jobstatus.service import Draft, JobService
from jobstatus.settings import Settings
from jobstatus.storage import Store, open_store

CALLER = Caller(id="c", tenant=TENANT)


async def service_of(clock: MovingClock) -> tuple[JobService, Store]:
    """Give a service over a store of its own."""
    store = await open_store("memory://")
    return JobService(store, clock=clock), store


async def test_a_sweep_ends_the_lost_and_buries_the_expired() -> None:
    """And it says whether more is waiting."""
    clock = MovingClock()
    service, _ = await service_of(clock)
    ended = [(await service.create(CALLER, Draft(type="t"))).id for _ in range(3)]
    for id in ended:
        await service.report(CALLER, id, Report(status=Status.SUCCEEDED))
    clock.move(days=7)

    first, second = await service.sweep(batch=2), await service.sweep(batch=2)

    assert (first.expired, first.more, second.expired, second.more) == (2, True, 1, False)
    with pytest.raises(JobGone):
        await service.get(CALLER, ended[0])


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
