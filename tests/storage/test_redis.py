"""What holds of the Redis back end alone: its URL, where it keeps things, and what it does when the server fails."""

from __future__ import annotations

import asyncio
import builtins
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from back_ends import need
from patience import PATIENCE, SHORT, again, opened
from redis.crc import key_slot
from structlog.testing import capture_logs
from valkey_servers import FSYNC, OwnServer, own_valkey

from jobstatus.errors import ConfigurationError, DuplicateWork, StoreUnavailable
from jobstatus.job import Job, Status, Tombstone
from jobstatus.storage import JobQuery, Kept, Limits, Term, open_store
from jobstatus.storage.redis_keys import TAGS
from jobstatus.testing.stores.feeding import next_told, told_of
from jobstatus.testing.stores.noting import LATE
from jobstatus.testing.stores.samples import NOW, SECOND, a_credential, a_job, bury, change, put

MANY = 20
SLOTS = 16384
LAST = 2**63 - 1


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    """Give a server that may be ill-treated."""
    need("redis")
    with own_valkey() as server:
        yield server


def keys(server: OwnServer, url: str) -> dict[str, Any]:
    """Give all that is kept of a store, by its key."""
    prefix = url.partition("prefix=")[2].partition("&")[0]
    names = server.ask("KEYS", f"{prefix}:*")
    reads = {"string": ("GET",), "list": ("LRANGE", 0, -1), "zset": ("ZRANGE", 0, -1), "hash": ("HGETALL",)}
    found = {}
    for name in names:
        command, *rest = reads[server.ask("TYPE", name)]
        found[name] = server.ask(command, name, *rest)
    return found


@pytest.mark.parametrize(
    "url",
    [
        "redis:",
        "redis://",
        "redis:///0",
        "redis://user:hidden@/0",
        "redis://user:hidden@host:port",
        "redis://user:hidden@[::1",
        "redis://user:hidden@one,two",
        "redis://host/jobs",
        "redis://host/0?hidden=1",
        "redis://host?prefix=a{b}",
        "redis://host?prefix=",
        "redis://host?acks=all",
        "redis://host?ca=/etc/hosts",
        "redis://host#part",
        "rediss://host?ca=/nowhere/at/all",
        "redis+cluster://host/1",
        "redis+cluster://one,,two",
    ],
)
async def test_a_url_that_is_not_one_is_refused(url: str) -> None:
    """The error says what is wrong with it, and repeats nothing secret."""
    with pytest.raises(ConfigurationError) as refused:
        await open_store(url)

    assert "hidden" not in str(refused.value)


async def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    """Whoever reads the log learns what is wrong, and no secret."""
    for scheme in ("redis", "rediss", "redis+cluster", "rediss+cluster"):
        with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1") as told:
            await open_store(f"{scheme}://user:hidden@127.0.0.1:1", SHORT)

        assert "hidden" not in str(told.value)


async def test_a_password_that_is_wrong_is_told_without_it(server: OwnServer) -> None:
    """Signs of any kind may stand in one that is right."""
    server.ask("ACL", "SETUSER", "clerk", "on", ">p@ss:/?#", "~*", "&*", "+@all")
    url = server.fresh()
    async with opened(url.replace("//", "//clerk:p%40ss%3A%2F%3F%23@")) as store:
        await put(store)
        assert "p@ss" not in repr(store)
        assert "127.0.0.1" in repr(store)

    with pytest.raises(StoreUnavailable) as refused:
        await open_store(url.replace("//", "//clerk:hidden@"), SHORT)

    assert "hidden" not in str(refused.value)


async def test_a_user_who_may_not_ask_how_the_server_is_set_up_may_keep_jobs(server: OwnServer) -> None:
    """All it needs is its own keys and its own channel."""
    url = server.fresh()
    prefix = url.partition("prefix=")[2]
    server.ask("ACL", "SETUSER", "worker", "on", ">secret", f"~{prefix}:*", f"&{prefix}:*", "+@all", "-@dangerous")
    async with opened(url.replace("//", "//worker:secret@")) as store, aclosing(store.changes()) as feed:
        job = await put(store, work="w")
        assert await told_of(feed, job.id)
        await bury(store, job)
        assert await store.forget(NOW + SECOND, 1) == 1


