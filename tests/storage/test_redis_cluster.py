"""What a store in a cluster does when masters fail, hang, or give shards to others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing, asynccontextmanager, suppress

import pytest
from back_ends import need
from patience import PATIENCE, SHORT, opened
from redis.crc import key_slot
from valkey_servers import OwnCluster, OwnServer, own_valkey, own_valkey_cluster, wait_until

from jobstatus.errors import ConfigurationError, StoreUnavailable
from jobstatus.job import Job
from jobstatus.storage import JobQuery, Limits, Store, open_store
from jobstatus.storage.redis_keys import TAGS, Keys
from jobstatus.testing.stores.feeding import Told, next_told, told_of
from jobstatus.testing.stores.samples import NOW, change, put

MANY = 60


@pytest.fixture(scope="module")
def cluster() -> Iterator[OwnCluster]:
    """Give a cluster that may be ill-treated, with a replica for each master."""
    need("redis-cluster")
    with own_valkey_cluster(replicas=1) as cluster:
        yield cluster


async def written(store: Store) -> list[Job]:
    """Write jobs to every shard, each until the store takes it."""
    shards: dict[int, Job] = {}
    async with asyncio.timeout(PATIENCE):
        while len(shards) < len(TAGS):
            with suppress(StoreUnavailable):
                job = await put(store)
                shards[Keys("").job(job.id).shard] = job
    return list(shards.values())


def master_of(cluster: OwnCluster, slot: int) -> OwnServer:
    """Find the server that has a slot now."""
    anyone = next(server for server in cluster.servers if server.alive)
    for first, last, (_, port, *_), *_ in anyone.ask("CLUSTER", "SLOTS"):
        if first <= slot <= last:
            return next(server for server in cluster.servers if server.port == port)
    raise AssertionError


async def told(feed: Told, jobs: Iterable[Job]) -> bool:
    """Read on until each of these jobs was told of; tell whether it was by its id."""
    missing = {job.id for job in jobs}
    while missing:
        ids = await next_told(feed)
        if ids is None:
            return False
        missing -= ids
    return True


async def listening(store: Store, feed: Told) -> None:
    """Write until the feed tells of every shard what is written."""
    async with asyncio.timeout(PATIENCE):
        while not await told(feed, await written(store)):
            pass


async def test_a_server_is_told_from_a_cluster(cluster: OwnCluster) -> None:
    """Whoever mixes them up learns which URL to write."""
    with pytest.raises(ConfigurationError, match=r"redis\+cluster://"):
        await open_store(f"redis://127.0.0.1:{cluster.masters[0].port}")
    with own_valkey() as server, pytest.raises(ConfigurationError, match="redis://"):
        await open_store(f"redis+cluster://127.0.0.1:{server.port}")


async def test_any_server_leads_to_the_others(cluster: OwnCluster) -> None:
    """Those that are not there are passed over."""
    (alone,) = {master.port for master in cluster.masters[1:2]}
    async with opened(cluster.fresh().replace(cluster.url, f"redis+cluster://127.0.0.1:1,127.0.0.1:{alone}")) as store:
        jobs = await written(store)
        assert [await store.get(job.id) for job in jobs] == jobs


async def test_every_server_tells_of_what_is_written_on_any(cluster: OwnCluster) -> None:
    """Each of what lies on it."""
    async with opened(cluster.fresh()) as store, aclosing(store.changes()) as feed:
        await listening(store, feed)


async def test_the_feed_needs_no_links_between_the_servers(cluster: OwnCluster) -> None:
    """What they pass on to each other is lost with these, and nobody is told."""
    async with opened(cluster.fresh(), limits=Limits()) as store, aclosing(store.changes()) as feed:
        await listening(store, feed)
        for _ in range(5):
            for server in cluster.servers:
                for other in cluster.servers:
                    if other is not server:
                        server.ask("DEBUG", "CLUSTERLINK", "KILL", "ALL", other.ask("CLUSTER", "MYID"))
            await told(feed, [await put(store) for _ in range(5)])
    await asyncio.to_thread(wait_until, cluster.whole)


async def test_a_master_that_hangs_holds_up_its_own_shards_alone(cluster: OwnCluster) -> None:
    """Polls of what lies elsewhere are answered as ever."""
    async with opened(cluster.fresh()) as store:
        jobs = await written(store)
        held = cluster.masters[0]
        elsewhere = [job for job in jobs if master_of(cluster, slot_of(job)) is not held]
        theirs = [job for job in jobs if job not in elsewhere]
        held.hold()
        try:
            stuck = [asyncio.create_task(store.get(job.id)) for job in theirs]
            begun = time.monotonic()
            assert await asyncio.gather(*(store.get(job.id) for job in elsewhere)) == elsewhere
            assert time.monotonic() - begun < SHORT.seconds
            assert {type(each) for each in await asyncio.gather(*stuck, return_exceptions=True)} == {StoreUnavailable}
        finally:
            held.let_go()
        wait_until(cluster.whole)
        await written(store)
        assert await asyncio.gather(*(store.get(job.id) for job in jobs)) == jobs


def slot_of(job: Job) -> int:
    """Give the slot that a job lies in."""
    return key_slot(TAGS[Keys("").job(job.id).shard].encode())


async def test_a_shard_that_moves_is_followed(cluster: OwnCluster) -> None:
    """Its jobs are read while some are here and some there; once it has moved, all is as ever."""
    async with opened(cluster.fresh(), limits=Limits()) as store, aclosing(store.changes()) as feed:
        await listening(store, feed)
        job = (await written(store))[0]
        slot = slot_of(job)
        source = master_of(cluster, slot)
        target = next(master for master in cluster.masters if master is not source)
        target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.ask("CLUSTER", "MYID"))
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target.ask("CLUSTER", "MYID"))
        assert await store.get(job.id) == job
        names = source.ask("CLUSTER", "GETKEYSINSLOT", slot, 10_000)
        record = next(name for name in names if name.endswith(f":job:{job.id}"))
        source.ask("MIGRATE", "127.0.0.1", target.port, record, 0, 5000)
        assert await asyncio.gather(*(store.get(id) for id in (job.id, "nobody"))) == [job, None]
        for name in names:
            if name != record:
                source.ask("MIGRATE", "127.0.0.1", target.port, name, 0, 5000)
        for server in (target, source, *cluster.masters):
            server.ask("CLUSTER", "SETSLOT", slot, "NODE", target.ask("CLUSTER", "MYID"))

        changed = await change(store, job)
        refused = source.ask("INFO", "errorstats")
        assert await store.get(job.id) == changed
        assert source.ask("INFO", "errorstats") == refused  # it is known by now where the job lies
        await listening(store, feed)
        assert len(await store.list(JobQuery(alive_at=NOW, limit=10_000))) == len(await store.scan(0, 10_000))


@pytest.mark.parametrize("again", range(2))
async def test_what_replicas_have_is_not_lost_with_a_master(cluster: OwnCluster, again: int) -> None:
    """A replica takes its place, with all that was acknowledged; the store finds it, and so does the feed."""
    async with opened(cluster.fresh(acks=1), limits=Limits(seconds=2)) as store, aclosing(store.changes()) as feed:
        jobs = await written(store)
        lost = master_of(cluster, slot_of(jobs[0]))
        async with writing(store) as acknowledged:
            lost.kill()
            await asyncio.to_thread(wait_until, lambda: master_of(cluster, slot_of(jobs[0])) is not lost)
            lost.start()  # it follows the one that was its replica
            later = await written(store)
        await asyncio.to_thread(wait_until, cluster.whole)

        for job in [*jobs, *acknowledged, *later]:
            assert await found(store, job) == job
        while await next_told(feed) is not None:
            pass
        job = (await written(store))[-1]
        assert await told_of(feed, job.id)


async def test_a_master_that_hangs_loses_its_place(cluster: OwnCluster) -> None:
    """The store finds the replica that takes over, though the master never says anything."""
    async with opened(cluster.fresh()) as store:
        jobs = await written(store)
        held = master_of(cluster, slot_of(jobs[0]))
        held.hold()
        try:
            assert {Keys("").job(job.id).shard for job in await written(store)} == set(range(len(TAGS)))
        finally:
            held.let_go()
        await asyncio.to_thread(wait_until, cluster.whole)


@asynccontextmanager
async def writing(store: Store) -> AsyncGenerator[list[Job]]:
    """Write meanwhile; give what was acknowledged, of which there are some at the start."""
    acknowledged: list[Job] = []
    enough = asyncio.Event()

    async def write() -> None:
        while True:
            with suppress(StoreUnavailable):
                acknowledged.append(await put(store))
            if len(acknowledged) > MANY:
                enough.set()

    task = asyncio.create_task(write())
    try:
        await enough.wait()
        yield acknowledged
    finally:
        task.cancel()
        await asyncio.wait({task})


async def found(store: Store, job: Job) -> object:
    """Read until the store answers."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(StoreUnavailable):
                return await store.get(job.id)
