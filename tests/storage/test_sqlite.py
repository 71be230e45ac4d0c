"""What holds of the SQLite back end alone: its URL, its file, and the processes that share it."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncGenerator, Coroutine, Iterable, Iterator, Sequence
from contextlib import ExitStack, aclosing, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from jobstatus.errors import ConfigurationError, StoreUnavailable
from jobstatus.job import Job
from jobstatus.storage import JobQuery, Store, open_store
from jobstatus.storage.sqlite import PRAGMAS
from jobstatus.storage.tables import metadata
from jobstatus.testing.stores.feeding import next_told, told_of
from jobstatus.testing.stores.samples import NOW, SECOND, a_credential, bury, change, put

Writer = subprocess.Popen[str]

KILLS = 4
PROCESSES = 5
MANY = 50
EVERY = JobQuery(alive_at=NOW, limit=10**6)
LONG = "x" * 10_000


@asynccontextmanager
async def opened(file: Path) -> AsyncGenerator[Store]:
    """Open the store in a file, and close it again."""
    store = await open_store(f"sqlite:///{file}")
    try:
        yield store
    finally:
        await store.aclose()


@contextmanager
def writing(file: Path, name: str, count: int) -> Iterator[Writer]:
    """Start a process that is about to write."""
    command = [sys.executable, str(Path(__file__).with_name("writer.py")), f"sqlite:///{file}", name, str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def begin(process: Writer) -> None:
    """Let a process that is ready write."""
    assert process.stdin is not None
    process.stdin.write("begin\n")
    process.stdin.flush()


async def tried(calls: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Make calls at once; give what each returned or raised."""
    return await asyncio.gather(*calls, return_exceptions=True)


def jobs_of(outcomes: Iterable[Any]) -> list[Job]:
    """Give the jobs among what calls returned or raised."""
    return [outcome for outcome in outcomes if isinstance(outcome, Job)]


async def assert_whole(store: Store, jobs: Sequence[Job]) -> None:
    """See that a store holds these jobs and no others, each with all of its timeline."""
    assert list(await store.list(EVERY)) == sorted(jobs, key=lambda job: -job.number)
    for job in jobs:
        assert [event.version for event in await store.events(job.id)] == list(range(1, job.version + 1))


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes."""
    import resource  # not everywhere

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def lines(process: Writer) -> Iterator[str]:
    """Read what a process prints, whole lines only."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.endswith("\n"):
            yield line.strip()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:",
        "sqlite:jobs.db",
        "sqlite:/jobs.db",
        "sqlite://jobs.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///jobs.db?mode=ro",
        "sqlite://user:secret@host/jobs.db",
        "sqlite:////nowhere/at/all/jobs.db",
    ],
)
async def test_a_url_that_names_no_file_is_refused(url: str) -> None:
    """The error says what to write instead, and repeats no password."""
    with pytest.raises(ConfigurationError, match=r"sqlite:///FILE|memory://|make it") as refused:
        await open_store(url)

    assert "secret" not in str(refused.value)


def test_a_file_of_another_kind_is_refused(file: Path) -> None:
    """It is named, and left as it is."""
    file.write_text("something else")
    with pytest.raises(StoreUnavailable, match=r"jobs\.db: file is not a database"):
        anyio.run(open_store, f"sqlite:///{file}")

    assert file.read_text() == "something else"


@pytest.mark.parametrize("name", ["a b", "100%", "ünï", "%(here)s", "a#b", "'"])
async def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    """No character of it is taken for something else."""
    folder = tmp_path / name
    folder.mkdir()
    async with opened(folder / "jobs.db") as store:
        await put(store)

    assert [path.name for path in folder.iterdir()] == ["jobs.db"]


