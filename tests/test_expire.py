"""`jobstatus expire`: clearing away by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import anyio
import pytest
from commands import CommandLine
from serving import Server, free_port

from jobstatus.clock import utc_now
from jobstatus.job import Event, Job, Tombstone
from jobstatus.storage import Store, open_store

T = TypeVar("T")
DAY = timedelta(days=1)


@pytest.fixture
def jobstatus(tmp_path: Path) -> CommandLine:
    """Give the command line with a store, and no server."""
    return CommandLine(Server(tmp_path, free_port()), "")


def in_store(jobstatus: CommandLine, work: Callable[[Store], Awaitable[T]]) -> T:
    """Work on the store by its back end."""

    async def use() -> T:
        store = await open_store(jobstatus.server.store)
        try:
            return await work(store)
        finally:
            await store.aclose()

    return anyio.run(use)


async def fill(store: Store) -> None:
    """Write jobs that have expired for some days, one that has not, one that never does, and a tombstone."""
    now = utc_now()
    for index, (tenant, type) in enumerate([("a", "x"), ("a", "x"), ("a", "y"), ("b", "x")]):
        await put(store, f"expired-{index}", tenant, type, now - (index + 1) * DAY)
    await put(store, "alive", "a", "x", now + DAY)
    await put(store, "unfinished", "a", "x", None)
    await put(store, "long-ago", "a", "x", now - 91 * DAY)
    buried = await put(store, "buried", "a", "x", now)
    await store.bury(buried, Tombstone.of(buried, "deleted", now - 91 * DAY))


async def put(store: Store, id: str, tenant: str, type: str, expires_at: datetime | None) -> Job:
    """Write a job that expires at some time."""
    at = utc_now() - 100 * DAY
    job = Job(id=id, tenant=tenant, owner="o", type=type, created_at=at, updated_at=at, expires_at=expires_at)
    return await store.create(job, Event.of(job, "o"))


async def left(store: Store) -> dict[str, bool]:
    """Tell of all that is kept whether it is a job still."""
    return {kept.record.id: isinstance(kept.record, Job) for kept in await store.scan(0, 100)}


@pytest.mark.parametrize("batch", ["1", "2", "500"])
def test_what_would_go_is_what_goes(jobstatus: CommandLine, batch: str) -> None:
    """A dry run counts it by tenant and type and changes nothing; then it goes, in batches of any size."""
    in_store(jobstatus, fill)
    before = in_store(jobstatus, left)
    counted = jobstatus.json("expire", "--dry-run", "--batch", batch)
    unchanged = in_store(jobstatus, left)
    removed = jobstatus.json("expire", "--batch", batch)

    assert unchanged == before
    assert counted == {
        "dry_run": True,
        "expired": 5,
        "forgotten": 2,
        "jobs": [
            {"tenant": "a", "type": "x", "count": 3},
            {"tenant": "a", "type": "y", "count": 1},
            {"tenant": "b", "type": "x", "count": 1},
        ],
    }
    assert removed == {"dry_run": False, "expired": 5, "forgotten": 2}
    assert in_store(jobstatus, left) == {
        **{f"expired-{index}": False for index in range(4)},
        "alive": True,
        "unfinished": True,
    }
    assert jobstatus.json("expire") == {"dry_run": False, "expired": 0, "forgotten": 0}


def test_how_long_tombstones_are_kept_is_the_servers_setting(jobstatus: CommandLine) -> None:
    """The same variable, and it must be right."""
    in_store(jobstatus, fill)

    kept = jobstatus("expire", "--dry-run", "--json", JOBSTATUS_TOMBSTONE_DAYS="92")
    wrong = jobstatus("expire", JOBSTATUS_TOMBSTONE_DAYS="-1")

    assert '"forgotten": 0' in kept.stdout
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "jobstatus: JOBSTATUS_TOMBSTONE_DAYS: Input should be greater than 0\n",
    )


def test_a_person_sees_a_table(jobstatus: CommandLine) -> None:
    """And what it comes to; where the output is no terminal no progress is drawn."""
    in_store(jobstatus, fill)

    counted, removed = jobstatus("expire", "--dry-run"), jobstatus("expire")

    assert [line.split() for line in counted.stdout.splitlines()[:4]] == [
        ["jobs", "tenant", "type"],
        ["3", "a", "x"],
        ["1", "a", "y"],
        ["1", "b", "x"],
    ]
    assert counted.stdout.splitlines()[4:] == ["Jobs that would be removed: 5", "Tombstones that would be dropped: 2"]
    assert removed.stdout == "Jobs that were removed: 5\nTombstones that were dropped: 2\n"
    assert counted.stderr == removed.stderr == ""


def test_a_store_of_one_process_cannot_be_cleared_by_another(jobstatus: CommandLine) -> None:
    """Nothing would be found there."""
    done = jobstatus("expire", "--store", "memory://")

    assert done.returncode == 2
    assert "memory://" in done.stderr