async def test_a_user_who_may_not_publish_writes_nothing(server: OwnServer) -> None:
    """What is refused is not made, so that whoever asks again once that is mended is not told that it was."""
    url = server.fresh()
    prefix = url.partition("prefix=")[2]
    server.ask("ACL", "SETUSER", "mute", "on", ">secret", f"~{prefix}:*", "resetchannels", "+@all")
    async with opened(url) as store:
        job = await put(store)
        async with opened(url.replace("//", "//mute:secret@")) as refused:
            for call in (put(refused, id="a"), change(refused, job), bury(refused, job)):
                with pytest.raises(StoreUnavailable, match="channel"):
                    await call

        assert await store.get("a") is None
        assert await store.get(job.id) == job


async def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    imported = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "redis":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return imported(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.startswith("jobstatus.storage.redis")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(ConfigurationError, match=r"pip install 'jobstatus\[redis\]'"):
        await open_store("redis://host")


@pytest.mark.parametrize(
    ("name", "value", "warned"),
    [
        ("appendonly", "no", ["records written since the last snapshot are lost with the server"]),
        ("appendfsync", "everysec", ["records of the last second or more are lost with power"]),
        ("maxmemory-policy", "allkeys-lru", ["records are dropped when memory is full"]),
        ("maxmemory-policy", "noeviction", []),
    ],
)
async def test_a_server_that_may_lose_records_is_told_of(
    server: OwnServer, name: str, value: str, warned: list[str]
) -> None:
    """Once, at the start; of one that does not there is nothing to tell."""
    settings = {"appendfsync": "always", name: value}
    before = {name: server.ask("CONFIG", "GET", name)[1] for name in settings}
    for name, value in settings.items():
        server.ask("CONFIG", "SET", name, value)
    try:
        with capture_logs() as logs:
            async with opened(server.fresh()) as store:
                await put(store)
    finally:
        for name, value in before.items():
            server.ask("CONFIG", "SET", name, value)

    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == warned


def test_shards_are_spread_evenly() -> None:
    """So that clusters of any size share them as evenly as may be."""
    slots = [key_slot(tag.encode()) for tag in TAGS]

    assert [slot * len(TAGS) // SLOTS for slot in slots] == list(range(len(TAGS)))


async def test_stores_of_one_server_are_apart(server: OwnServer) -> None:
    """By their prefix, or by the database."""
    url = server.fresh()
    async with opened(url) as one, opened(server.fresh()) as other, opened(url.replace("/0", "/1")) as third:
        job = await put(one, id="a")
        for store in (other, third):
            assert await store.get("a") is None
            assert (await put(store, id="a")).number == job.number


async def test_nothing_is_left_of_what_is_forgotten(server: OwnServer) -> None:
    """But the count of numbers."""
    url = server.fresh()
    async with opened(url) as store:
        jobs = [await put(store, work=f"w{i}", expires_at=NOW) for i in range(MANY)]
        await change(store, jobs[0], lease_until=NOW)
        await store.expire(NOW, MANY)
        assert await store.forget(NOW + SECOND, MANY) == MANY

    assert list(keys(server, url).values()) == [str(MANY)]


async def test_every_time_is_in_its_place(server: OwnServer) -> None:
    """From the first that there is to the last."""
    moments = [datetime.min, datetime(1969, 12, 31, 23, 59, 59, 999_999), datetime(1970, 1, 1), datetime.max]
    expected = [moment.replace(tzinfo=UTC) for moment in moments]
    async with opened(server.fresh()) as store:
        for moment in reversed(expected):
            await put(store, expires_at=moment)

        due = await store.due(Term.RETENTION, expected[-1], MANY)
        assert [job.expires_at for job in due] == expected
        assert await store.due(Term.RETENTION, expected[-1], MANY, due[1]) == due[2:]
        assert await store.expire(expected[-1], MANY) == len(expected)
        assert await store.forgettable(expected[-1]) == len(expected) - 1


async def test_a_job_of_an_earlier_release_is_told_of_once_it_has_changed(server: OwnServer) -> None:
    """That release left its change out of the index, and out of the line by which the entry would be taken away."""
    url = server.fresh()
    async with opened(url) as store:
        job, other = await put(store), await put(store)
        forget_change(server, url, job)
        assert await store.changed("t", NOW, MANY) == [other]

        changed = await change(store, job)
        assert await store.changed("t", NOW, MANY) == [other, changed]


def forget_change(server: OwnServer, url: str, job: Job) -> None:
    """Leave a record as it would be had nobody thought of the order of changes."""
    kept = keys(server, url)
    (record,) = (name for name in kept if name.endswith(f":job:{job.id}"))
    line, _, body = kept[record].partition("\n")
    entries = [entry for entry in json.loads(line) if not str(entry).startswith("c")]
    server.ask("SET", record, f"{json.dumps(entries)}\n{body}")
    for index in (name for name in kept if name.endswith(":index")):
        server.ask("ZREM", index, *(entry for entry in json.loads(line) if entry not in entries))


async def test_a_note_expires_by_itself_and_not_before_its_time(server: OwnServer) -> None:
    """By the server's clock."""
    url = server.fresh()
    async with opened(url) as store:
        now = await store.time()
        assert now is not None
        until = now + timedelta(milliseconds=50, microseconds=1)
        await store.swap("k", None, b"a", until)
        while await store.note("k") is not None:
            pass
        over = await store.time()
        assert over is not None
        assert over > until
        assert await store.swap("k", None, b"b", until)

    assert keys(server, url) == {}


async def test_notes_lie_on_all_shards(server: OwnServer) -> None:
    """So that the servers of a cluster share them."""
    url = server.fresh()
    async with opened(url, limits=Limits()) as store:
        await asyncio.gather(*(store.swap(f"k{i}", None, b"", LATE) for i in range(200)))

    assert {name.partition("{")[2].partition("}")[0] for name in keys(server, url)} == set(TAGS)


async def test_every_tenant_is_apart(server: OwnServer) -> None:
    """Be the name of one the beginning of another's, or made of what separates names."""
    tenants = ["a", "ab", 'a"', 'a"n', "a\0", "a\n", "a:", "ä", "", "\U0001f600"]
    async with opened(server.fresh()) as store:
        jobs = {tenant: [await put(store, tenant=tenant) for _ in range(2)] for tenant in tenants}
        for tenant, its in jobs.items():
            assert await store.list(JobQuery(alive_at=NOW, tenant=tenant)) == its[::-1]
            assert await store.changed(tenant, NOW, MANY) == its


async def test_every_name_is_kept_as_it_is(server: OwnServer) -> None:
    """Whatever it is made of, and however long it is."""
    names = ["", " ", "7", "{a}", "}{", "a\nb", "a\0b", '["T"]', "\\u0000", "\ud800", "\U0001f600", "x" * 100_000]
    async with opened(server.fresh(), limits=Limits()) as store:
        for name in names:
            job = await put(store, id=name, tenant=name, work=name)
            assert await store.get(name) == await store.get(job.number) == job
            changed = await change(store, job, message=name)
            with pytest.raises(DuplicateWork):
                await put(store, work=name)
            await bury(store, changed)
            await bury(store, await put(store, work=name))


async def test_jobs_that_expire_together_leave_their_work_together(server: OwnServer) -> None:
    """Not one after the other: they are many."""
    async with opened(server.fresh(), limits=Limits()) as store:
        for each in range(MANY):
            await put(store, work=f"w{each}", expires_at=NOW)
        before = server.ask("INFO", "stats")["total_reads_processed"]
        assert await store.expire(NOW, MANY) == MANY
        assert server.ask("INFO", "stats")["total_reads_processed"] - before < MANY


async def test_a_long_list_is_whole(server: OwnServer) -> None:
    """However many shards and pages it is read from, and whatever does not fit."""
    async with opened(server.fresh(), limits=Limits()) as store:
        jobs = await asyncio.gather(*(put(store, type=f"x{i % 3}") for i in range(400)))
        newest = sorted(jobs, key=lambda job: job.number, reverse=True)

        assert await store.list(JobQuery(alive_at=NOW, limit=1000)) == newest
        some = [job for job in newest if job.type == "x1"]
        assert await store.list(JobQuery(alive_at=NOW, type="x1", limit=100)) == some[:100]
        assert [each.record for each in await store.scan(0, 1000)] == newest[::-1]


async def test_the_largest_number_is_kept(server: OwnServer) -> None:
    """There is none after it, and that is no one's fault but the store's."""
    async with opened(server.fresh()) as store:
        job = Job(**{**fields_of(a_job()), "number": LAST})
        await store.restore(LAST - 1, LAST, [Kept(job)])

        assert await store.get(LAST) == job
        assert await store.list(JobQuery(alive_at=NOW)) == [job]
        assert [each.record for each in await store.scan(0, 10)] == [job]
        with pytest.raises(StoreUnavailable):
            await put(store)


def fields_of(job: Job) -> dict[str, Any]:
    """Give the fields of a job by their names."""
    return {name: getattr(job, name) for name in Job.__slots__}


async def test_a_number_that_leads_to_another_job_is_passed_over(server: OwnServer) -> None:
    """Though the server's count was set back, as when it lost what it had counted."""
    url = server.fresh()
    async with opened(url) as store:
        jobs = [await put(store) for _ in range(MANY)]
        (counter,) = (name for name in keys(server, url) if name.endswith("}:number"))
        server.ask("SET", counter, 3)
        later = [await put(store) for _ in range(3)]

        assert len({job.number for job in [*jobs, *later]}) == MANY + 3
        for job in [*jobs, *later]:
            assert await store.get(job.number) == job


async def test_scripts_that_the_server_has_forgotten_are_told_it_again(server: OwnServer) -> None:
    """Whatever is done, of one job or of many."""
    async with opened(server.fresh()) as store:
        jobs = [await put(store, expires_at=NOW) for _ in range(MANY)]
        server.ask("SCRIPT", "FLUSH")
        assert await store.expire(NOW, MANY) == MANY
        server.ask("SCRIPT", "FLUSH")
        assert len(await store.scan(0, MANY)) == MANY
        assert isinstance(await store.get(jobs[0].id), Tombstone)


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_server_that_comes_back_is_found_again(server: OwnServer, end: str) -> None:
    """What was acknowledged is there; in between, every call is told that the store cannot answer."""
    async with opened(server.fresh()) as store:
        jobs = await asyncio.gather(*(put(store) for _ in range(MANY)))
        held = a_credential()
        await store.add_credential(held)
        getattr(server, end)()
        calls = (store.get(jobs[0].id), put(store), store.list(JobQuery(alive_at=NOW)), store.credentials())
        told = await asyncio.gather(*calls, return_exceptions=True)
        server.start()

        assert {type(each) for each in told} == {StoreUnavailable}
        for job in jobs:
            assert await store.get(job.id) == job
        assert await store.find_credential(held.digest) == held
        await again(store)


async def test_a_short_absence_is_not_noticed(server: OwnServer) -> None:
    """What was not sent yet is sent when the server is back."""
    async with opened(server.fresh(), limits=Limits()) as store:
        job = await put(store)
        server.kill()
        calls = [asyncio.create_task(call) for call in (put(store), change(store, job), store.get(job.id))]
        await asyncio.sleep(0)
        server.start()

        await asyncio.gather(*calls)


async def test_a_server_that_hangs_is_not_waited_for(server: OwnServer) -> None:
    """Each call ends within its time, those behind others too; when the server goes on, so does the store."""
    async with opened(server.fresh()) as store:
        job = await put(store)
        server.hold()
        try:
            begun = time.monotonic()
            calls = (store.get(job.id), put(store), store.list(JobQuery(alive_at=NOW)), change(store, job))
            first = asyncio.gather(*calls, return_exceptions=True)
            await asyncio.sleep(SHORT.seconds / 2)
            later = time.monotonic()
            second = await asyncio.gather(*(store.get(str(i)) for i in range(MANY)), return_exceptions=True)
            waited = time.monotonic() - later
            told = [*await first, *second]
            took = time.monotonic() - begun
        finally:
            server.let_go()

        assert {type(each) for each in told} == {StoreUnavailable}
        assert waited < SHORT.seconds * 3
        assert took < SHORT.seconds * 5
        await again(store)
        assert isinstance(await store.get(job.id), Job)


async def test_a_server_that_is_full_takes_nothing_half(server: OwnServer) -> None:
    """Records are read and buried meanwhile, and nothing but the refusal is noticed of what could not be written."""
    url = server.fresh()
    async with opened(url) as store:
        job, old = await put(store, message="m"), await put(store, expires_at=NOW)
        # Scripts that have not been run yet would be refused for what they are, not for what they do.
        await change(store, await put(store))
        before = keys(server, url)
        server.ask("CONFIG", "SET", "maxmemory", 1)
        try:
            for refused in (put(store), put(store, work="w"), change(store, job), store.add_credential(a_credential())):
                with pytest.raises(StoreUnavailable, match="memory"):
                    await refused
            assert await store.get(job.id) == job
            assert keys(server, url) == before
            assert await store.expire(NOW, 10) == 1
            assert isinstance(await store.get(old.id), Tombstone)
            assert await store.forget(NOW + SECOND, 10) == 1
        finally:
            server.ask("CONFIG", "SET", "maxmemory", 0)

        await change(store, job, status=Status.RUNNING)
        assert (await put(store, work="w")).work == "w"


async def test_a_server_that_only_follows_another_still_answers(server: OwnServer) -> None:
    """Reads go on; a write is refused, and leaves nothing."""
    url = server.fresh()
    async with opened(url) as store:
        job = await put(store)
        with own_valkey() as replica:
            replica.ask("REPLICAOF", "127.0.0.1", server.port)
            async with opened(url.replace(str(server.port), str(replica.port))) as follower:
                async with asyncio.timeout(PATIENCE):
                    while await follower.get(job.id) != job:
                        pass
                for refused in (follower.lead("r", "h", 1.0), change(follower, job)):
                    with pytest.raises(StoreUnavailable, match="read only replica"):
                        await refused
                assert await follower.get(job.id) == job


async def test_a_write_is_acknowledged_by_as_many_replicas_as_asked_for(server: OwnServer) -> None:
    """Without them it fails, though it may have been made; with them it does not."""
    url = server.fresh(acks=1)
    async with opened(url) as store:
        with pytest.raises(StoreUnavailable, match="0 replicas have the write, not 1"):
            await put(store, id="a")
        with own_valkey() as replica:
            replica.ask("REPLICAOF", "127.0.0.1", server.port)
            job = await again(store)

            async with opened(url.replace(str(server.port), str(replica.port))) as follower:
                assert await follower.get(job.id) == job


async def test_the_feed_goes_on_when_the_server_is_back(server: OwnServer) -> None:
    """All may have changed in between; what changes afterwards is told of."""
    async with opened(server.fresh()) as store, aclosing(store.changes()) as feed:
        await told_of(feed, (await put(store)).id)
        server.kill()
        server.start()
        while await next_told(feed) is not None:
            pass
        assert await told_of(feed, (await again(store)).id)


async def test_the_feed_notices_a_server_that_hangs(server: OwnServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It connects anew, and then all may have changed."""
    monkeypatch.setattr("jobstatus.storage.redis_feed.PULSE", 0.05)
    async with opened(server.fresh()) as store, aclosing(store.changes()) as feed:
        await told_of(feed, (await put(store)).id)
        server.hold()
        await asyncio.sleep(SHORT.seconds * 2)
        server.let_go()
        while await next_told(feed) is not None:
            pass
        assert await told_of(feed, (await again(store)).id)


async def test_a_feed_ends_at_any_moment(server: OwnServer) -> None:
    """Whether it connects, subscribes or listens when the store is closed."""
    before = asyncio.all_tasks()
    for turns in range(60):
        async with opened(server.fresh()) as store, aclosing(store.changes()) as feed:
            assert await next_told(feed) is None
            following = asyncio.create_task(next_told(feed))
            for _ in range(turns):
                await asyncio.sleep(0)
            async with asyncio.timeout(PATIENCE):
                await store.aclose()
                await asyncio.wait({following})
            assert isinstance(following.exception(), StopAsyncIteration | None)
        assert asyncio.all_tasks() == before


async def test_a_feed_that_is_quiet_goes_on(server: OwnServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is asked whether it is there, and says so; nothing is told of that."""
    monkeypatch.setattr("jobstatus.storage.redis_feed.PULSE", 0.02)
    async with opened(server.fresh()) as store, aclosing(store.changes()) as feed:
        assert await next_told(feed) is None
        assert await next_told(feed) is None  # once it listens
        quiet = asyncio.ensure_future(next_told(feed))
        await asyncio.wait({quiet}, timeout=0.2)
        assert not quiet.done()
        job = await put(store)
        assert await quiet == frozenset({job.id})


async def test_a_closed_store_refuses(server: OwnServer) -> None:
    """Nothing connects again behind the owner's back."""
    async with opened(server.fresh()) as store:
        pass
    for refused in (store.get("a"), put(store)):
        with pytest.raises(StoreUnavailable, match="closed"):
            await refused


def test_what_is_warned_of_is_not_in_the_way_of_machines(server: OwnServer) -> None:
    """A command prints what it was asked for, and warns beside it."""
    server.ask("CONFIG", "SET", "appendfsync", "everysec")
    try:
        command = [sys.executable, "-m", "jobstatus", "credentials", "list", "--json", "--store", server.fresh()]
        done = subprocess.run(command, capture_output=True, check=True)
    finally:
        server.ask("CONFIG", "SET", "appendfsync", FSYNC)

    assert json.loads(done.stdout) == {"credentials": []}
    assert b"records of the last second or more are lost with power" in done.stderr