async def test_a_relative_file_stays_where_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever becomes of the working directory."""
    monkeypatch.chdir(tmp_path)
    store = await open_store("sqlite:///jobs.db")
    monkeypatch.chdir("/")
    job = await put(store)

    assert await store.get(job.id) == job
    await store.aclose()


async def test_all_is_there_when_the_file_is_opened_again(file: Path) -> None:
    """Jobs, timelines, tombstones and credentials; and numbers go on where they stopped."""
    held = a_credential(permissions=frozenset({"job:read"}))
    async with opened(file) as store:
        job = await change(store, await put(store), message="kept")
        buried, forgotten = await put(store), await put(store)
        tombstone = await bury(store, buried)
        await bury(store, forgotten, NOW - SECOND)
        await store.forget(NOW, 10)
        await store.add_credential(held)

    async with opened(file) as store:
        assert await store.get(job.id) == job
        assert len(await store.events(job.id)) == 2
        assert await store.get(buried.number) == tombstone
        assert await store.find_credential(held.digest) == held
        assert (await put(store)).number > forgotten.number


async def test_a_burial_leaves_no_rows_behind(file: Path) -> None:
    """The timeline goes with the job."""
    async with opened(file) as store:
        await bury(store, await change(store, await put(store)))

    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT * FROM jobs").fetchall() == []
        assert connection.execute("SELECT * FROM events").fetchall() == []


async def test_the_migrations_make_the_tables_that_the_statements_use(file: Path) -> None:
    """Nothing is missing, and nothing is there that no statement knows."""
    async with opened(file):
        pass
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()

    assert differences == []


async def test_a_file_of_the_first_version_is_brought_up_to_date(file: Path) -> None:
    """What is in it stays as it is: its credentials are tokens."""
    async with opened(file) as store:
        job, held = await put(store), a_credential()
        await store.add_credential(held)
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            """DROP INDEX jobs_changed; DROP TABLE notes; DROP INDEX jobs_by_work; ALTER TABLE jobs DROP COLUMN work;
            DROP TABLE roles; DROP TABLE changes; DROP TRIGGER jobs_note_insert; DROP TRIGGER jobs_note_update;
            DROP TRIGGER jobs_note_delete; ALTER TABLE credentials DROP COLUMN kind;
            ALTER TABLE credentials DROP COLUMN secret;
            UPDATE alembic_version SET version_num = '0001';"""
        )

    async with opened(file) as store:
        assert await store.get(job.id) == job
        assert await store.changed("t", NOW, 10) == [job]
        assert await store.find_credential(held.digest) == held
        assert (await put(store, work="w")).work == "w"


async def test_a_file_of_a_later_version_is_left_alone(file: Path) -> None:
    """An older jobstatus would not know what to make of it."""
    async with opened(file):
        pass
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'of the future'")

    with pytest.raises(ConfigurationError, match="another version of jobstatus"):
        await open_store(f"sqlite:///{file}")


async def test_a_closed_store_refuses(file: Path) -> None:
    """Nothing opens the file again behind the owner's back."""
    async with opened(file) as store:
        pass
    for refused in (store.get("a"), put(store)):
        with pytest.raises(StoreUnavailable, match="closed"):
            await refused


async def test_writers_that_wait_too_long_are_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads go on meanwhile, and nothing of what was to be written is told."""
    monkeypatch.setattr("jobstatus.storage.sqlite.LOCK", 0.05)
    async with opened(file) as store:
        job = await put(store)
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for refused in await tried(put(store, message="confidential") for _ in range(3)):
                assert isinstance(refused, StoreUnavailable)
                assert "locked" in str(refused)
                assert "confidential" not in str(refused)

            assert await store.get(job.id) == job
        await put(store)


async def test_a_full_store_keeps_what_it_has_and_takes_more_when_there_is_room(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was acknowledged is there wholly, what was refused is not there at all."""
    monkeypatch.setattr("jobstatus.storage.sqlite.PRAGMAS", (*PRAGMAS, "PRAGMA max_page_count = 80"))
    async with opened(file) as store:
        kept: list[Job] = []
        while len(outcomes := await tried(put(store, message=LONG) for _ in range(3))) == len(jobs_of(outcomes)):
            kept += jobs_of(outcomes)
        kept += jobs_of(outcomes)
        assert {str(refused) for refused in outcomes if isinstance(refused, StoreUnavailable)} == {
            "the store cannot answer: database or disk is full"
        }
        await assert_whole(store, kept)

        for job in kept:
            await bury(store, job)
        again = await tried(put(store, message=LONG) for _ in range(3))
        await assert_whole(store, again)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits of resources")
