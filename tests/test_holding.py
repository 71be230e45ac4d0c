"""Polls that are held until there is something new to say, or their time is up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from polling import (
    CONTRACTS,
    ENGINES,
    LINKED,
    RECORDS,
    SPEC,
    TOLD,
    Client,
    left_alone,
    name,
    place,
    polled,
    waited_for,
)
from raw_asgi import Sent
from starlette.types import Message

from jobstatus.contract.spec import Operation
from jobstatus.job import Job, Tombstone
from jobstatus.settings import EngineName

NATIVE = SPEC.operations["getJob"]
every_engine = pytest.mark.parametrize("engine", ENGINES)
every_record = pytest.mark.parametrize("operation", RECORDS, ids=name)
LONG = "wait=600"


@asynccontextmanager
async def held(
    client: Client, operation: Operation, job: Job, **headers: str
) -> AsyncGenerator[asyncio.Task[httpx.Response]]:
    """Poll, and go on once that is held."""
    task = asyncio.ensure_future(client.poll(operation, job, **headers))
    await waited_for(client.house)
    assert not task.done()
    try:
        yield task
    finally:
        task.cancel()


async def answered(task: asyncio.Task[httpx.Response]) -> httpx.Response:
    """Wait for the answer, which must come."""
    async with asyncio.timeout(60):
        return await task


@every_engine
@every_record
@pytest.mark.parametrize("tagged", [False, True])
async def test_a_wait_ends_with_a_new_version(engine: EngineName, operation: Operation, tagged: bool) -> None:
    """Whatever it is: no client waits for one state alone; what is told is the new version, and what was granted."""
    async with polled(engine) as client:
        job = await client.create()
        tag = {"If_None_Match": (await client.poll(operation, job)).headers["ETag"]} if tagged else {}
        async with held(client, operation, job, Prefer=LONG, **tag) as task:
            await client.report(job, message="on the way")
            told = await answered(task)
        fresh = await client.poll(operation, job)

    assert (told.status_code, told.headers["ETag"]) == (200, fresh.headers["ETag"])
    assert told.headers["ETag"].endswith('-2"')
    assert told.headers["Preference-Applied"] == "wait=60"


@every_engine
@every_record
async def test_a_wait_ends_with_the_job(engine: EngineName, operation: Operation) -> None:
    """With its end, and with what becomes of it after; eHealth's 303 comes as it always does."""
    async with polled(engine) as client:
        job = await client.create()
        async with held(client, operation, job, Prefer=LONG) as task:
            await client.report(job, status="succeeded", **LINKED)
            ended = await answered(task)
        other = await client.create()
        async with held(client, operation, other, Prefer=LONG) as task:
            await client.house.store.bury(other, Tombstone.of(other, "deleted", client.house.clock.now))
            gone = await answered(task)
        plain = await client.poll(operation, other)

    assert ended.status_code == (303 if operation.contract == "ehealth" else 200)
    assert "Retry-After" not in ended.headers
    assert gone.status_code == plain.status_code >= 400
    assert "Preference-Applied" not in gone.headers


@every_record
async def test_who_lags_behind_is_answered_at_once(operation: Operation) -> None:
    """Another version than the client's is new to it already; and what has ended is not waited for."""
    async with polled() as client:
        job = await client.create()
        tag = (await client.poll(operation, job)).headers["ETag"]
        await client.report(job, status="running")
        stale = await client.poll(operation, job, Prefer=LONG, If_None_Match=tag)
        await client.report(job, status="succeeded", **TOLD)
        ended = await client.poll(operation, job, Prefer=LONG)
        known = await client.poll(operation, job, Prefer=LONG, If_None_Match=ended.headers["ETag"])

    assert [answer.status_code for answer in (stale, ended, known)] == [200, 200, 304]


