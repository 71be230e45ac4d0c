"""What the server acknowledged is there, however it ends."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx
from serving import Server, serving

WRITES = 2000
KILLS = 8
WRITERS = 8
JOB_LENGTH = 5
"""Writes of one job: its creation and the reports after it."""


@dataclass
class Ledger:
    """What the server acknowledged: for each job, the message of each version."""

    acknowledged: dict[str, dict[int, str]] = field(default_factory=dict)
    count: int = 0

    def note(self, id: str, version: int, message: str) -> None:
        """Keep one acknowledged write."""
        self.acknowledged.setdefault(id, {})[version] = message
        self.count += 1


class Writer:
    """A worker that writes job after job, and asks again when the server dies under it."""

    def __init__(self, name: int, client: httpx.AsyncClient, ledger: Ledger) -> None:
        self._name = name
        self._client = client
        self._ledger = ledger

    async def run(self) -> None:
        """Write until enough is acknowledged by all writers together."""
        number = 0
        while self._ledger.count < WRITES:
            await self._live(f"w{self._name}-{number}")
            number += 1

    async def _live(self, id: str) -> None:
        first = {"id": id, "type": "t", "message": f"{id}/1"}
        await self._write("POST", "/jobs", first, {}, id, 1)
        for version in range(2, JOB_LENGTH + 1):
            said = {"progress": version, "message": f"{id}/{version}"}
            await self._write("PATCH", f"/jobs/{id}", said, {"If-Match": f'"{version - 1}"'}, id, version)

    async def _write(
        self, method: str, path: str, body: Mapping[str, object], headers: dict[str, str], id: str, version: int
    ) -> None:
        """Write once. A refusal of a second try tells that the first had landed."""
        tried = False
        while True:
            try:
                answer = await self._client.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                tried = True
                await asyncio.sleep(0.05)
                continue
            landed = tried and answer.status_code == (409 if method == "POST" else 412)
            assert landed or answer.status_code in (200, 201), answer.text
            self._ledger.note(id, version, str(body["message"]))
            return


async def write_through_kills(server: Server, ledger: Ledger) -> None:
    """Let all writers write while the server is killed and started again."""
    headers = {"Authorization": f"Bearer {await anyio.to_thread.run_sync(server.token)}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=10, trust_env=False) as client:
        async with anyio.create_task_group() as group:
            for name in range(WRITERS):
                group.start_soon(Writer(name, client, ledger).run)
            for kill in range(1, KILLS + 1):
                while ledger.count < WRITES * kill // (KILLS + 1):  # noqa: ASYNC110  the kill is to come in mid-stream
                    await asyncio.sleep(0.005)
                server.kill()
                await anyio.to_thread.run_sync(server.start)
        for id, messages in ledger.acknowledged.items():
            events = (await client.get(f"/jobs/{id}/events")).json()["events"]
            assert [event["version"] for event in events] == list(range(1, len(events) + 1))
            assert {event["version"]: event["message"] for event in events}.items() >= messages.items()
            assert max(Counter(event["message"] for event in events).values()) == 1


def test_no_acknowledged_write_is_lost_or_doubled_by_kills(tmp_path: Path) -> None:
    """2,000 writes are acknowledged by a server that is killed again and again: each is there, and there once."""
    ledger = Ledger()

    with serving(tmp_path) as server:
        anyio.run(write_through_kills, server, ledger)

    assert ledger.count >= WRITES


def test_a_server_that_is_asked_to_stop_finishes_and_keeps_everything(tmp_path: Path) -> None:
    """After a polite stop and a start, the job is where it was."""
    with serving(tmp_path) as server:
        headers = {"Authorization": f"Bearer {server.token()}"}
        created = httpx.post(f"{server.url}/jobs", json={"type": "t"}, headers=headers)
        server.stop()
        server.start()

        shown = httpx.get(server.url + created.headers["Location"], headers=headers)

    assert shown.json() == created.json()