async def test_a_disk_that_takes_no_more_leaves_nothing_half_written(file: Path) -> None:
    """All who were to be written are told; nothing of them is there, nor once the disk takes writes again."""
    async with opened(file) as store:
        kept = [await put(store) for _ in range(3)]
        with files_no_longer_than(file.with_name("jobs.db-wal").stat().st_size):
            for refused in await tried([*(put(store) for _ in range(3)), *(change(store, job) for job in kept)]):
                assert isinstance(refused, StoreUnavailable)
        await assert_whole(store, kept)

        kept.append(await put(store))
    async with opened(file) as store:
        await assert_whole(store, kept)


def test_processes_that_open_a_new_file_at_once_share_it(file: Path) -> None:
    """One makes the tables, the others wait, and no write of any is lost."""
    with ExitStack() as stack:
        writers = [stack.enter_context(writing(file, f"w{i}", 5)) for i in range(PROCESSES)]
        printed = [lines(process) for process in writers]
        for output in printed:
            assert next(output) == "ready"
        for process in writers:
            begin(process)
        acknowledged = [list(output) for output in printed]

    assert [len(output) for output in acknowledged] == [10] * PROCESSES
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*), max(number) FROM jobs").fetchone() == (25, 25)


async def test_what_another_process_was_told_is_written_is_read_at_once(file: Path) -> None:
    """A record that was read before is not told again once there is a later version."""
    async with opened(file) as store:
        with writing(file, "w", MANY) as process:
            begin(process)
            acknowledged = [line.split() for line in lines(process) if line != "ready" and await seen(store, line)]

    assert len(acknowledged) == 2 * MANY


async def test_every_job_that_another_process_writes_is_told_of(file: Path) -> None:
    """Each by its id, none of them together with all."""
    wanted = {f"w-{i}" for i in range(MANY)}
    async with opened(file) as store, aclosing(store.changes()) as feed:
        await next_told(feed)
        await told_of(feed, (await put(store)).id)
        with writing(file, "w", MANY) as process:
            begin(process)
            while wanted:
                ids = await next_told(feed)
                assert ids
                wanted -= ids


async def seen(store: Store, line: str) -> bool:
    """Tell whether a record is read at the version that was acknowledged, or a later one."""
    id, version = line.split()
    found = await store.get(id)
    return isinstance(found, Job) and found.version >= int(version)


async def test_what_was_acknowledged_survives_a_kill(file: Path) -> None:
    """A process that is killed while it writes leaves all that it was told is written, and nothing half done."""
    acknowledged: dict[str, int] = {}
    for round in range(KILLS):
        with writing(file, f"k{round}", 100_000) as process:
            begin(process)
            for count, line in enumerate(lines(process)):
                if count == 20 + 7 * round:
                    process.kill()
                if line != "ready":
                    id, number = line.split()
                    acknowledged[id] = int(number)

    assert len(acknowledged) > 10 * KILLS
    async with opened(file) as store:
        for id, version in acknowledged.items():
            found = await store.get(id)
            assert isinstance(found, Job)
            assert found.version >= version
        await assert_whole(store, await store.list(EVERY))


async def test_a_store_shows_its_file_and_no_more(file: Path) -> None:
    """Its representation is safe to log."""
    async with opened(file) as store:
        assert str(file) in repr(store)


async def test_a_file_is_made_for_its_owner_alone(file: Path) -> None:
    """Other users of the machine cannot read what was reported."""
    async with opened(file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_file_that_was_taken_away_takes_no_more_writes(file: Path) -> None:
    """Nothing is acknowledged that nobody could ever read again, and no empty store takes the place of the old one."""
    async with opened(file) as store:
        file.unlink()

        with pytest.raises(StoreUnavailable):
            await put(store)

    assert not file.exists()


async def test_a_file_that_was_replaced_takes_no_more_writes(file: Path) -> None:
    """What is written to the one that was opened would be lost with it, and the other is none of this server's."""
    async with opened(file) as store:
        file.rename(file.with_name("before.db"))
        file.touch()
        for refused in await tried(put(store) for _ in range(3)):
            assert isinstance(refused, StoreUnavailable)
            assert "not the file any more" in str(refused)

    assert file.read_bytes() == b""
