"""One fault of a store, and what comes of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx
from house import TENANT
from serving import Server, serving

from .workload import Tally, Workload

Fault = Callable[[], AbstractContextManager[object]]
"""Breaks something on entering, and mends it on leaving."""

DEADLINE = 1.5
"""Seconds that the server is told to give the store."""
WORST = 2 * DEADLINE + 5
"""Seconds that an answer may take: the store is asked for the credential and then for the job; the machine is busy."""
LASTING = 3.0
"""Seconds for which the fault lasts."""
ENOUGH = int(os.environ.get("FAULT_WRITES", "40"))
"""Writes that are to be acknowledged before a fault, and after it."""
PATIENCE = 60.0 + ENOUGH / 10
"""Seconds in which service must have returned."""


@dataclass(frozen=True)
class Trial:
    """What a fault led to."""

    store: str
    fault: str
    tally: Tally
    lost: int

    def succeeded(self) -> None:
        """Hold it to what must be so of every fault."""
        assert self.tally.strange == {}
        assert self.lost == 0
        assert self.tally.slowest < WORST

    def note(self) -> None:
        """Write it down where the variable `FAULT_TABLE` says, as a line of JSON."""
        if "FAULT_TABLE" not in os.environ:
            return
        row = {
            "store": self.store,
            "fault": self.fault,
            "tried": self.tally.tried,
            "answered": self.tally.answered,
            "refused": self.tally.refused,
            "acknowledged": self.tally.writes,
            "lost": self.lost,
            "slowest": round(self.tally.slowest, 2),
        }
        with Path(os.environ["FAULT_TABLE"]).open("a", encoding="utf-8") as table:
            table.write(json.dumps(row) + "\n")


def undergo(store: str, name: str, url: str, fault: Fault, folder: Path) -> Trial:
    """Run a server over a store, break it under load, mend it, and go on, without a restart of the server."""
    with serving(folder, store=url, store_seconds=str(DEADLINE), credential_seconds="1") as server:
        trial = anyio.run(_undergo, store, name, server, fault)
    trial.note()
    return trial


async def _undergo(store: str, name: str, server: Server, fault: Fault) -> Trial:
    headers = await anyio.to_thread.run_sync(_credentials, server)
    limits = httpx.Limits(max_connections=50)
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, limits=limits) as client:
        load = Workload(client, headers)
        async with anyio.create_task_group() as group:
            group.start_soon(load.run)
            await _written(load, ENOUGH)
            await anyio.to_thread.run_sync(_break, fault)
            await _written(load, load.tally.writes + ENOUGH)
            load.stop()
        return Trial(store, name, load.tally, await load.lost())


def _break(fault: Fault) -> None:
    with fault():
        time.sleep(LASTING)


async def _written(load: Workload, writes: int) -> None:
    with anyio.fail_after(PATIENCE):
        while load.tally.writes < writes:  # noqa: ASYNC110  it is counted by many
            await anyio.sleep(0.02)


def _credentials(server: Server) -> Mapping[str, Mapping[str, str]]:
    """Log in to each contract."""
    token, key = server.token(), server.token(TENANT, roles=("api-key",))
    bearer = {"Authorization": f"Bearer {token}"}
    login = httpx.post(f"{server.url}/api/5.0/user/login/token", json={"t": token}, trust_env=False)
    session = login.raise_for_status().cookies["mojolicious"]
    return {
        "native": bearer,
        "ehealth": bearer,
        "ehealth-composition": {**bearer, "api-key": key},
        "traffic-ops": {"Cookie": f"mojolicious={session}"},
        "ims": {"X-Auth-Token": token},
    }
