"""Jobs as server-sent events: each version once, in order, none left out, and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest
from listening import PATIENCE, Heard
from polling import ENGINES, Client, heard, left_alone, polled, until, waited_for

from jobstatus import outage
from jobstatus.errors import StoreUnavailable
from jobstatus.job import Event, Job, Tombstone
from jobstatus.settings import EngineName

every_engine = pytest.mark.parametrize("engine", ENGINES)


@pytest.fixture(params=ENGINES)
async def client(request: pytest.FixtureRequest) -> AsyncGenerator[Client]:
    """Give a client of a server of each engine."""
    async with polled(request.param) as client:
        yield client


async def test_a_stream_begins_with_what_a_poll_gives(client: Client) -> None:
    """The same bytes, under the record's version; and the head keeps whatever lies between from gathering it."""
    job = await client.report(await client.create(), status="running", progress=5)
    polled = await client.ask("GET", f"/jobs/{job.id}")
    async with heard(client, f"/jobs/{job.id}/events", X_Request_Id="req-3") as stream:
        first = await stream.event()

    assert first == Heard("message", "2", polled.text)
    assert stream.status == 200
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["cache-control"] == "no-store"
    assert stream.headers["x-accel-buffering"] == "no"
    assert stream.headers["x-request-id"] == "req-3"
    assert not {"content-length", "etag"} & stream.headers.keys()


async def test_a_stream_ends_with_the_job(client: Client) -> None:
    """Each change comes, the end as the last; who comes back with that is told not to: 204."""
    job = await client.create()
    async with heard(client, f"/jobs/{job.id}/events") as stream:
        got = [await stream.event()]
        for change in ({"status": "running"}, {"progress": 50}, {"status": "succeeded"}):
            await client.report(job, **change)
            got.append(await stream.event())
        rest = await stream.all()
    async with heard(client, f"/jobs/{job.id}/events", Last_Event_ID="4") as after:
        none = await after.all()

    assert [(one.event, one.id, one.data["status"]) for one in got] == [
        ("message", str(n), status) for n, status in enumerate(("pending", "running", "running", "succeeded"), 1)
    ]
    assert rest == none == []
    assert after.status == 204


@every_engine
@pytest.mark.parametrize("hear", [1, 2, 3])
@pytest.mark.parametrize("leave", [2, 5, 100])
async def test_no_version_is_left_out_and_none_comes_twice(engine: EngineName, hear: int, leave: int) -> None:
    """However seldom a client listens, and however often it is cut off; passed-over ones come as `change`."""
    async with polled(engine) as client:
        job = await client.create()
        got = [0]
        while got[-1] < 13:
            resumed = {"Last_Event_ID": str(got[-1])} if got[-1] else {}
            async with heard(client, f"/jobs/{job.id}/events", **resumed) as stream:
                for _ in range(leave):
                    now = await client.job(job.id)
                    if got[-1] == now.version:
                        for _ in range(hear):
                            now = now if now.version >= 12 else await client.report(job, message=f"{now.version}")
                        now = await client.report(job, status="failed") if now.version == 12 else now
                    one = await stream.event()
                    assert one.event == ("message" if "links" in one.data else "change")
                    assert one.id == str(one.data["version"])
                    got.append(one.data["version"])
                    if got[-1] == 13:
                        break
        timeline = (await client.ask("GET", f"/jobs/{job.id}/events")).json()["events"]

    assert got == list(range(14))
    assert len(timeline) == 13


async def test_what_was_passed_over_comes_as_the_timeline_has_it(client: Client) -> None:
    """Its entries, in order, and then the job as it stands; a version that is yet to come counts for nothing."""
    job = await client.create()
    for percent in (10, 20, 30):
        await client.report(job, progress=percent)
    timeline = (await client.ask("GET", f"/jobs/{job.id}/events")).json()["events"]
    async with heard(client, f"/jobs/{job.id}/events", Last_Event_ID="1") as stream:
        got = [await stream.event() for _ in range(3)]
    async with heard(client, f"/jobs/{job.id}/events", Last_Event_ID="999") as stream:
        ahead = await stream.event()

    assert [(one.event, one.id) for one in got] == [("change", "2"), ("change", "3"), ("message", "4")]
    assert [one.data for one in got[:2]] == timeline[1:3]
    assert (ahead.event, ahead.id) == ("message", "4")


async def test_a_job_that_is_gone_meanwhile_is_told_of(client: Client) -> None:
    """The stream ends with it; who comes back after that is answered as any poll is."""
    job = await client.create()
    async with heard(client, f"/jobs/{job.id}/events") as stream:
        await stream.event()
        await client.house.store.bury(job, Tombstone.of(job, "deleted", client.house.clock.now))
        gone = await stream.event()
        rest = await stream.all()
    async with heard(client, f"/jobs/{job.id}/events", Last_Event_ID="1") as late:
        pass

    assert (gone.event, gone.id, rest) == ("gone", None, [])
    assert gone.data == {"id": job.id, "reason": "deleted", "at": "2031-03-04T05:06:07.250000Z"}
    assert late.status == 410


