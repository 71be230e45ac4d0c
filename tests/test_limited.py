"""Whoever asks for too much is told so, in each contract's own words, and when to come again."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from house import TENANT, running_house
from polling import CONTRACTS, ENGINES, PATIENT, POLLS, RECORDS, Client, name, polled

from jobstatus.contract.spec import Operation
from jobstatus.ids import new_id
from jobstatus.job import Event, Job
from jobstatus.settings import EngineName, Settings

every_engine = pytest.mark.parametrize("engine", ENGINES)
every_contract = pytest.mark.parametrize("contract", CONTRACTS)
OFF = {"native": "off"}
REFUSED: dict[str, Any] = {
    "native": {
        "title": "Request cannot be satisfied as assigned quota has been exceeded",
        "violated-policies": ["polls"],
    },
    "ehealth": {"error": {"type": "too_many_requests", "message": "API rate limit exceeded"}},
    "ehealth-composition": {"error": {"type": "too_many_requests", "message": "API rate limit exceeded"}},
    "traffic-ops": {"alerts": [{"text": "Too Many Requests", "level": "error"}]},
    "ims": {"error_msg": "The throttling threshold has been reached.", "error_code": "APIGW.0308"},
}
FIRSTS = [next(each for each in RECORDS if each.contract == contract) for contract in CONTRACTS]
"""A poll of each contract."""
PUBLIC = ("/api/4.0/ping", "/v3")


CALLS: dict[str, tuple[str, str, Any]] = {
    "native": ("POST", "/jobs", {"type": "a"}),
    "ehealth": ("POST", f"/api/patients/{PATIENT}/encounter_package", {"signed_data": "YQ=="}),
    "traffic-ops": ("POST", "/api/4.0/acme_autorenew", None),
}
"""A call of each contract that has one which is no poll."""


def limits(*, polls: dict[str, str] | None = None, calls: dict[str, str] | None = None) -> dict[str, Any]:
    """Give the settings of these limits, and of no others."""
    return {"limit_polls": json.dumps(OFF | (polls or {})), "limit_calls": json.dumps(OFF | (calls or {}))}


def told(answer: httpx.Response) -> tuple[str | None, ...]:
    """Give what is said of limits."""
    return tuple(answer.headers.get(name) for name in ("RateLimit-Policy", "RateLimit", "Retry-After"))


def a_new_job(client: Client) -> tuple[Job, Event]:
    """Give a job that no call has made."""
    now = client.house.clock.now
    job = Job(id=new_id(), tenant=TENANT, owner="tests", type="export", created_at=now, updated_at=now)
    return job, Event.of(job, "tests")


@every_engine
@pytest.mark.parametrize("operation", POLLS, ids=name)
async def test_each_contract_refuses_in_its_own_words(engine: EngineName, operation: Operation) -> None:
    """After as many polls as are let through: 429, what is left, and after how many seconds there will be more."""
    contract = operation.contract
    async with polled(engine, **limits(polls={contract: "3/60"})) as client:
        job = await client.create()
        passed = [await client.poll(operation, job) for _ in range(3)]
        refused = [await client.poll(operation, job) for _ in range(2)]
        client.house.clock.move(seconds=int(refused[0].headers["Retry-After"]))
        again = await client.poll(operation, job)
        beyond = await client.poll(operation, job)

    assert [answer.status_code for answer in (*passed, *refused, again, beyond)] == [200] * 3 + [429] * 2 + [200, 429]
    assert [answer.headers["RateLimit"] for answer in passed] == [f'"polls";r={n};t={60 - 20 * n}' for n in (2, 1, 0)]
    assert {answer.headers["RateLimit-Policy"] for answer in (*passed, *refused)} == {'"polls";q=3;w=60'}
    assert {told(answer) for answer in refused} == {('"polls";q=3;w=60', '"polls";r=0;t=60', "20")}
    body = refused[0].json()
    assert REFUSED[contract].items() <= body.items()
    assert not any("ETag" in answer.headers for answer in refused)


@every_engine
async def test_a_304_counts_as_any_answer_does(engine: EngineName) -> None:
    """In every contract; and who may not come says so whatever the client has."""
    async with polled(engine, **limits(polls=dict.fromkeys(CONTRACTS, "2/60"))) as client:
        job = await client.create()
        tagged = {each.contract: (await client.poll(each, job)).headers["ETag"] for each in FIRSTS}
        answers = {
            each.contract: [await client.poll(each, job, If_None_Match=tagged[each.contract]) for _ in range(2)]
            for each in FIRSTS
        }

    for held, refused in answers.values():
        assert (held.status_code, refused.status_code) == (304, 429)
        assert held.headers["RateLimit"].startswith('"polls";r=0;')


@every_engine
async def test_the_native_contract_alone_is_limited_by_itself(engine: EngineName) -> None:
    """Clients of the others would take a 429 for the end; errors are counted, but tell nothing of what is left."""
    async with polled(engine) as client:
        job = await client.create()
        answers = {each: await client.poll(each, job) for each in POLLS}
        unknown = await client.ask("GET", "/jobs/unknown")
        after = await client.ask("GET", f"/jobs/{job.id}")

    for operation, answer in answers.items():
        limited = operation.contract == "native"
        assert (told(answer)[0] == '"polls";q=60000;w=60') == limited
        assert ("RateLimit" in answer.headers) == limited
    assert (unknown.status_code, "RateLimit" in unknown.headers) == (404, False)
    assert after.headers["RateLimit"] == '"polls";r=59995;t=1'


@every_engine
@every_contract
async def test_polls_and_all_else_are_counted_apart(engine: EngineName, contract: str) -> None:
    """And so are the contracts."""
    async with polled(engine, **limits(polls={contract: "1/60"}, calls={contract: "1/60"})) as client:
        calls = CALLS.get(contract)
        statuses = []
        if calls is not None:
            method, path, body = calls
            statuses = [(await client.ask(method, path, json=body)).status_code for _ in range(2)]
        made = await client.house.store.create(*a_new_job(client))
        for each in RECORDS:
            if each.contract != contract:
                assert [(await client.poll(each, made)).status_code for _ in range(2)] == [200, 200]
        operation = FIRSTS[CONTRACTS.index(contract)]
        polls = [(await client.poll(operation, made)).status_code for _ in range(2)]

    assert polls == [200, 429]
    assert [status < 300 for status in statuses] in ([], [True, False])
    assert statuses[1:] in ([], [429])


async def test_each_credential_has_its_own() -> None:
    """One that has none left takes nothing from another's."""
    async with polled(**limits(polls={"native": "1/60"})) as client:
        job = await client.create()
        other = Client(client.house, client.house.headers(await client.house.token()))
        own = [(await client.ask("GET", f"/jobs/{job.id}")).status_code for _ in range(2)]
        others = [(await other.ask("GET", f"/jobs/{job.id}")).status_code for _ in range(2)]

    assert own == others == [200, 429]


