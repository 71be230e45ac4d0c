"""Who has an answer already gets it no more: entity tags, and how long an answer may be kept."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polling import ENGINES, LINKED, POLLS, RECORDS, SPEC, TOLD, Client, name, polled

from jobstatus.contract.checks import PROFILES
from jobstatus.contract.engine import Engine
from jobstatus.contract.spec import Operation
from jobstatus.errors import StoreUnavailable
from jobstatus.settings import EngineName

ENVELOPED = ("ehealth", "ehealth-composition")
LITERAL = "max-age=0, private, must-revalidate"
"""What the eHealth services say of every answer."""
OF_BODIES = {"content-type", "content-length", "content-encoding", "whole-content-sha512"}

every_engine = pytest.mark.parametrize("engine", ENGINES)
every_profile = pytest.mark.parametrize("profile", PROFILES)
every_poll = pytest.mark.parametrize("operation", POLLS, ids=name)
every_record = pytest.mark.parametrize("operation", RECORDS, ids=name)


def profile_of(operation: Operation, profile: str) -> str:
    """Tell the profile that a contract is answered in, where the native one has but one."""
    return "documented" if operation.contract == "native" else profile


@every_engine
@every_profile
@every_record
async def test_a_tag_names_the_version_and_whose_words_it_is_told_in(
    engine: EngineName, profile: str, operation: Operation
) -> None:
    """The contract, its profile, the record's version: the same gives the same tag, and another one another."""
    async with polled(engine, profile) as client:
        job = await client.create()
        first, again = await client.poll(operation, job), await client.poll(operation, job)
        later = await client.poll(operation, await client.report(job, status="running"))

    kind = f"{operation.contract}-{profile_of(operation, profile)}"
    assert first.headers["ETag"] == again.headers["ETag"] == f'W/"{kind}-1"'
    assert later.headers["ETag"] == f'W/"{kind}-2"'


@every_engine
@every_profile
@every_poll
async def test_who_has_the_answer_is_told_that_alone(engine: EngineName, profile: str, operation: Operation) -> None:
    """304: no body, nothing said of one, and the headers that the answer itself has beside."""
    async with polled(engine, profile) as client:
        job = await client.create()
        shown = await client.poll(operation, job)
        tag = shown.headers["ETag"]
        told = [await client.poll(operation, job, If_None_Match=tag, X_Request_Id="req-7") for _ in range(4)]

    for answer in told:
        assert (answer.status_code, answer.content) == (304, b"")
        assert not OF_BODIES & answer.headers.keys()
        kept = set(shown.headers.keys()) - OF_BODIES
        own = {"x-request-id", "ratelimit", "ratelimit-policy"}
        assert {key: answer.headers[key] for key in kept - own} == {key: shown.headers[key] for key in kept - own}
        assert answer.headers.get("X-Request-Id") == (None if operation.contract == "traffic-ops" else "req-7")


@every_engine
@every_poll
async def test_tags_are_compared_by_what_they_name(engine: EngineName, operation: Operation) -> None:
    """Lists, any tag at all, the strong spelling, and several lines; not another contract's, profile's or version's."""
    async with polled(engine) as client:
        job = await client.report(await client.create(), status="running")
        shown = await client.poll(operation, job)
        tag = shown.headers["ETag"]
        strong = tag.removeprefix("W/")
        ask = partial(client.poll, operation, job)
        same = [
            await ask(If_None_Match=text)
            for text in (tag, strong, "*", " * ", f'"a", {tag}', f'{tag} ,"b,c"', f'W/"x"  ,{strong}', f'"a",,{tag}')
        ]
        path = str(shown.request.url)
        lines = [("If-None-Match", 'W/"other"'), ("If-None-Match", tag)]
        same += [await client.ask("GET", path, several=lines), await client.ask("GET", path, several=lines[::-1])]
        others = [
            await ask(If_None_Match=text)
            for text in (
                *(tag[:-2] + '9"', strong[:-1], strong[1:], f'"{tag}"', '"*"', '""', "", "nonsense"),
                *(tag.replace("documented", "deployed"), tag.replace(operation.contract, "another")),
            )
            if text != tag
        ]

    assert {answer.status_code for answer in same} == {304}
    assert {answer.status_code for answer in others} == {200}


