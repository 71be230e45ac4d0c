"""What holds of the PostgreSQL back end alone: its URL, its tables, and what becomes of it when the server fails."""

from __future__ import annotations

import asyncio
import builtins
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from back_ends import need
from patience import PATIENCE, SHORT, again, opened
from postgres import OwnPostgres, database_of, own_postgres
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import await_only

from jobstatus.errors import ConfigurationError, DuplicateId, StoreUnavailable
from jobstatus.ids import new_id
from jobstatus.job import Event, Job
from jobstatus.storage import JobQuery, Limits, Store, open_store
from jobstatus.storage.migrate import SCRIPTS
from jobstatus.storage.statements import create_job
from jobstatus.storage.tables import changes, metadata
from jobstatus.testing.stores.feeding import next_told, told_of
from jobstatus.testing.stores.samples import NOW, SECOND, a_credential, a_job, change, put

MANY = 20
TELLS = "query LIKE 'SELECT pg_notify%' AND pid <> pg_backend_pid()"
"""The connection by which a store tells of what it wrote."""
OLD_ROWS = """
    INSERT INTO jobs (id, tenant, owner, type, status, created_at, updated_at, version, work)
        VALUES ('old', 't', 'o', 'x', 'pending', 0, 0, 1, 'w');
    INSERT INTO events (number, version, at, status, actor) VALUES (1, 1, 0, 'pending', 'o');
"""


@pytest.fixture(scope="module")
def server() -> Iterator[OwnPostgres]:
    """Give a server that may be ill-treated."""
    need("postgresql")
    with own_postgres() as server:
        yield server


@pytest.mark.parametrize("url", ["postgresql://", "postgresql://host", "postgresql:///", "postgresql://h:x/db"])
async def test_a_url_without_a_database_is_refused(url: str) -> None:
    """The message shows one that is right."""
    with pytest.raises(ConfigurationError, match=r"postgresql://USER:PASSWORD@HOST/DATABASE"):
        await open_store(url)


async def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    """Whoever reads the log learns what is wrong, and no secret."""
    with pytest.raises(StoreUnavailable) as told:
        await open_store("postgresql://user:hidden@127.0.0.1:1/jobs", SHORT)

    assert "hidden" not in str(told.value)


async def test_a_store_does_not_show_its_password(server: OwnPostgres) -> None:
    """Neither where it is printed."""
    url = (await server.database()).replace("postgres@", "postgres:hidden@")
    async with opened(url) as store:
        assert "hidden" not in repr(store)
        assert "jobstatus_" in repr(store)


