"""Over several servers no waiter misses a change, and none is woken more than once for one version."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from followers import Followers
from serving import Server, sharing
from sightings import Polled, Sightings, Streamed, Written, faults

SERVERS = 3
STOPPED = 1
"""The server that is stopped, and started again."""
JOBS = 4
VERSIONS = 20
"""How many versions a job comes to at the least; it ends when all servers are there again."""
WAITERS = 3
"""How many wait for each job at each server."""
PATIENCE = 90.0
"""Seconds after which whoever is not answered is taken to wait in vain, on a machine that is busy."""
FOLLOWERS = SERVERS * (WAITERS + 1)
"""How many follow each job."""


@pytest.fixture
def servers(shared_url: str, tmp_path: Path) -> Iterator[list[Server]]:
    """Run servers over one store, each of which holds polls for as long as they like."""
    with sharing(shared_url, tmp_path, SERVERS, wait_seconds="600") as servers:
        yield servers


async def test_each_change_is_seen_once_by_all_who_wait_for_it(servers: list[Server]) -> None:
    """Whichever server they ask, whichever it is written by, and though one is stopped and started meanwhile.

    Of half of the jobs the next version is written once all have seen the last one, so that none may be missed; of the
    others once anybody has, so that many are passed over.
    """
    headers = {"Authorization": f"Bearer {servers[0].token()}"}
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=None, limits=limits) as client:
        followers = Followers(client, servers)
        with suppress(TimeoutError):  # what was seen until then tells who waits in vain
            async with asyncio.timeout(PATIENCE):
                await _follow(followers, servers)
    assert len(followers.seen.written) >= JOBS * VERSIONS
    assert faults(followers.seen) == []


async def _follow(followers: Followers, servers: list[Server]) -> None:
    """Have jobs written, and followed by all to their ends."""
    there = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for server in range(SERVERS):
            group.create_task(followers.follow_all("list", server, JOBS))
        await followers.audience.reached("", 1, SERVERS)
        ids = [await followers.create() for _ in range(JOBS)]
        for id in ids:
            for server in range(SERVERS):
                group.create_task(followers.follow(server, id))
                for number in range(WAITERS):
                    group.create_task(followers.wait(f"waiter {number}", server, id))
        for place, id in enumerate(ids):
            group.create_task(_write(followers, id, 1 if place % 2 else FOLLOWERS, there))
        await followers.audience.reached(ids[0], VERSIONS // 2, FOLLOWERS)
        followers.seen.stopped = STOPPED
        await asyncio.to_thread(servers[STOPPED].stop)
        await asyncio.to_thread(servers[STOPPED].start)
        there.set()


async def _write(followers: Followers, id: str, heard: int, there: asyncio.Event) -> None:
    """Report on a job until all servers are there; each time once so many have seen the version before."""
    version = 1
    await followers.audience.reached(id, version, FOLLOWERS)
    while version < VERSIONS - 1 or not there.is_set():
        version += 1
        await followers.report(id, version, {"status": "running", "message": f"version {version}"})
        await followers.audience.reached(id, version, heard)
    await followers.report(id, version + 1, {"status": "succeeded"})


def a_right_history() -> Sightings:
    """Give what two waiters, a stream of a job and one of all jobs see of three versions."""
    polls = [(0, None, 1), (15, 1, 2), (25, 2, 3)]
    return Sightings(
        written=[Written("a", version, 10 * version) for version in (1, 2, 3)],
        polled=[Polled(by, 0, "a", *poll) for poll in polls for by in ("one", "another")],
        of_one=[Streamed("stream", version // 3, "a", version) for version in (1, 2, 3)],
        of_all=[Streamed("list", *told) for told in [(0, "a", 1), (0, "a", 2), (1, "a", 2), (1, "a", 3)]],
        stopped=1,
    )


def _let_go(seen: Sightings, server: int, version: int = 2) -> None:
    seen.polled.insert(4, Polled("one", server, "a", 21, 2, version, new=False))


def _told_again(seen: Sightings) -> None:
    seen.polled.insert(4, replace(seen.polled[2], begun=21, had=2))


def _asked_late(seen: Sightings) -> None:
    seen.polled[2] = replace(seen.polled[2], begun=31)


def _swap(seen: Sightings) -> None:
    seen.of_one.insert(0, seen.of_one.pop(1))


FAULTS: dict[str, Callable[[Sightings], object]] = {
    "a waiter is woken by what it has": _told_again,
    "a waiter goes back": lambda seen: seen.polled.insert(4, replace(seen.polled[0], begun=9)),
    "a waiter is let go of for nothing": lambda seen: _let_go(seen, 0),
    "a waiter is let go of as if it had another version": lambda seen: _let_go(seen, 1, 1),
    "a waiter is told what is no more true": _asked_late,
    "a waiter never sees the end": lambda seen: seen.polled.pop(),
    "a stream leaves one out": lambda seen: seen.of_one.pop(1),
    "a stream begins late": lambda seen: seen.of_one.pop(0),
    "a stream tells one twice": lambda seen: seen.of_one.insert(1, replace(seen.of_one[0], connection=1)),
    "a stream is out of order": _swap,
    "a stream never sees the end": lambda seen: seen.of_one.pop(),
    "a list tells one twice": lambda seen: seen.of_all.insert(1, seen.of_all[0]),
    "a list goes back": lambda seen: seen.of_all.insert(3, replace(seen.of_all[0], connection=1)),
    "a list never sees the end": lambda seen: seen.of_all.pop(),
}


def test_a_right_history_has_no_fault() -> None:
    """That a list tells of a version again on another connection is none, nor that a server lets go that stops."""
    right = a_right_history()
    assert faults(right) == []

    _let_go(right, 1)
    assert faults(right) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(fault: str) -> None:
    """In a history that is right otherwise."""
    wrong = a_right_history()
    FAULTS[fault](wrong)

    assert len(faults(wrong)) >= 1