@every_engine
@pytest.mark.parametrize("operation", [each for each in POLLS if each.contract != "traffic-ops"], ids=name)
async def test_head_is_answered_as_get_is(engine: EngineName, operation: Operation) -> None:
    """With the tag, and to who has that with 304. (Traffic Ops knows no HEAD.)"""
    async with polled(engine) as client:
        job = await client.create()
        shown, head = await client.poll(operation, job), await client.poll(operation, job, "HEAD")
        told = await client.poll(operation, job, "HEAD", If_None_Match=shown.headers["ETag"])

    assert (head.status_code, head.headers["ETag"], told.status_code) == (200, shown.headers["ETag"], 304)


@every_engine
@every_profile
async def test_a_redirection_is_told_anew(engine: EngineName, profile: str) -> None:
    """eHealth's 303 is no success, and so no matter of `If-None-Match`."""
    operation = SPEC.operations["getEhealthJob"]
    async with polled(engine, profile) as client:
        job = await client.report(await client.create(), status="succeeded", **LINKED)
        shown = await client.poll(operation, job)
        told = [await client.poll(operation, job, If_None_Match=text) for text in (shown.headers["ETag"], "*")]
        other = await client.report(await client.create(), status="succeeded", **TOLD)
        tag = (await client.poll(operation, other)).headers["ETag"]
        held = await client.poll(operation, other, If_None_Match=tag)

    assert [answer.status_code for answer in (shown, *told, held)] == [303, 303, 303, 304]
    assert {answer.text.partition('"meta"')[0] for answer in told} == {shown.text.partition('"meta"')[0]}


@every_engine
@pytest.mark.parametrize("operation", [each for each in RECORDS if each.contract == ENVELOPED[1]], ids=name)
async def test_a_time_that_is_put_off_has_a_tag_of_its_own(engine: EngineName, operation: Operation) -> None:
    """What the composition contract says of one version changes as its time passes."""
    async with polled(engine) as client:
        job = await client.create()
        first = await client.poll(operation, job)
        client.house.clock.move(seconds=61)
        later = await client.poll(operation, job, If_None_Match=first.headers["ETag"])
        held = await client.poll(operation, job, If_None_Match=later.headers["ETag"])

    assert (first.status_code, later.status_code, held.status_code) == (200, 200, 304)
    assert first.json()["data"]["eta"] < later.json()["data"]["eta"]


@every_engine
@every_profile
@every_record
async def test_what_has_ended_may_be_kept_for_a_minute(engine: EngineName, profile: str, operation: Operation) -> None:
    """And what may change only to be asked about again; eHealth's services say the same of all."""
    async with polled(engine, profile) as client:
        job = await client.create()
        changing = await client.poll(operation, job)
        job = await client.report(job, status="failed")
        ended = await client.poll(operation, job)
        held = await client.poll(operation, job, If_None_Match=ended.headers["ETag"])

    freshness = [answer.headers["Cache-Control"] for answer in (changing, ended, held)]
    if operation.contract in ENVELOPED:
        assert freshness == [LITERAL] * 3
    else:
        assert freshness == ["private, no-cache", "private, max-age=60", "private, max-age=60"]


