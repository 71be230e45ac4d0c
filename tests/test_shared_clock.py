"""Servers that share a store go by one clock, however far their machines' are apart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from house import TENANT, MovingClock

from jobstatus.credential import Caller
from jobstatus.errors import StoreUnavailable
from jobstatus.job import FailureKind, Job, Report, Status
from jobstatus.life import Retention
from jobstatus.service import Draft, JobService
from jobstatus.shared_clock import SharedClock
from jobstatus.storage.memory import MemoryStore
from jobstatus.sweeper import Sweeper

CALLER = Caller(id="c", tenant=TENANT)
HOUR = timedelta(hours=1)
LEASE = timedelta(seconds=60)


class TimedStore(MemoryStore):
    """A store that has a clock of its own, gives way where a network would, and lets everybody lead."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._time = clock

    async def time(self) -> datetime | None:
        await asyncio.sleep(0)
        return self._time()

    async def get(self, key: str | int) -> Any:
        await asyncio.sleep(0)
        return await super().get(key)

    async def due(self, *args: Any, **kwargs: Any) -> Any:
        found = await super().due(*args, **kwargs)
        await asyncio.sleep(0)
        return found

    async def lead(self, role: str, holder: str, seconds: float) -> bool:
        return True


class Server:
    """One of several servers: a machine whose clock is off, and what it makes of that."""

    def __init__(self, store: MemoryStore, true: MovingClock, off: timedelta) -> None:
        self.clock = SharedClock(store, lambda: true.now + off)
        self.service = JobService(store, clock=self.clock)
        self.sweeper = Sweeper(store, clock=self.clock, retention=Retention(), holder=str(off))

    async def look(self, id: str) -> Job:
        """Come upon a job in every way at once."""
        _, _, job, _ = await asyncio.gather(
            self.sweeper.sweep(), self.service.list(CALLER), self.service.get(CALLER, id), self.sweeper.sweep()
        )
        return job


async def servers_of(true: MovingClock) -> list[Server]:
    """Start two servers, one an hour early and one an hour late."""
    store = TimedStore(true)
    servers = [Server(store, true, off) for off in (HOUR, -HOUR)]
    for server in servers:
        await server.clock.set()
    return servers


@pytest.mark.parametrize("holder", [0, 1])
async def test_a_lease_lapses_at_its_moment_on_every_server(holder: int) -> None:
    """Not early and not late, whoever gave it and whoever looks; and the job is lost exactly once."""
    true = MovingClock()
    servers = await servers_of(true)
    job = await servers[holder].service.create(CALLER, Draft(type="t", lease=LEASE))
    assert job.lease_until == true.now + LEASE

    true.move(seconds=59.999999)
    early = await asyncio.gather(*(server.look(job.id) for server in servers))
    true.move(seconds=0.000001)
    late = await asyncio.gather(*(server.look(job.id) for server in servers))

    assert [seen.status for seen in early] == [Status.PENDING] * 2
    assert [(seen.status, seen.error and seen.error.kind) for seen in late] == [(Status.FAILED, FailureKind.LOST)] * 2
    events = await servers[0].service.events(CALLER, job.id)
    assert [(event.status, event.actor) for event in events] == [(Status.PENDING, "c"), (Status.FAILED, "jobstatus")]


async def test_a_lease_that_one_server_renews_is_not_lost_on_another() -> None:
    """A worker may report wherever it is led to."""
    true = MovingClock()
    fast, slow = await servers_of(true)
    job = await slow.service.create(CALLER, Draft(type="t", lease=LEASE))
    for server in (fast, slow, fast):
        true.move(seconds=59)
        await server.service.report(CALLER, job.id, Report(lease=LEASE))

    assert not [seen for seen in (await fast.look(job.id), await slow.look(job.id)) if seen.terminal]


async def test_a_record_expires_at_its_moment_on_every_server() -> None:
    """The clock that ended the job is the clock that it expires by."""
    true = MovingClock()
    fast, slow = await servers_of(true)
    job = await fast.service.create(CALLER, Draft(type="t"))
    ended = await slow.service.report(CALLER, job.id, Report(status=Status.SUCCEEDED))

    assert ended.expires_at == true.now + Retention().records
    true.move(days=6.999999)
    assert (await fast.sweeper.sweep()).expired == (await slow.sweeper.sweep()).expired == 0
    true.move(seconds=1)
    assert (await slow.sweeper.sweep()).expired == 1


async def test_a_clock_is_right_to_half_of_what_the_asking_took() -> None:
    """The store's time is taken for that of the middle."""
    true = MovingClock()

    class Slow(MemoryStore):
        async def time(self) -> datetime | None:
            true.move(seconds=1)
            told = true.now
            true.move(seconds=3)
            return told

    clock = SharedClock(Slow(), lambda: true.now + HOUR)
    await clock.set()

    assert clock() - true.now == timedelta(seconds=-1)


async def test_a_clock_that_cannot_be_set_goes_on_as_it_was() -> None:
    """What was measured last holds for as long as the store cannot be asked."""
    true = MovingClock()
    store = TimedStore(true)
    clock = SharedClock(store, lambda: true.now + HOUR)
    await clock.set()

    async def down() -> datetime | None:
        raise StoreUnavailable("down")

    store.time = down  # type: ignore[method-assign]  # as when it is cut off
    true.move(seconds=10)
    with pytest.raises(StoreUnavailable):
        await clock.set()

    assert clock() == true.now


async def test_a_store_on_the_machine_has_its_time() -> None:
    """There is nothing to set a clock by."""
    true = MovingClock()
    clock = SharedClock(MemoryStore(), true)
    await clock.set()

    assert clock() == true.now
