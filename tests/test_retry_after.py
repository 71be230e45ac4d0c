"""Every answer about a job that has not ended says when to ask again, and no other does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from house import TENANT, MovingClock
from polling import ENGINES, LINKED, PATIENT, POLLS, RECORDS, TOLD, Client, name, polled

from jobstatus.contract.checks import PROFILES
from jobstatus.contract.spec import Operation
from jobstatus.credential import Caller
from jobstatus.draft import Draft
from jobstatus.history import History
from jobstatus.job import Job, Report, Status
from jobstatus.service import JobService
from jobstatus.settings import EngineName
from jobstatus.storage.memory import MemoryStore

CALLER = Caller(id="us", tenant=TENANT)
SUBMISSIONS = [
    ("POST", f"/api/patients/{PATIENT}/encounter_package", {"signed_data": "YQ=="}),
    ("POST", "/api/4.0/acme_autorenew", None),
    ("PUT", "/api/4.0/cdns/dnsseckeys/refresh", None),
    ("PUT", "/api/4.0/cdns/dnsseckeys/refresh", None),
]
"""Calls that begin a job, the last one that is under way already."""
PACED = [each for each in POLLS if each.id != "listJobEvents"]
"""A timeline says nothing of when to come again."""

every_engine = pytest.mark.parametrize("engine", ENGINES)
every_profile = pytest.mark.parametrize("profile", PROFILES)


def seconds(answer: httpx.Response) -> int:
    """Read after how many seconds to ask again: a whole number, in digits alone."""
    assert answer.headers["Retry-After"].isdecimal()
    return int(answer.headers["Retry-After"])


@every_engine
@every_profile
@pytest.mark.parametrize("operation", PACED, ids=name)
async def test_each_poll_says_when_to_ask_again(engine: EngineName, profile: str, operation: Operation) -> None:
    """For as long as the job has not ended, told anew or known already; and never more than the setting."""
    async with polled(engine, profile, retry_after_seconds=7) as client:
        job, told = await client.create(), []
        for report in ({"message": "a"}, {"status": "running"}, {"progress": 50}, None):
            shown = await client.poll(operation, job)
            told += [shown, *[await client.poll(operation, job, If_None_Match=shown.headers["ETag"]) for _ in range(3)]]
            client.house.clock.move(seconds=3)
            if report is not None:
                await client.report(job, **report)
        await client.ask("POST", f"/jobs/{job.id}/cancel")
        told.append(await client.poll(operation, job))
        client.house.clock.move(days=1)
        late = await client.poll(operation, job)

    assert {answer.status_code for answer in told} == {200, 304}
    assert all(1 <= seconds(answer) <= 7 for answer in told)
    assert seconds(late) == 7


@every_engine
@every_profile
@pytest.mark.parametrize("operation", POLLS, ids=name)
@pytest.mark.parametrize(
    "end", [{"status": "failed"}, {"status": "succeeded", **LINKED}, {"status": "succeeded", **TOLD}]
)
async def test_nobody_is_told_to_ask_after_what_has_ended(
    engine: EngineName, profile: str, operation: Operation, end: dict[str, Any]
) -> None:
    """However it did."""
    async with polled(engine, profile) as client:
        job = await client.report(await client.create(), **end)
        shown = await client.poll(operation, job)
        known = await client.poll(operation, job, If_None_Match=shown.headers["ETag"])

    assert {"Retry-After"} & {*shown.headers, *known.headers} == set()


@every_engine
async def test_each_change_says_when_to_ask_after_it(engine: EngineName) -> None:
    """A creation, a report, a request to stop; but not what ended the job."""
    async with polled(engine) as client:
        created = await client.ask("POST", "/jobs", json={"type": "a"})
        url = created.headers["Location"]
        reported = await client.ask("PATCH", url, json={"status": "running"})
        cancelling = await client.ask("POST", f"{url}/cancel")
        ended = await client.ask("PATCH", url, json={"status": "cancelled"})
        deleted = await client.ask("DELETE", url)

    assert all(1 <= seconds(answer) <= 30 for answer in (created, reported, cancelling))
    assert not any("Retry-After" in answer.headers for answer in (ended, deleted))


@every_engine
@every_profile
async def test_each_submission_says_when_to_ask_after_it(engine: EngineName, profile: str) -> None:
    """Of eHealth's package, and of what Traffic Ops begins or has begun already."""
    async with polled(engine, profile) as client:
        answers = [await client.ask(method, path, json=body) for method, path, body in SUBMISSIONS]

    assert [answer.status_code for answer in answers] == [202] * 4
    assert all(1 <= seconds(answer) <= 30 for answer in answers)