@every_engine
@every_poll
async def test_nothing_is_rendered_for_who_has_it(
    engine: EngineName, operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The body is not even made; on the compiled engine a 304 that is asked for again and again is made twice."""
    async with polled(engine) as client:
        job = await client.create()
        tag = (await client.poll(operation, job)).headers["ETag"]
        rendered: list[Any] = []
        real = Engine._render

        def render(engine: Engine, answer: Any, *rest: Any) -> Any:
            rendered.append(answer)
            return real(engine, answer, *rest)

        monkeypatch.setattr(Engine, "_render", render)
        told = [await client.poll(operation, job, If_None_Match=tag) for _ in range(10)]

    assert {answer.status_code for answer in told} == {304}
    assert {answer.body for answer in rendered} == {None}
    assert len(rendered) == (2 if engine == "compiled" and operation in RECORDS else 10)


@every_engine
@every_record
async def test_an_error_is_never_what_one_has(
    engine: EngineName, operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the tag: what is gone, who is not let in, and a store that is down are told."""

    async def down(key: object) -> None:
        raise StoreUnavailable("down, in tests alone")

    async with polled(engine) as client:
        job = await client.report(await client.create(), status="failed")
        stranger = await client.poll(operation, job, If_None_Match="*", Authorization="", Cookie="", X_Auth_Token="")
        await client.ask("DELETE", f"/jobs/{job.id}")
        gone = await client.poll(operation, job, If_None_Match="*")
        monkeypatch.setattr(client.house.store, "get", down)
        failed = await client.poll(operation, job, If_None_Match="*")

    assert stranger.status_code == 401
    assert gone.status_code in (400, 404, 410)
    assert failed.status_code in (500, 503)
    assert not any("ETag" in answer.headers for answer in (stranger, gone, failed))


CHANGES = st.lists(st.sampled_from(["create", "report", "end", "delete", "cancel", "move", "nothing"]), max_size=8)
PLACES = ["/jobs", "/jobs?limit=1", "/jobs?status=running", "/jobs?ids={ids}", "/jobs/{id}/events", "/jobs/{id}"]


async def step(client: Client, change: str, made: list[str]) -> None:
    """Make a change, if the life of the first job allows it."""
    first, url = made[0], f"/jobs/{made[0]}"
    match change:
        case "create" if len(made) < 4:
            made.append((await client.create(id=f"{first}-{len(made)}")).id)
        case "report" | "end":
            await client.ask("PATCH", url, json={"status": "running" if change == "report" else "succeeded"})
        case "cancel":
            await client.ask("POST", f"{url}/cancel")
        case "delete":
            await client.ask("DELETE", url)
        case "move":
            client.house.clock.move(seconds=1)
        case _:
            pass


def plain(place: str, body: Any) -> Any:
    """Leave out of an answer what drifts by itself."""
    jobs = body.get("jobs", [body])
    return [{**job, "eta": None, "eta_source": None} for job in jobs], {**body, "jobs": 0, "eta": 0, "eta_source": 0}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_a_tag_changes_exactly_when_what_is_told_does(portal_client: Any, changes: list[str]) -> None:
    """Of a page, of named jobs, of a timeline and of one job: estimates left out, the same tag is the same body."""
    portal, client = portal_client
    portal.call(check, client, changes)


async def check(client: Client, changes: list[str]) -> None:
    """Watch all places while changes are made."""
    await clear(client)
    made = [(await client.create()).id]
    seen: dict[tuple[str, str], Any] = {}
    tags: dict[tuple[str, str], str] = {}
    for change in changes:
        await step(client, change, made)
        for place in PLACES:
            path = place.format(id=made[0], ids=",".join([*made, "unknown"]))
            answer = await client.ask("GET", path)
            if answer.status_code == 200:
                told, tag = plain(place, answer.json()), answer.headers["ETag"]
                assert seen.setdefault((path, tag), told) == told
                assert tags.setdefault((path, repr(told)), tag) == tag


async def clear(client: Client) -> None:
    """Put an end to all jobs that there are."""
    for job in (await client.ask("GET", "/jobs")).json()["jobs"]:
        await client.ask("PATCH", f"/jobs/{job['id']}", json={"status": "cancelled"})
        await client.ask("DELETE", f"/jobs/{job['id']}")


@pytest.fixture(params=ENGINES)
def portal_client(portal: BlockingPortal, request: pytest.FixtureRequest) -> Any:
    """Give a client that all examples of a property share."""
    with portal.wrap_async_context_manager(polled(request.param)) as client:
        yield portal, client
