"""Every call that clients poll by, as the spec has them, and a job to poll for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from house import House, running_house
from listening import Listener, listening

from jobstatus import ids
from jobstatus.contract.checks import PROFILES
from jobstatus.contract.spec import Document, Operation
from jobstatus.job import Job
from jobstatus.security.tokens import digest
from jobstatus.settings import EngineName, Settings
from jobstatus.storage.memory import MemoryStore

SPEC = Document.load()
ENGINES: Sequence[EngineName] = ("compiled", "stock")
POLLS = [operation for operation in SPEC.operations.values() if operation.poll]
LISTS = ("listJobs", "listJobEvents")
"""Polls that tell of more than one record."""
RECORDS = [operation for operation in POLLS if operation.id not in LISTS]
CONTRACTS = sorted({operation.contract for operation in POLLS})
LINKED = {"result": {"links": [{"entity": "encounter", "href": "/e/1"}]}}
TOLD = {"result": {"response_data": {"id": "a"}}}
PATIENT = "7c3da506-804d-4550-8993-bf17f9ee0402"


def name(operation: Operation) -> str:
    """Name a parameter of a test."""
    return operation.id


def place(operation: Operation, job: Job) -> str:
    """Give the path at which an operation tells of *job*."""
    spelt = {"ehealth": ids.object_id(job), "traffic-ops": str(job.number)}.get(operation.contract, job.id)
    return operation.path.format(
        id=spelt, asyncJobId=job.id, job_id=ids.hex32(job), project_id=job.tenant, version="4.0"
    )


class Client:
    """One who may do everything, in every contract."""

    def __init__(self, house: House, headers: dict[str, str]) -> None:
        self.house = house
        self.headers = headers

    async def create(self, *, long_ago: bool = False, **body: Any) -> Job:
        """Create a job; one of long ago no stream of many takes for one that may just have been changed."""
        answer = await self.ask("POST", "/jobs", json={"type": "export", **body})
        assert answer.status_code == 201, answer.text
        self.house.clock.move(minutes=long_ago)
        return await self.job(answer.json()["id"])

    async def report(self, job: Job, **body: Any) -> Job:
        """Report on a job, and give it as it stands then."""
        answer = await self.ask("PATCH", f"/jobs/{job.id}", json=body)
        assert answer.status_code == 200, answer.text
        return await self.job(job.id)

    async def job(self, id: str) -> Job:
        """Read a record past the server."""
        found = await self.house.store.get(id)
        assert isinstance(found, Job)
        return found

    async def poll(self, operation: Operation, job: Job, method: str = "GET", **headers: str) -> httpx.Response:
        """Poll for a job; an underscore in the name of a header stands for a dash."""
        return await self.ask(method, place(operation, job), **headers)

    async def ask(
        self, method: str, path: str, *, json: Any = None, several: Any = (), **headers: str
    ) -> httpx.Response:
        """Send a request, with headers that may come *several* times."""
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [*({**self.headers, **own}.items()), *several]
        return await self.house.client.request(method, path, json=json, headers=lines)

    async def revoke(self) -> None:
        """Revoke the credential."""
        held = await self.house.store.find_credential(digest(self.headers["X-Auth-Token"]))
        assert held is not None
        await self.house.store.revoke_credential(held.id, self.house.clock.now)


@asynccontextmanager
async def heard(client: Client, path: str, **headers: str) -> AsyncGenerator[Listener]:
    """Listen to a stream of a client's; an underscore in the name of a header stands for a dash."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with listening(client.house.app, path, {**client.headers, **sent}) as listener:
        yield listener


@asynccontextmanager
async def polled(
    engine: EngineName = "compiled", profile: str = PROFILES[0], **settings: Any
) -> AsyncGenerator[Client]:
    """Start a server whose contracts all have one profile."""
    names = ("ehealth", "ehealth_composition", "traffic_ops", "ims")
    profiles: Any = {f"profile_{name}": profile for name in names}
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(running_house(Settings(engine=engine, **profiles, **settings)))
        yield Client(house, house.headers(await house.token()))


async def until(come: Callable[[], bool]) -> None:
    """Let others run until something has come true."""
    async with asyncio.timeout(60):
        while not come():  # noqa: ASYNC110  there is nothing that would say so
            await asyncio.sleep(0)


async def waited_for(house: House) -> None:
    """Let others run until somebody waits for changes, and has nothing to do but that."""
    assert isinstance(house.store, MemoryStore)
    feed = house.store._feed
    await until(lambda: feed.wanted)
    for _ in range(20):
        await asyncio.sleep(0)


async def left_alone(house: House) -> None:
    """Let others run until nobody waits for changes any more: the next one finds that out."""
    assert isinstance(house.store, MemoryStore)
    feed = house.store._feed
    for _ in range(20):
        await asyncio.sleep(0)
    feed.tell("nobody")
    await until(lambda: not feed.wanted)