@every_engine
async def test_a_wait_ends_with_its_time(engine: EngineName) -> None:
    """With what there is, or with 304 for who has that."""
    async with polled(engine, wait_seconds=1) as client:
        job = await client.create()
        tag = (await client.poll(NATIVE, job)).headers["ETag"]
        plain, known = await asyncio.gather(
            client.poll(NATIVE, job, Prefer="wait=1"), client.poll(NATIVE, job, Prefer="wait=9", If_None_Match=tag)
        )
        await left_alone(client.house)

    assert (plain.status_code, plain.json()["version"], known.status_code) == (200, 1, 304)
    assert [answer.headers["Preference-Applied"] for answer in (plain, known)] == ["wait=1", "wait=1"]
    assert all("Retry-After" in answer.headers for answer in (plain, known))


@every_engine
@pytest.mark.parametrize("contract", CONTRACTS)
async def test_a_contract_can_hold_polls_that_do_not_ask_for_it(engine: EngineName, contract: str) -> None:
    """Where it is set so: its own, and no other's; nothing was asked for, and so nothing is said to be granted."""
    holds: dict[str, Any] = {} if contract == "native" else {f"hold_{contract.replace('-', '_')}": 7.9}
    operations = [each for each in RECORDS if each.contract == contract]
    async with polled(engine, **holds) as client:
        for other in RECORDS:
            if contract == "native" or other not in operations:
                assert (await client.poll(other, await client.create())).status_code == 200
        for operation in operations if holds else []:
            job = await client.create()
            async with held(client, operation, job) as task:
                await client.report(job, status="running")
                told = await answered(task)
            assert told.headers["ETag"].endswith('-2"')
            assert "Preference-Applied" not in told.headers


@every_engine
@every_record
async def test_who_leaves_gives_its_place_free(engine: EngineName, operation: Operation) -> None:
    """Nobody waits for changes then."""
    async with polled(engine) as client:
        job = await client.create()
        gone, answer = asyncio.Event(), list[Message]()
        fields = {**client.headers, "Host": "jobs.example", "Prefer": LONG}
        fields.pop("Authorization" if operation.contract == "traffic-ops" else "-", None)
        pairs = tuple((key.lower().encode(), value.encode()) for key, value in fields.items())

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            answer.append(message)

        scope = Sent("GET", place(operation, job).encode(), headers=pairs).scope()
        task = asyncio.ensure_future(client.house.app(scope, receive, send))
        await waited_for(client.house)
        assert not answer
        gone.set()
        async with asyncio.timeout(60):
            await task
        await left_alone(client.house)


@every_engine
@pytest.mark.parametrize("contract", ["native", "ehealth", "ehealth-composition"])
@pytest.mark.parametrize("ending", ["change", "burial"])
async def test_who_is_shut_out_while_waiting_is_refused(engine: EngineName, contract: str, ending: str) -> None:
    """Whatever has become of the job meanwhile, it is told to nobody who may not know."""
    operation = next(each for each in RECORDS if each.contract == contract)
    async with polled(engine, credential_seconds=0) as client:
        other = Client(client.house, client.house.headers(await client.house.token()))
        job = await client.create()
        async with held(other, operation, job, Prefer=LONG) as task:
            await other.revoke()
            if ending == "change":
                await client.report(job, message="secret")
            else:
                await client.house.store.bury(job, Tombstone.of(job, "deleted", client.house.clock.now))
            told = await answered(task)

    assert told.status_code == 401
    assert "secret" not in told.text


async def test_others_changes_end_nobodys_wait() -> None:
    """Only the job's own; no other is read for it."""
    async with polled() as client:
        job, other = await client.create(), await client.create()
        async with held(client, NATIVE, job, Prefer=LONG) as task:
            for text in ("a", "b", "c"):
                await client.report(other, message=text)
            await waited_for(client.house)
            assert not task.done()


@every_engine
async def test_no_more_are_held_than_there_is_room_for(engine: EngineName) -> None:
    """One more is answered at once, and not told that it was held."""
    async with polled(engine, wait_most=1) as client:
        job = await client.create()
        async with held(client, NATIVE, job, Prefer=LONG) as task:
            beyond = await client.poll(NATIVE, job, Prefer=LONG)
            assert not task.done()

    assert beyond.status_code == 200
    assert "Preference-Applied" not in beyond.headers
