"""No two jobs do the same work, whatever becomes of those who create them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

import pytest
from back_ends import need
from valkey_servers import OwnCluster, OwnServer, own_valkey, own_valkey_cluster

from jobstatus.errors import DuplicateId, DuplicateWork, VersionMismatch
from jobstatus.ids import new_id
from jobstatus.job import Event, Job
from jobstatus.storage import Kept, Store, open_store
from jobstatus.storage.redis_claims import GRACE, Claim, Claims
from jobstatus.storage.redis_jobs import Jobs
from jobstatus.storage.redis_keys import Keys
from jobstatus.storage.redis_moving import Moving
from jobstatus.storage.redis_node import Address, Node
from jobstatus.storage.redis_routes import OneServer
from jobstatus.storage.redis_servers import Servers
from jobstatus.storage.redis_walk import Walk
from jobstatus.testing.stores.samples import NOW, SECOND, a_job, bury, change, next_version, put

STORES = 4
ROUNDS = 25
WORKS = ("one", "two", "three")


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    """Give a server."""
    need("redis")
    with own_valkey() as server:
        yield server


@pytest.fixture(scope="module")
def cluster() -> Iterator[OwnCluster]:
    """Give a cluster."""
    need("redis-cluster")
    with own_valkey_cluster() as cluster:
        yield cluster


class SlowClaims(Claims):
    """Claims whose first one is used only when the test lets it."""

    def __init__(self, servers: Servers, keys: Keys) -> None:
        super().__init__(servers, keys)
        self.made = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.older = 0
        """Seconds by which the first claim is older than it is."""

    async def take(self, work: str, id: str) -> Claim:
        """Claim, and wait."""
        claim = await super().take(work, id)
        if not self.made.is_set():
            claim = Claim(claim.token, claim.since - self.older)
            self.made.set()
            await self.may_go_on.wait()
        return claim

    async def move(self, work: str, id: str) -> str | None:
        """Give work to a job, and wait."""
        holder = await super().move(work, id)
        if not self.made.is_set():
            self.made.set()
            await self.may_go_on.wait()
        return holder


class LateClaims(SlowClaims):
    """Claims that are made only when the test lets them."""

    async def take(self, work: str, id: str) -> Claim:
        """Wait, and claim."""
        self.made.set()
        await self.may_go_on.wait()
        return await super().take(work, id)


class SlowCreator:
    """Somebody who stops between the claim and the creation."""

    def __init__(self, servers: Servers, keys: Keys, claims: type[SlowClaims]) -> None:
        self.claims = claims(servers, keys)
        walk = Walk(servers, keys)
        self._jobs = Jobs(servers, keys, self.claims, walk)
        self._moving = Moving(servers, keys, self.claims, walk, self._jobs)

    async def begin(self, job: Job) -> asyncio.Task[Job]:
        """Begin to create a job; return once its work is claimed."""
        creation = asyncio.create_task(self._jobs.create(job, Event.of(job, "producer")))
        await self.claims.made.wait()
        return creation

    async def begin_to_change(self, job: Job) -> asyncio.Task[None]:
        """Begin to write a version; return once it has claimed its work, or is about to."""
        replacement = asyncio.create_task(self._jobs.replace(job, Event.of(job, "worker")))
        await self.claims.made.wait()
        return replacement

    async def begin_to_restore(self, job: Job) -> asyncio.Task[None]:
        """Begin to restore a job; return once it has its work."""
        kept = Kept(job, (Event.of(job, "producer"),))
        restoration = asyncio.create_task(self._moving.restore(job.number - 1, job.number, [kept]))
        await self.claims.made.wait()
        return restoration


@asynccontextmanager
async def slow_creator(url: str, claims: type[SlowClaims] = SlowClaims) -> AsyncGenerator[SlowCreator]:
    """Give somebody who creates slowly in the store that a URL names."""
    parts = urlsplit(url)
    connect = partial(Node, seconds=5.0, tls=False)
    servers = Servers(OneServer([Address(parts.hostname or "", parts.port or 0)], connect), seconds=5.0)
    try:
        yield SlowCreator(servers, Keys(parts.query.removeprefix("prefix=")), claims)
    finally:
        await servers.aclose()


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Store]:
    """Open a store, and close it again."""
    store = await open_store(url)
    try:
        yield store
    finally:
        await store.aclose()


async def test_work_that_was_claimed_and_never_begun_is_free(server: OwnServer) -> None:
    """Whoever claimed it died: the next one gets it, and is in nobody's way."""
    url = server.fresh()
    async with opened(url) as store:
        async with slow_creator(url) as dying:
            creation = await dying.begin(a_job(work="w"))
            creation.cancel()
        job = await put(store, work="w")

        with pytest.raises(DuplicateWork) as refused:
            await put(store, work="w")
        assert refused.value.id == job.id


async def test_work_that_was_let_go_of_and_not_freed_is_free(server: OwnServer) -> None:
    """As when a server died in between, of a job that is there still, or buried, or forgotten."""
    url = server.fresh()
    prefix = url.partition("prefix=")[2]
    async with opened(url) as store:
        for fate in range(3):
            job = await put(store, work="w")
            (name,) = server.ask("KEYS", f"{prefix}:*:work:w")
            claim = server.ask("GET", name)
            changed = await change(store, job, work=None)
            if fate > 0:
                await bury(store, changed)
            if fate > 1:
                await store.forget(NOW + SECOND, 1)
            server.ask("SET", name, claim)

            assert (await put(store, work="w")).work == "w"
            server.ask("DEL", name)


