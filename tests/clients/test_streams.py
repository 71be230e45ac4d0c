"""Streams of events, read by real clients while the server stops, dies and comes back."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from chromium import chromium
from clients.readers import EventSource, Reader, Reading, Script
from house import EVERYTHING, TENANT
from serving import PATIENCE, Server, serving

from jobstatus.credential import Caller
from jobstatus.ids import new_id
from jobstatus.job import Report, Status
from jobstatus.service import Draft, JobService
from jobstatus.storage import open_store

CLIENTS = ["requests", "httpx", "fetch", "EventSource"]
CALLER = Caller(id="tests", tenant=TENANT, permissions=EVERYTHING)


@pytest.fixture(scope="module", params=CLIENTS)
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Give each client in turn."""
    home = tmp_path_factory.mktemp(request.param)
    match request.param:
        case "fetch":
            yield Script(node(), home, "drive_streams.mjs")
        case "EventSource":
            with chromium() as browser:
                yield EventSource(browser)
        case way:
            yield Script(request.getfixturevalue("streams_python"), home, "drive_streams.py", way)


def node() -> Path:
    """Find Node.js; without it, skip on a laptop and fail in CI."""
    found = shutil.which("node")
    if found is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up("no Node.js is installed")
    return Path(found)


class Elsewhere:
    """Creates and changes jobs as another server of the store does, whether or not the one that is asked runs."""

    def __init__(self, portal: BlockingPortal, service: JobService) -> None:
        self._portal = portal
        self._service = service

    def create(self, type: str) -> str:
        """Create a job."""
        return self._portal.call(self._service.create, CALLER, Draft(type=type)).id

    def report(self, *ids: str, status: Status = Status.RUNNING) -> None:
        """Change jobs, once for each time that they are named."""
        for id in ids:
            self._portal.call(self._service.report, CALLER, id, Report(status=status))


@contextmanager
def elsewhere(server: Server) -> Iterator[Elsewhere]:
    """Work on a server's store, in a thread of its own: a browser's test has an event loop in this one already."""

    @asynccontextmanager
    async def service() -> AsyncGenerator[JobService]:
        store = await open_store(server.store)
        try:
            yield JobService(store)
        finally:
            await store.aclose()

    with start_blocking_portal() as portal, portal.wrap_async_context_manager(service()) as made:
        yield Elsewhere(portal, made)


@dataclass(frozen=True)
class Told:
    """What a client was told of jobs while the server was stopped once and killed once."""

    one: list[tuple[str, str | None, int]]
    """By the stream of one job: the types of events, the jobs where they are named, and the versions."""
    many: list[tuple[str, str | None, int]]
    """By the stream of the tenant's jobs of one type."""
    versions: dict[str, int]
    """The jobs' last versions; the first is the one job."""
    begun: tuple[int, int]
    """How many streams of either kind the client began."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run one server for all clients, again and again."""
    with serving(tmp_path_factory.mktemp("streams")) as server:
        yield server


@pytest.fixture(scope="module")
def told(server: Server, reader: Reader) -> Told:
    """Have a client read, while jobs change before, while and after the server is away."""
    type = new_id()  # of its own, for other clients have jobs there too
    with elsewhere(server) as work:
        first, last = work.create(type), work.create(type)
        with (
            reader.reading(server, f"/jobs/{first}/events") as one,
            reader.reading(server, f"/jobs?type={type}", last) as many,
        ):
            seen(one, many, first, 1)
            work.report(first, first, last)
            seen(one, many, first, 3)
            server.stop()
            work.report(first, last, first)
            late = work.create(type)
            server.start()
            seen(one, many, first, 5)
            many.sees(f"{late} 1")
            work.report(first, late)
            server.kill()
            work.report(first, last)
            server.start()
            seen(one, many, first, 7)
            work.report(first, late, last, status=Status.SUCCEEDED)
            found = one.found(), many.found()
    versions = {first: 8, late: 3, last: 5}
    return Told(found[0]["seen"], found[1]["seen"], versions, (found[0]["begun"], found[1]["begun"]))


def seen(one: Reading, many: Reading, job: str, version: int) -> None:
    """Wait until both streams have told a version."""
    for each in (one, many):
        each.sees(f"{job} {version}")


def test_each_version_of_a_job_comes_once(told: Told) -> None:
    """In order, over a stop and a power cut; those that were passed over come as events."""
    job, last = next(iter(told.versions.items()))
    print(f"\n{told.begun[0]} streams: " + ", ".join(f"{kind} {version}" for kind, _, version in told.one))

    assert [version for _, _, version in told.one] == list(range(1, last + 1))
    assert {(kind, id) for kind, id, _ in told.one} == {("message", job), ("change", None)}
    assert told.begun[0] >= 3


def test_each_jobs_last_version_comes_and_no_earlier_one_after_it(told: Told) -> None:
    """In a tenant's stream, which may say a thing twice after an interruption, but leaves no job behind."""
    versions = defaultdict[str | None, list[int]](list)
    for _, id, version in told.many:
        versions[id].append(version)
    print(f"\n{told.begun[1]} streams: {list(versions.values())}")

    assert {id: told[-1] for id, told in versions.items()} == told.versions
    assert all(each == sorted(each) for each in versions.values())
    assert [kind for kind, _, _ in told.many].count("page") == 2  # of two jobs, once
    assert told.begun[1] >= 3


@pytest.mark.parametrize("workers", ["1", "2"])
def test_who_waits_is_answered_when_the_server_is_asked_to_stop(tmp_path: Path, workers: str) -> None:
    """Streams come to their ends and polls that are held are answered, before the server loses its patience."""
    with serving(tmp_path, workers=workers) as server, elsewhere(server) as work:
        headers = {"Authorization": f"Bearer {server.token()}"}
        path = f"/jobs/{work.create('test')}"
        polls = [ask(server, path, {**headers, "Prefer": "wait=60"}) for _ in range(4)]
        asked = [ask(server, f"{path}/events", {**headers, "Accept": "text/event-stream"}) for _ in range(4)]
        streams = [stream.getresponse() for stream in asked]
        begun = [stream.readline() for stream in streams]
        server.stop()
        answers = [poll.getresponse() for poll in polls]
        bodies = [answer.read() for answer in (*answers, *streams)]  # raises if one is cut off
        for connection in (*polls, *asked):
            connection.close()

    assert all(line.startswith(b"retry: ") for line in begun)
    assert [(answer.status, answer.headers["Preference-Applied"]) for answer in answers] == 4 * [(200, "wait=60")]
    assert all(bodies)
    assert "exceeded" not in server.log  # what it says of those whom it did not wait for


def ask(server: Server, path: str, headers: dict[str, str]) -> HTTPConnection:
    """Send a request over a connection that the server has taken by then."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request("GET", "/")
    connection.getresponse().read()
    connection.request("GET", path, headers=headers)
    return connection