@pytest.mark.parametrize("path", ["/jobs", "/jobs/{id}/events"])
@every_engine
async def test_a_stream_is_refused_where_there_is_no_room(engine: EngineName, path: str) -> None:
    """Rather than taken on with all the others; its client may come again."""
    async with polled(engine, wait_most=0) as client:
        job = await client.create()
        answer = await client.ask("GET", path.format(id=job.id), Accept="text/event-stream")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("path", ["/jobs", "/jobs/{id}/events"])
@every_engine
async def test_a_quiet_stream_gives_signs_of_life(engine: EngineName, path: str) -> None:
    """Comments, for as long as nothing comes."""
    async with polled(engine, heartbeat_seconds=0.01) as client:
        job = await client.create(long_ago=True)
        async with heard(client, path.format(id=job.id)) as stream:
            await stream.event()
            comments = [await stream.hear(comments=True) for _ in range(3)]

    assert comments == [Heard(comment=True)] * 3


@pytest.mark.parametrize("path", ["/jobs", "/jobs/{id}/events"])
async def test_a_store_that_is_away_for_a_while_ends_no_stream(
    client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Browsers do not come back after a 503: so it is asked again until it answers."""
    monkeypatch.setattr(outage, "AGAIN", 0.001)
    job, refused = await client.create(long_ago=True), 0
    store = client.house.store
    real, down = store.get, True

    async def get(key: str | int) -> Any:
        nonlocal refused
        if down:
            refused += 1
            raise StoreUnavailable("away, in tests alone")
        return await real(key)

    async with heard(client, path.format(id=job.id)) as stream:
        await stream.event()
        await waited_for(client.house)
        monkeypatch.setattr(store, "get", get)
        await write(client, job)
        await until(lambda: refused > 2)
        down = False
        told = await stream.event()

    assert (told.data["id"], told.data["version"]) == (job.id, 2)


async def test_a_store_that_is_away_when_a_stream_is_let_in_again_ends_it_neither(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The credential is asked about until the store says."""
    monkeypatch.setattr(outage, "AGAIN", 0.001)
    async with polled(credential_seconds=0) as client:
        job, refused, store = await client.create(), 0, client.house.store
        real = store.find_credential

        async def find(digest: bytes) -> Any:
            nonlocal refused
            refused += 1
            if refused < 4:
                raise StoreUnavailable("away, in tests alone")
            return await real(digest)

        async with heard(client, f"/jobs/{job.id}/events") as stream:
            await stream.event()
            monkeypatch.setattr(store, "find_credential", find)
            await write(client, job)
            told = await stream.event()

    assert (told.id, refused) == ("2", 4)


@pytest.mark.parametrize("path", ["/jobs", "/jobs/{id}/events"])
@every_engine
async def test_a_credential_that_is_revoked_hears_no_more(engine: EngineName, path: str) -> None:
    """The stream ends in place of the next event."""
    async with polled(engine, credential_seconds=0) as client:
        job = await client.create(long_ago=True)
        other = Client(client.house, client.house.headers(await client.house.token()))
        async with heard(other, path.format(id=job.id)) as stream:
            await stream.event()
            await waited_for(client.house)
            await other.revoke()
            await client.report(job, message="secret")
            rest = await stream.all()

    assert rest == []


@pytest.mark.parametrize("path", ["/jobs", "/jobs/{id}/events"])
@every_engine
async def test_a_quiet_stream_ends_for_a_credential_that_is_revoked(engine: EngineName, path: str) -> None:
    """In place of the next sign of life: nobody is left on it."""
    async with polled(engine, credential_seconds=0, heartbeat_seconds=0.01) as client:
        job = await client.create(long_ago=True)
        async with heard(client, path.format(id=job.id)) as stream:
            await stream.event()
            await client.revoke()
            async with asyncio.timeout(PATIENCE):
                rest = await stream.all()

    assert rest == []


async def test_who_leaves_leaves_nothing_behind(client: Client) -> None:
    """Nobody listens to the store any more."""
    job = await client.create()
    for path in ("/jobs", f"/jobs/{job.id}/events"):
        async with heard(client, path) as stream:
            await stream.event()
            await waited_for(client.house)
        await left_alone(client.house)


async def write(client: Client, job: Job) -> None:
    """Write the next version of a job past the server."""
    later = replace(job, version=job.version + 1, updated_at=client.house.clock.now)
    await client.house.store.replace(later, Event.of(later, "tests"))