async def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    imported = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("asyncpg"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return imported(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.startswith("jobstatus.storage.postgresql")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(ConfigurationError, match=r"pip install 'jobstatus\[postgresql\]'"):
        await open_store("postgresql://host/jobs")


async def test_the_migrations_make_the_tables_that_the_statements_use(server: OwnPostgres) -> None:
    """Nothing is missing, and nothing is there that no statement knows."""
    url = await server.database()
    async with opened(url):
        pass
    engine = create_async_engine("postgresql+asyncpg://", async_creator=partial(asyncpg.connect, url))
    async with engine.connect() as connection:
        found = await connection.run_sync(lambda sync: compare_metadata(MigrationContext.configure(sync), metadata))
    await engine.dispose()

    assert [(kind, table.name) for kind, table in found] == [("add_table", changes.name)]  # which SQLite alone has


async def test_servers_that_start_at_once_make_the_tables_once(server: OwnPostgres) -> None:
    """Those that come later find them made."""
    url = await server.database()
    stores = await asyncio.gather(*(open_store(url) for _ in range(5)))
    try:
        jobs = await asyncio.gather(*(put(store) for store in stores))
        assert len({job.number for job in jobs}) == len(jobs)
    finally:
        await asyncio.gather(*(store.aclose() for store in stores))


async def test_stores_that_are_opened_at_once_have_their_own_tables(server: OwnPostgres, tmp_path: Path) -> None:
    """Though what makes them can work on one at a time."""
    urls = [await server.database(), await server.database(), f"sqlite:///{tmp_path}/jobs.db"]
    stores = await asyncio.gather(*(open_store(url) for url in urls))
    try:
        assert [job.number for job in await asyncio.gather(*(put(store) for store in stores))] == [1, 1, 1]
    finally:
        await asyncio.gather(*(store.aclose() for store in stores))


async def test_tables_with_rows_are_brought_up_to_date(server: OwnPostgres) -> None:
    """What an earlier version wrote is there."""
    url = await server.database()
    engine = create_async_engine("postgresql+asyncpg://", async_creator=partial(asyncpg.connect, url))
    async with engine.begin() as connection:
        await connection.run_sync(partial(upgrade, to="0002"))
    await engine.dispose()
    plain = await asyncpg.connect(url)
    await plain.execute(OLD_ROWS)
    await plain.close()
    async with opened(url) as store:
        old = await store.get("old")
        assert isinstance(old, Job)
        assert (old.number, old.work) == (1, "w")
        assert await store.changed("t", old.updated_at, 10) == [old]
        assert (await put(store)).number == 2
        assert (await change(store, old)).version == 2


def upgrade(connection: Connection, to: str) -> None:
    """Make the tables as they were."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(SCRIPTS))
    command.upgrade(config, to)


async def test_several_hosts_may_be_named(server: OwnPostgres) -> None:
    """The first one that answers is taken."""
    url = await server.database()
    async with opened(url.replace("127.0.0.1", "127.0.0.1:1,127.0.0.1")) as store:
        assert await put(store)


async def test_an_id_is_not_given_again_whatever_the_database_is_set_to(server: OwnPostgres) -> None:
    """A creation that waited for a burial sees it."""
    url = await server.database()
    connection = await asyncpg.connect(url)
    await connection.execute(f"ALTER DATABASE {database_of(url)} SET default_transaction_isolation = 'repeatable read'")
    async with opened(url, limits=Limits()) as store:
        job = await put(store)
        burying = connection.transaction()
        await burying.start()
        await connection.execute("DELETE FROM jobs")
        await connection.execute("INSERT INTO tombstones VALUES ($1, $2, 't', 'deleted', 0)", job.number, job.id)
        creating = asyncio.create_task(put(store, id=job.id))
        await until(connection, "wait_event_type = 'Lock'")
        await burying.commit()
        with pytest.raises(DuplicateId):
            await creating
    await connection.close()


async def test_a_note_that_is_kept_longer_meanwhile_is_not_dropped(server: OwnPostgres) -> None:
    """What drops notes has read the time that it had, waits for whoever swaps it, and then looks again."""
    url = await server.database()
    connection = await asyncpg.connect(url)
    async with opened(url, limits=Limits()) as store:
        await store.swap("k", None, b"a", NOW)
        swapping = connection.transaction()
        await swapping.start()
        await connection.execute("UPDATE notes SET until = until + 1000000000")
        dropping = asyncio.create_task(store.drop_notes(NOW + SECOND, 10))
        await until(connection, "wait_event_type = 'Lock'")
        await swapping.commit()

        assert await dropping == 0
        assert await store.note("k") == b"a"
    await connection.close()


async def until(connection: asyncpg.Connection, what: str) -> int:
    """Wait until a connection to the same database is as described; give its process."""
    query = f"SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND {what}"
    async with asyncio.timeout(PATIENCE):
        while (pid := await connection.fetchval(query)) is None:  # noqa: ASYNC110  it is another process that is waited for
            await asyncio.sleep(0.01)
    return int(pid)


async def test_work_that_is_freed_in_between_is_no_taken_id(server: OwnPostgres) -> None:
    """What stood in a creation's way has gone when it is looked for: then the job is created."""
    url = await server.database()
    other = await asyncpg.connect(url)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=partial(asyncpg.connect, url))
    async with opened(url) as store:
        await put(store, work="w")
        job = a_job(work="w")

        def free(*_: object) -> None:
            await_only(other.execute("UPDATE jobs SET work = NULL"))

        async with engine.begin() as connection:
            event.listen(connection.sync_connection, "after_cursor_execute", free, once=True)
            created = await connection.run_sync(create_job, job, Event.of(job, "c"))
        assert await store.get(job.id) == created
    await engine.dispose()
    await other.close()


async def test_every_character_is_kept(server: OwnPostgres) -> None:
    """Those too that the database cannot write, or that stand for them."""
    async with opened(await server.database()) as store:
        job = await put(store, message="a\0b\ue000c\ue0000", tenant="\0", id="x\0y")

        assert await store.get("x\0y") == job
        assert await store.get("x\ue0000y") is None
        assert await store.list(JobQuery(alive_at=NOW, tenant="\0")) == [job]


async def test_connections_that_are_cut_are_made_anew(server: OwnPostgres) -> None:
    """Reads do not notice, and nobody has to start the server again."""
    url = await server.database()
    async with opened(url) as store:
        job = await put(store)
        await asyncio.gather(*(store.list(JobQuery(alive_at=NOW)) for _ in range(MANY)))
        await cut(server, url)

        assert await store.get(job.id) == job
        assert await store.list(JobQuery(alive_at=NOW)) == [job]
        await again(store)


async def cut(server: OwnPostgres, url: str) -> None:
    """Cut all connections to a database."""
    connection = await asyncpg.connect(server.url)
    backends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
    await connection.execute(backends, database_of(url))
    await connection.close()


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_server_that_comes_back_is_found_again(server: OwnPostgres, end: str) -> None:
    """What was acknowledged is there; in between, every call is told that the store cannot answer."""
    async with opened(await server.database()) as store:
        job, held = await put(store), a_credential()
        await store.add_credential(held)
        getattr(server, end)()
        for refused in (store.get(job.id), put(store), store.list(JobQuery(alive_at=NOW)), store.credentials()):
            with pytest.raises(StoreUnavailable):
                await refused
        server.start()

        assert await store.get(job.id) == job
        assert await store.find_credential(held.digest) == held
        await again(store)


async def test_a_server_that_hangs_is_not_waited_for(server: OwnPostgres) -> None:
    """Each call ends within its time, and when the server goes on, so does the store."""
    async with opened(await server.database()) as store:
        job = await put(store)
        server.hold()
        begun = time.monotonic()
        calls = (store.get(job.id), put(store), store.list(JobQuery(alive_at=NOW)), change(store, job))
        told = await asyncio.gather(*calls, *(store.get(str(i)) for i in range(MANY)), return_exceptions=True)
        took = time.monotonic() - begun
        server.let_go()

        assert {type(each) for each in told} == {StoreUnavailable}
        assert took < SHORT.seconds * 2
        await again(store)
        assert isinstance(await store.get(job.id), Job)


async def test_a_server_that_hangs_does_not_hold_up_the_closing(server: OwnPostgres) -> None:
    """Its connections are dropped."""
    store = await open_store(await server.database(), Limits())
    await asyncio.gather(put(store), put(store), store.list(JobQuery(alive_at=NOW)))
    server.hold()
    begun = time.monotonic()
    await store.aclose()
    took = time.monotonic() - begun
    server.let_go()

    assert took < Limits().seconds * 2


async def test_a_store_that_may_not_be_written_still_answers(server: OwnPostgres) -> None:
    """Reads go on; a write is refused, and leaves nothing."""
    url = await server.database()
    async with opened(url) as writable:
        job = await put(writable)
    connection = await asyncpg.connect(server.url)
    await connection.execute(f"ALTER DATABASE {database_of(url)} SET default_transaction_read_only = on")
    await connection.close()
    async with opened(url) as store:
        for refused in (put(store), change(store, job)):
            with pytest.raises(StoreUnavailable, match="read-only"):
                await refused
        assert await store.get(job.id) == job


async def test_the_feed_goes_on_when_the_server_is_back(server: OwnPostgres) -> None:
    """All may have changed in between; what changes afterwards is told of."""
    async with opened(await server.database()) as store, aclosing(store.changes()) as feed:
        await told_of(feed, (await put(store)).id)
        server.kill()
        server.start()
        while await next_told(feed) is not None:
            pass
        assert await told_of(feed, (await again(store)).id)


async def settled(store: Store, feed: AsyncGenerator[frozenset[str] | None]) -> Job:
    """Wait until the feed tells of one job alone; give it."""
    while await next_told(feed) is not None or await next_told(feed) is not None:
        pass
    job = await put(store)
    while (told := await next_told(feed)) is None or job.id not in told:
        pass
    return job


async def test_what_is_written_after_the_caller_gave_up_is_told_of(server: OwnPostgres) -> None:
    """It has changed for everybody else."""
    url = await server.database()
    connection = await asyncpg.connect(url)
    async with opened(url) as store, aclosing(store.changes()) as feed:
        job = await settled(store, feed)
        async with connection.transaction():
            await connection.execute("SELECT * FROM jobs FOR UPDATE")
            with pytest.raises(StoreUnavailable, match="within"):
                await change(store, job)
        assert await told_of(feed, job.id)
    await connection.close()


async def test_what_cannot_be_told_at_once_is_told_later(server: OwnPostgres) -> None:
    """The write is made, and so nobody may miss it."""
    url = await server.database()
    connection, outside = await asyncpg.connect(url), await asyncpg.connect(server.url)
    async with opened(url) as store, aclosing(store.changes()) as feed:
        await settled(store, feed)
        await outside.execute(f"ALTER DATABASE {database_of(url)} ALLOW_CONNECTIONS false")
        await connection.execute("SELECT pg_terminate_backend($1)", await until(connection, TELLS))
        job = await put(store)
        await outside.execute(f"ALTER DATABASE {database_of(url)} ALLOW_CONNECTIONS true")
        assert await next_told(feed) in (None, {job.id})
    await connection.close()
    await outside.close()


async def test_a_commit_without_an_answer_is_told_of(server: OwnPostgres) -> None:
    """It may have been made: here it was."""
    url = await server.database()
    connection = await asyncpg.connect(url, server_settings={"synchronous_commit": "off"})
    async with opened(url, limits=Limits()) as store, aclosing(store.changes()) as feed:
        await settled(store, feed)
        await connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        await connection.execute("SELECT pg_reload_conf()")
        try:
            id, writing = await begin_one_that_waits(store, connection)
            with pytest.raises(StoreUnavailable):
                await writing
        finally:
            await connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
            await connection.execute("SELECT pg_reload_conf()")
        while await next_told(feed) is not None:  # those that did not have to wait
            pass
        assert isinstance(await store.get(id), Job)
    await connection.close()


async def begin_one_that_waits(store: Store, connection: asyncpg.Connection) -> tuple[str, asyncio.Task[Job]]:
    """Begin writes until one waits for the standby, for the setting takes its time; cut its connection."""
    waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'"
    writing: asyncio.Task[Job] | None = None
    async with asyncio.timeout(PATIENCE):
        while (pid := await connection.fetchval(waiting)) is None:
            if writing is None or writing.done():
                id = new_id()
                writing = asyncio.create_task(put(store, id=id))
            await asyncio.sleep(0.01)
    await connection.execute("SELECT pg_terminate_backend($1)", pid)
    assert writing is not None
    return id, writing


async def test_one_server_is_told_of_what_another_one_writes(server: OwnPostgres) -> None:
    """Each id, however many and long they are."""
    url = await server.database()
    async with opened(url) as reader, opened(url) as writer, aclosing(reader.changes()) as feed:
        await told_of(feed, (await put(writer)).id)
        made = await asyncio.gather(
            *(put(writer, id=f"{i}{'x' * 500}") for i in range(MANY)), put(writer, id="y" * 9000)
        )
        missing = {job.id for job in made}
        while missing:
            told = await next_told(feed)
            missing = set() if told is None else missing - told