@every_engine
async def test_servers_that_share_a_store_share_what_is_left(engine: EngineName, tmp_path: Path) -> None:
    """Whichever of them is asked, no more are let through in all than by one."""
    given = limits(polls={"native": "10/60"})
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    async with AsyncExitStack() as stack:
        houses = [
            await stack.enter_async_context(running_house(Settings(engine=engine, **given), url)) for _ in range(2)
        ]
        headers = houses[0].headers(await houses[0].token())
        answers = [await houses[n % 2].client.get("/jobs", headers=headers) for n in range(24)]

    assert [answer.status_code for answer in answers].count(200) == 10
    assert {answer.status_code for answer in answers[-4:]} == {429}


@every_engine
async def test_what_is_open_to_all_is_not_limited(engine: EngineName) -> None:
    """Nobody calls there who could be counted; nor is whoever is not let in."""
    every = dict.fromkeys(CONTRACTS, "1/60")
    async with polled(engine, **limits(polls=every, calls=every)) as client:
        for path in PUBLIC:
            answers = [await client.house.client.get(path) for _ in range(3)]
            assert {(answer.status_code, told(answer)) for answer in answers} == {(200, (None, None, None))}
        strangers = [await client.house.client.get("/jobs") for _ in range(3)]

    assert {(answer.status_code, told(answer)) for answer in strangers} == {(401, (None, None, None))}


@every_engine
async def test_a_stream_takes_one_token(engine: EngineName) -> None:
    """At its beginning, however long it goes on; it tells what is left like any other answer."""
    async with polled(engine, **limits(polls={"native": "2/60"})) as client:
        job = await client.create()
        await client.ask("POST", f"/jobs/{job.id}/cancel")
        path = f"/jobs/{job.id}/events"
        answers = [await client.ask("GET", path, Accept="text/event-stream") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["RateLimit"][:11] for answer in answers] == ['"polls";r=1', '"polls";r=0', '"polls";r=0']
