"""A tenant's jobs as server-sent events: a page of them, and then each change."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from house import OTHER_TENANT, TENANT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from listening import Heard, Listener
from polling import ENGINES, Client, heard, polled, waited_for

from jobstatus.handlers.cursors import written
from jobstatus.job import Event

WRITE = timedelta(seconds=5)
"""How long a write may take after the time that it is noted under."""


@pytest.fixture(params=ENGINES)
async def client(request: pytest.FixtureRequest) -> AsyncGenerator[Client]:
    """Give a client of a server of each engine."""
    async with polled(request.param) as client:
        yield client


async def newest(stream: Listener, id: str, version: int) -> Heard:
    """Hear events until a version of a job comes: what was told in the last seconds may come once more."""
    while True:
        one = await stream.event()
        if one.event == "message" and (one.data["id"], one.data["version"]) == (id, version):
            return one


async def test_a_page_comes_first_and_then_what_changes(client: Client) -> None:
    """The page as `GET /jobs` gives it, a changed or new job just as its own poll does."""
    job = await client.create()
    page = await client.ask("GET", "/jobs?limit=20")
    async with heard(client, "/jobs?limit=20") as stream:
        first = await stream.event()
        await waited_for(client.house)
        changed = await client.report(job, status="running")
        second = await newest(stream, changed.id, 2)
        made = await client.create()
        third = await newest(stream, made.id, 1)

    assert (first.event, first.text) == ("page", page.text)
    assert second.data == (await client.ask("GET", f"/jobs/{changed.id}")).json()
    assert third.data == (await client.ask("GET", f"/jobs/{made.id}")).json()


async def test_who_was_cut_off_goes_on_there(client: Client) -> None:
    """However much was missed: each job comes as it stands, none is left out, and there is no second page."""
    jobs = [await client.create() for _ in range(3)]
    async with heard(client, "/jobs") as stream:
        last = (await stream.event()).id
    client.house.clock.move(minutes=10)
    for _ in range(3):
        jobs = [await client.report(job, status="running") for job in jobs]
    async with heard(client, "/jobs", Last_Event_ID=last or "") as stream:
        got = [await stream.event() for _ in jobs]
        client.house.clock.move(minutes=1)
        await waited_for(client.house)
        ended = await client.report(jobs[0], status="failed")
        after = await newest(stream, ended.id, ended.version)

    assert [(one.event, one.data["id"], one.data["version"]) for one in got] == [
        ("message", job.id, job.version) for job in jobs
    ]
    assert after.data["status"] == "failed"


async def test_a_change_that_was_under_way_is_not_missed(client: Client) -> None:
    """It is noted under a time before the page was read, and written after that."""
    job = await client.create(long_ago=True)
    async with heard(client, "/jobs") as other:  # with whom the store's changes are told of already
        await other.event()
        await waited_for(client.house)
        async with heard(client, "/jobs") as stream:
            last = (await stream.event()).id
        late = replace(job, version=2, updated_at=client.house.clock.now - WRITE)
        await client.house.store.replace(late, Event.of(late, "tests"))

        async with heard(client, "/jobs", Last_Event_ID=last or "") as stream:
            told = await newest(stream, job.id, 2)

    assert told.data["version"] == 2


@pytest.mark.parametrize("told", ["by the page", "by a change"])
async def test_a_job_that_goes_is_told_of(client: Client, told: str) -> None:
    """Whatever had told of it, once."""
    job = await client.create()
    if told == "by the page":
        await client.report(job, status="failed")
        client.house.clock.move(minutes=1)
    async with heard(client, "/jobs") as stream:
        await stream.event()
        await waited_for(client.house)
        if told == "by a change":
            await client.report(job, status="failed")
            await newest(stream, job.id, 2)
        await client.ask("DELETE", f"/jobs/{job.id}")
        gone = await stream.event()
        while gone.event == "message":
            gone = await stream.event()
        await client.house.store.restore(0, 0, [])
        other = await client.create()
        after = await stream.event()

    assert (gone.event, gone.data["id"], gone.data["reason"]) == ("gone", job.id, "deleted")
    assert (after.event, after.data["id"]) == ("message", other.id)


async def test_filters_choose_among_changes_as_among_jobs(client: Client) -> None:
    """By type and status."""
    one, other = await client.create(type="a"), await client.create(type="b")
    async with heard(client, "/jobs?type=a&status=failed&status=running") as stream:
        page = await stream.event()
        await waited_for(client.house)
        await client.report(other, status="running")
        await client.report(one, message="still pending")
        one = await client.report(one, status="running")
        first = await stream.event()
        await client.report(other, status="failed")
        one = await client.report(one, status="failed")
        second = await stream.event()

    assert page.data["jobs"] == []
    assert [(each.data["id"], each.data["status"]) for each in (first, second)] == [
        (one.id, "running"),
        (one.id, "failed"),
    ]


async def test_an_operator_must_say_whose_jobs_are_meant(client: Client) -> None:
    """400 without a tenant; with one, that tenant's jobs alone."""
    operator = Client(client.house, client.house.headers(await client.house.token("*")))
    job = await client.create()
    async with heard(operator, "/jobs") as nobodys:
        pass
    async with heard(operator, f"/jobs?tenant={TENANT}") as stream:
        page = await stream.event()
    async with heard(operator, f"/jobs?tenant={OTHER_TENANT}") as others:
        none = await others.event()
    async with heard(client, f"/jobs?tenant={OTHER_TENANT}") as foreign:
        pass

    assert (nobodys.status, foreign.status) == (400, 403)
    assert nobodys.headers["content-type"] == "application/problem+json"
    assert [each["id"] for each in page.data["jobs"]] == [job.id]
    assert none.data["jobs"] == []