@every_engine
@pytest.mark.parametrize("operation", RECORDS, ids=name)
async def test_the_end_that_was_reported_is_when_to_ask(engine: EngineName, operation: Operation) -> None:
    """And so is the one that progress leads to; the one that comes first in the list of what is known counts."""
    async with polled(engine) as client:
        job = await client.create(eta="2031-03-04T05:06:19.500Z")
        reported = await client.poll(operation, job)
        other = await client.report(await client.create(), status="running")
        client.house.clock.move(seconds=10)
        await client.report(other, progress=40)
        followed = await client.poll(operation, other)
        client.house.clock.move(seconds=12.5)
        later = await client.poll(operation, other)

    assert [seconds(answer) for answer in (reported, followed, later)] == [13, 15, 3]


@every_engine
async def test_a_list_is_asked_for_again_when_its_first_job_is(engine: EngineName) -> None:
    """The soonest of all that have not ended; where all have, or there is none, nothing is said."""
    async with polled(engine) as client:
        none = await client.ask("GET", "/jobs")
        soon, late = [await client.create(eta=f"2031-03-04T05:06:{at}.250Z") for at in ("12", "27")]
        both = await client.ask("GET", "/jobs")
        named = await client.ask("GET", f"/jobs?ids={late.id},{soon.id},unknown")
        await client.report(soon, status="failed")
        one = await client.ask("GET", "/jobs")
        await client.report(late, status="failed")
        ended = await client.ask("GET", "/jobs")

    assert [seconds(answer) for answer in (both, named, one)] == [5, 5, 20]
    assert not any("Retry-After" in answer.headers for answer in (none, ended))


@every_engine
async def test_an_end_says_where_it_comes_from(engine: EngineName) -> None:
    """Reported, by progress, known; or nothing is said, and nobody knows. What progress promised and is over is not."""
    async with polled(engine) as client:
        job = await client.create()
        told = [await _end(client, job)]
        await client.report(job, status="running")
        client.house.clock.move(seconds=10)
        await client.report(job, progress=50)
        told.append(await _end(client, job))
        client.house.clock.move(seconds=10)
        told.append(await _end(client, job))
        await client.report(job, eta="2031-03-04T05:10:00Z")
        told.append(await _end(client, job))
        await client.report(job, status="succeeded")
        told.append(await _end(client, job))

    assert told == [
        (None, None),
        ("2031-03-04T05:06:27.250000Z", "progress"),
        (None, None),
        ("2031-03-04T05:10:00.000000Z", "reported"),
        ("2031-03-04T05:06:27.250000Z", "ended"),
    ]


async def _end(client: Client, job: Job) -> tuple[str | None, str | None]:
    """Give when a job is said to end, the same wherever it is told of."""
    body = (await client.ask("GET", f"/jobs/{job.id}")).json()
    (listed,) = (await client.ask("GET", f"/jobs?ids={job.id}")).json()["jobs"]
    assert listed == body
    return body["eta"], body["eta_source"]


async def test_what_one_server_counts_the_others_know() -> None:
    """From five jobs of a type on: when one ends, and when to ask; a job that outlasts them is not told it is over."""
    clock, store = MovingClock(), MemoryStore()
    histories = [History(store, clock), History(store, clock)]
    here, there = [JobService(store, clock=clock, history=history, pause=3600) for history in histories]
    for count in range(5):
        job = await there.create(CALLER, Draft(type="export"))
        assert [service.estimate(job) for service in (here, there)] == [None, None], count
        await _live(here, clock, job, 100)
        for history in histories:
            await history.share()
    job = await there.create(CALLER, Draft(type="export"))
    for history in histories:
        await history.share()

    estimates = [service.estimate(job) for service in (here, there)]
    assert estimates[0] == estimates[1]
    assert estimates[0] is not None
    assert estimates[0].source == "history"
    assert abs(estimates[0].at - job.created_at - timedelta(seconds=100)) < timedelta(seconds=5)
    assert {service.retry_after(job) for service in (here, there)} <= {14, 15}  # √(2 · 100), give or take a twentieth
    assert there.estimate(await there.create(CALLER, Draft(type="import"))) is None
    clock.move(seconds=200)
    assert there.estimate(job) is None
    assert (there.retry_after(job) or 0) > 15


async def _live(service: JobService, clock: MovingClock, job: Job, seconds: float) -> None:
    """Lead a job to its end after so many seconds."""
    clock.move(seconds=seconds)
    await service.report(CALLER, job.id, Report(status=Status.SUCCEEDED))