async def test_whoever_was_overtaken_is_told(server: OwnServer) -> None:
    """A creation that was held up is not made by a claim that another has taken over."""
    url = server.fresh()
    async with opened(url) as store, slow_creator(url) as slow:
        creation = await slow.begin(a_job(work="w", id="slow"))
        job = await put(store, work="w")
        slow.claims.may_go_on.set()

        with pytest.raises(DuplicateWork) as refused:
            await creation
        assert refused.value.id == job.id
        assert await store.get("slow") is None


async def test_whoever_was_overtaken_by_one_who_is_done_begins_anew(server: OwnServer) -> None:
    """The work is free again, so that both have done it, one after the other."""
    url = server.fresh()
    async with opened(url) as store, slow_creator(url) as slow:
        creation = await slow.begin(a_job(work="w"))
        await bury(store, await put(store, work="w"))
        slow.claims.may_go_on.set()
        job = await creation

        assert await store.get(job.id) == job
        with pytest.raises(DuplicateWork):
            await put(store, work="w")


async def test_of_two_who_create_the_same_job_one_is_told(server: OwnServer) -> None:
    """As when a producer asks again because it had no answer."""
    url = server.fresh()
    async with opened(url) as store, slow_creator(url) as slow:
        job = a_job(work="w")
        creation = await slow.begin(job)
        made = await put(store, job)
        slow.claims.may_go_on.set()

        for refused in (creation, put(store, job)):
            with pytest.raises(DuplicateId):
                await refused
        assert await store.get(job.id) == made


async def test_a_claim_that_is_old_is_made_anew(server: OwnServer) -> None:
    """Fences do not stand for ever; so no claim may be used for longer."""
    url = server.fresh()
    async with opened(url) as store, slow_creator(url) as slow:
        slow.claims.older = 31
        slow.claims.may_go_on.set()
        job = await (await slow.begin(a_job(work="w")))

        assert await store.get(job.id) == job
        with pytest.raises(DuplicateWork):
            await put(store, work="w")


async def test_a_version_may_take_work_on(server: OwnServer) -> None:
    """Where another does it, it is refused, and is as it was."""
    async with opened(server.fresh()) as store:
        first, second = await put(store, work="w"), await put(store)
        with pytest.raises(DuplicateWork) as refused:
            await change(store, second, work="w")

        assert refused.value.id == first.id
        assert await store.get(second.id) == second
        await change(store, first, work="v")
        assert (await change(store, second, work="w")).work == "w"
        with pytest.raises(DuplicateWork):
            await put(store, work="v")


async def test_of_two_versions_that_take_the_same_work_on_one_is_told(server: OwnServer) -> None:
    """It is of a version that is over, as any other would be."""
    url = server.fresh()
    async with opened(url) as store, slow_creator(url, LateClaims) as slow:
        job = await put(store)
        replacement = await slow.begin_to_change(next_version(job, work="w"))
        changed = await change(store, job, work="w")
        slow.claims.may_go_on.set()

        with pytest.raises(VersionMismatch):
            await replacement
        assert await store.get(job.id) == changed


async def test_work_that_is_restored_is_taken_from_whoever_is_about_to_do_it(server: OwnServer) -> None:
    """A creation that was held up is refused."""
    url = server.fresh()
    async with opened(url) as store, slow_creator(url) as slow:
        creation = await slow.begin(a_job(work="w"))
        kept = replace(a_job(work="w"), number=7)
        await store.restore(6, 7, [Kept(kept, (Event.of(kept, "producer"),))])
        slow.claims.may_go_on.set()

        with pytest.raises(DuplicateWork) as refused:
            await creation
        assert refused.value.id == kept.id


async def test_work_that_is_taken_while_it_is_restored_gives_way(server: OwnServer) -> None:
    """Whoever took it could not see yet that a job would do it."""
    url = server.fresh()
    async with opened(url) as store, slow_creator(url) as slow:
        kept = replace(a_job(work="w"), number=7)
        restoration = await slow.begin_to_restore(kept)
        job = await put(store, work="w")
        slow.claims.may_go_on.set()
        await restoration

        assert await store.get(kept.id) == kept
        assert await store.get(job.id) == replace(job, work=None)
        with pytest.raises(DuplicateWork) as refused:
            await put(store, work="w")
        assert refused.value.id == kept.id


async def test_no_work_is_done_twice_at_a_time(cluster: OwnCluster) -> None:
    """However many servers want it, and in whatever way it becomes free again."""
    url = cluster.fresh()
    doing: dict[str, str] = {}
    done = dict.fromkeys(WORKS, 0)

    async def work(store: Store, number: int) -> None:
        for round in range(ROUNDS):
            name = WORKS[(round + number) % len(WORKS)]
            try:
                job = await put(store, id=new_id(), work=name)
            except DuplicateWork:
                continue
            assert name not in doing
            doing[name] = job.id
            await asyncio.sleep(GRACE / 10)
            done[name] += 1
            del doing[name]
            await (bury(store, job) if round % 2 else change(store, job, work=None))

    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(opened(url)) for _ in range(STORES)]
        await asyncio.gather(*(work(store, number) for number, store in enumerate(stores)))

    assert all(done.values())
