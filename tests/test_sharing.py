"""Servers that share a store are one server to whoever asks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import anyio
import httpx
import pytest
from serving import Server, sharing

from jobstatus.job import FailureKind, Job
from jobstatus.storage import opened

SERVERS = 3
JOBS = 30
PATIENCE = 30.0


@pytest.fixture
def servers(shared_url: str, tmp_path: Path) -> Iterator[list[Server]]:
    """Run servers over one store."""
    with sharing(shared_url, tmp_path, SERVERS, sweep_seconds="0.2", credential_seconds="0") as servers:
        yield servers


def test_what_one_server_acknowledged_every_server_knows(servers: list[Server]) -> None:
    """At once, by whichever it is asked, and who is not let in by one is not let in by another."""
    headers = {"Authorization": f"Bearer {servers[0].token()}"}
    with ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(base_url=each.url, trust_env=False)) for each in servers]
        for turn in range(JOBS):
            writer, *readers = clients[turn % SERVERS :] + clients[: turn % SERVERS]
            job = writer.post("/jobs", json={"type": "t"}, headers=headers).json()
            assert [reader.get(f"/jobs/{job['id']}", headers=headers).json() for reader in readers] == [job] * len(
                readers
            )
            reported = readers[0].patch(f"/jobs/{job['id']}", json={"progress": turn}, headers=headers).json()
            assert writer.get(f"/jobs/{job['id']}", headers=headers).json() == reported
        assert clients[0].get("/jobs", headers={"Authorization": "Bearer nobody"}).status_code == 401


def test_a_job_is_lost_once_whoever_finds_it(servers: list[Server]) -> None:
    """All servers look for lapsed leases and all are asked for the jobs; each timeline tells of one end."""
    headers = {"Authorization": f"Bearer {servers[0].token()}"}

    anyio.run(_lose, servers, headers)


async def _lose(servers: list[Server], headers: dict[str, str]) -> None:
    async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=PATIENCE) as client:
        first = servers[0].url
        made = [await client.post(f"{first}/jobs", json={"type": "t", "lease_seconds": 1}) for _ in range(JOBS)]
        ids = [answer.json()["id"] for answer in made]
        with anyio.fail_after(PATIENCE):
            states = Counter[str]()
            while states["failed"] < JOBS * SERVERS:
                asked = [client.get(f"{server.url}/jobs/{id}") for server in servers for id in ids]
                states = Counter([answer.json()["status"] for answer in await asyncio.gather(*asked)])
        for id in ids:
            timeline = (await client.get(f"{first}/jobs/{id}/events")).json()["events"]
            assert [event["status"] for event in timeline] == ["pending", "failed"]
            job = (await client.get(f"{first}/jobs/{id}")).json()
            assert job["error"]["kind"] == "lost"


def test_a_server_that_dies_is_not_missed(servers: list[Server]) -> None:
    """What it wrote the others have, and one of them sweeps in its place."""
    headers = {"Authorization": f"Bearer {servers[0].token()}"}
    with httpx.Client(headers=headers, trust_env=False) as client:
        job = client.post(f"{servers[0].url}/jobs", json={"type": "t"}).json()
        leased = client.post(f"{servers[0].url}/jobs", json={"type": "t", "lease_seconds": 1}).json()
        servers[0].kill()
        assert client.get(f"{servers[1].url}/jobs/{job['id']}").json() == job

        anyio.run(_swept, servers[0].store, leased["id"])


async def _swept(url: str, id: str) -> None:
    """Wait until the store has the job ended; to ask a server for it would do that by itself."""
    async with opened(url) as store:
        with anyio.fail_after(PATIENCE):
            while not isinstance(found := await store.get(id), Job) or found.error is None:  # noqa: ASYNC110  as nobody tells
                await anyio.sleep(0.05)
    assert found.error.kind is FailureKind.LOST