@pytest.mark.parametrize(
    ("query", "last"),
    [
        *[("", last) for last in ("1", "nonsense", "AAAAAAAAAAA", "gAAAAAAAAAA", "AAAAAAAAABE=", "ü")],
        ("?cursor=AAAAAAAAABE", None),
        ("?created_from=2031-03-04T00:00:00Z", None),
        ("?created_before=2031-03-04T00:00:00Z", None),
        ("?ids=a,b", None),
        ("?ids=a&type=b", None),
        ("?limit=0", None),
        ("?unknown=1", None),
    ],
)
async def test_what_means_nothing_to_a_stream_is_refused(client: Client, query: str, last: str | None) -> None:
    """As a problem, before anything is streamed."""
    async with heard(client, f"/jobs{query}", **({} if last is None else {"Last_Event_ID": last})) as stream:
        pass

    assert (stream.status, stream.headers["content-type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("number", [1, 2**57, 2**63 - 1])
async def test_any_time_that_is_one_can_be_gone_on_from(client: Client, number: int) -> None:
    """However long ago or far ahead."""
    job = await client.create()
    async with heard(client, "/jobs", Last_Event_ID=written(number)) as stream:
        if number == 1:
            assert (await stream.event()).data["id"] == job.id
        else:
            await waited_for(client.house)
            await client.report(job, status="running")
            assert (await newest(stream, job.id, 2)).event == "message"

    assert stream.status == 200


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        *[(yes, "text/event-stream") for yes in ("text/event-stream", "application/json, Text/Event-Stream;q=0.5")],
        *[
            (no, "application/json")
            for no in ("*/*", "text/*", "text/event-stream;q=0", "text/event-stream; q=0.0, a/b")
        ],
    ],
)
@pytest.mark.parametrize("path", ["/jobs", "/jobs/{id}/events"])
async def test_who_asks_for_events_by_name_gets_them(client: Client, path: str, accept: str, kind: str) -> None:
    """All others get JSON; HEAD tells the same, and ends."""
    job = await client.create()
    async with heard(client, path.format(id=job.id), Accept=accept) as stream:
        pass
    head = await client.ask("HEAD", path.format(id=job.id), Accept=accept)

    assert stream.headers["content-type"] == head.headers["content-type"] == kind
    assert "Accept" in stream.headers["vary"]


changes = st.lists(st.tuples(st.booleans(), st.sampled_from(["create", "running", "failed", "delete"])), max_size=12)


@pytest.fixture(params=ENGINES)
def shared(portal: BlockingPortal, request: pytest.FixtureRequest) -> Any:
    """Give a client that all examples of a property share."""
    with portal.wrap_async_context_manager(polled(request.param)) as client:
        yield portal, client


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=changes)
def test_nobody_hears_of_another_tenants_jobs(shared: Any, steps: list[tuple[bool, str]]) -> None:
    """Whatever happens to these, and whatever happens to one's own."""
    portal, client = shared
    portal.call(eavesdrop, client, steps)


async def eavesdrop(client: Client, steps: list[tuple[bool, str]]) -> None:
    """Listen to a tenant's jobs while those of two change."""
    other = Client(client.house, client.house.headers(await client.house.token(OTHER_TENANT)))
    whose = {each: await each.create() for each in (client, other)}
    got: list[Heard] = []
    async with heard(client, "/jobs") as stream:
        got.append(await stream.event())
        await waited_for(client.house)
        for own, step in steps:
            actor = client if own else other
            url = f"/jobs/{whose[actor].id}"
            if step == "create":
                whose[actor] = await actor.create()
            elif step == "delete":
                await actor.ask("DELETE", url)
            else:
                await actor.ask("PATCH", url, json={"status": step})
        last = await client.create()
        while (got[-1].event, got[-1].data.get("id")) != ("message", last.id):
            got.append(await stream.event())

    assert all(each["tenant"] == TENANT for each in got[0].data["jobs"])
    for one in got[1:]:
        found = await client.house.store.get(one.data["id"])
        assert found is not None
        assert found.tenant == TENANT
    versions = [(one.data["id"], one.data["version"]) for one in got[1:] if one.event == "message"]
    assert len(versions) == len(set(versions))
