"""The composition job as its clients see it: two paths, three words, when to ask again, and what the gateway says."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal
from house import OTHER_TENANT, House, running_house
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jobstatus.handlers.times import millis
from jobstatus.settings import Settings

ID = "89678f60-4cdc-4fe3-ae83-e8b3ebd35c59"
PATHS = {"getCompositionJob": "/api/patients/composition/job/", "getCompositionJobAtRoot": "/patients/composition/job/"}
PATH = PATHS["getCompositionJob"]
ETA = "2031-03-04T05:07:07.250Z"
TO_COME = [{"entity": "eHealth/resources"}]
LINKS = [{"entity": "eHealth/resources", "href": "/api/patients/composition/5b7f2d0e-9c1a-4e36-8d54-0a1b2c3d4e5f"}]
NO_TOKEN = {"message": "Authorization header is not set or doesn't contain Bearer token", "type": "access_denied"}
BAD_TOKEN = {"message": "Invalid access token", "type": "access_denied"}
LACKING = "Your scope does not allow to access this resource. Missing allowances: composition:read"
MALFORMED = {"message": "Invalid request format", "type": "request_malformed"}
NOT_FOUND = {"message": "Task not found", "type": "not_found"}
MINUTE = timedelta(minutes=1)
paths = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)


@pytest.fixture(params=["documented", "deployed"])
def profile(request: pytest.FixtureRequest) -> str:
    """Name each of the two profiles."""
    return str(request.param)


@pytest.fixture
async def either(profile: str) -> AsyncGenerator[House]:
    """Give a server in each of the two profiles."""
    async with running_house(Settings.model_validate({"profile_ehealth_composition": profile})) as house:
        yield house


async def bearing(house: House, **terms: Any) -> dict[str, str]:
    """Give the headers of a new token and of the brokering system's key."""
    return {"Authorization": f"Bearer {await house.token(**terms)}", "api-key": house.api_key}


async def create(house: House, **body: Any) -> str:
    """Let a producer begin a job, and give its id."""
    answer = await house.client.post("/jobs", json={"type": "t", **body}, headers=await bearing(house))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def report(house: House, id: str, **body: Any) -> None:
    """Let its worker report."""
    answer = await house.client.patch(f"/jobs/{id}", json=body, headers=await bearing(house))
    assert answer.is_success, answer.text


async def cancel(house: House, id: str) -> None:
    """Let somebody cancel it."""
    assert (await house.client.post(f"/jobs/{id}/cancel", headers=await bearing(house))).is_success


async def poll(house: House, id: str, path: str = PATH, **headers: str) -> httpx.Response:
    """Ask for a job with all that is needed, and these headers."""
    return await house.client.get(path + id, headers=await bearing(house) | headers)


async def data(house: House, id: str) -> dict[str, Any]:
    """Give what is told of a job, always with 200."""
    answer = await poll(house, id)
    assert (answer.status_code, answer.json()["meta"]["code"]) == (200, 200)
    told: dict[str, Any] = answer.json()["data"]
    return told


def failed(answer: httpx.Response) -> Any:
    """Give the service's error, and see that it has the service's form."""
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.content.endswith(b"}")
    assert answer.json()["meta"]["code"] == answer.status_code
    return answer.json()["error"]


def refused(answer: httpx.Response) -> Any:
    """Give the gateway's error, and see that it has the gateway's form: the query in the address as well."""
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.content.endswith(b"}\n")
    assert answer.json()["meta"]["url"] == str(answer.url)
    assert answer.json()["meta"]["code"] == answer.status_code
    return answer.json()["error"]


@paths
async def test_a_job_is_found_at_both_paths(house: House, path: str) -> None:
    """The documented one, and the one that clients use: the same bytes but for the address."""
    await create(house, id=ID)

    answer = await poll(house, f"{ID}?a=b", path, **{"X-Request-Id": "a#1"})

    assert answer.text == (
        f'{{"data":{{"eta":"{ETA}","id":"{ID}","links":[{{"entity":"eHealth/resources"}}],"status":"PENDING"}},'
        f'"meta":{{"code":200,"request_id":"a#1","type":"object","url":"http://jobs.example{path}{ID}"}}}}'
    )
    assert answer.headers["X-Request-Id"] == "a#1"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "max-age=0, private, must-revalidate"


@pytest.mark.parametrize("stage", ["pending", "running", "cancelling"])
async def test_a_job_that_has_not_ended(either: House, stage: str) -> None:
    """It is pending, and what is to come is named without an address."""
    id = await create(either)
    if stage != "pending":
        await report(either, id, status="running", progress=50)
    if stage == "cancelling":
        await cancel(either, id)

    assert await data(either, id) == {"id": id, "status": "PENDING", "eta": ETA, "links": TO_COME}


@pytest.mark.parametrize(
    ("result", "links"),
    [({"links": LINKS}, LINKS), ({"links": []}, TO_COME), ({"response_data": {"a": 1}}, TO_COME), (None, TO_COME)],
)
async def test_a_job_that_is_done(either: House, result: Any, links: Any) -> None:
    """With the way to the composition; the contract has links in every answer."""
    id = await create(either)
    await report(either, id, status="succeeded", **({} if result is None else {"result": result}))

    assert await data(either, id) == {"id": id, "status": "DONE", "eta": ETA, "links": links}


@pytest.mark.parametrize(
    ("reported", "error"),
    [
        ({"kind": "user", "message": "m", "code": "1002"}, {"code": "1002", "message": "m"}),
        ({"kind": "user", "message": "m"}, {"code": None, "message": "m"}),
        ({"kind": "system", "message": "m", "type": "t", "http_status": 404}, {"code": None, "message": "m"}),
    ],
)
async def test_a_job_that_failed(either: House, reported: dict[str, Any], error: Any) -> None:
    """200, and an error of a code and a message, which is where clients look."""
    id = await create(either)
    await report(either, id, status="failed", error=reported)

    assert await data(either, id) == {"id": id, "status": "FAILED", "eta": ETA, "links": TO_COME, "error": error}


async def test_a_job_that_was_cancelled_or_lost_has_failed(house: House) -> None:
    """There is no other word; the message tells."""
    cancelled, lost = await create(house), await create(house, lease_seconds=10)
    await cancel(house, cancelled)
    house.clock.move(seconds=10)

    told = [await data(house, id) for id in (cancelled, lost)]

    assert [each["status"] for each in told] == ["FAILED", "FAILED"]
    assert [each["error"] for each in told] == [
        {"code": None, "message": "The job was cancelled"},
        {"code": None, "message": "The worker stopped reporting before its job had ended."},
    ]


async def test_eta_is_when_to_ask_again(house: House) -> None:
    """A minute after creation, and once that is over and the job has not ended, a minute later, and so on."""
    id, seen = await create(house), []
    for seconds in (0, 59.999, 0.001, 59.999, 0.001, 3600):
        house.clock.move(seconds=seconds)
        seen.append((await data(house, id))["eta"])

    assert [eta[11:] for eta in seen] == [
        *("05:07:07.250Z", "05:07:07.250Z"),
        *("05:08:07.250Z", "05:08:07.250Z"),
        *("05:09:07.250Z", "06:09:07.250Z"),
    ]


async def test_an_own_estimate_is_told_until_it_is_over(house: House) -> None:
    """Then the minutes are counted from it; progress is no estimate."""
    id = await create(house, eta="2031-03-04T08:00:00.123999+02:00")
    await report(house, id, status="running", progress=99)

    assert (await data(house, id))["eta"] == "2031-03-04T06:00:00.123Z"
    house.clock.move(hours=1)
    assert (await data(house, id))["eta"] == "2031-03-04T06:07:00.123Z"
    await report(house, id, eta="2031-03-04T06:06:30Z")
    assert (await data(house, id))["eta"] == "2031-03-04T06:06:30.000Z"


def moment(text: str) -> datetime:
    """Read a time as it is told."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


spans = st.integers(0, 300_000_000).map(lambda micros: timedelta(microseconds=micros))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(own=None, waits=[timedelta(0)], progress=50)
@example(own=timedelta(microseconds=999), waits=[timedelta(microseconds=990)], progress=1)
@given(own=st.none() | spans, waits=st.lists(spans, min_size=1, max_size=8), progress=st.integers(1, 99))
def test_eta_is_always_ahead_and_never_goes_back(
    own: timedelta | None, waits: list[timedelta], progress: int, shared_house: House, portal: BlockingPortal
) -> None:
    """It stays until it is over, is then never more than a minute away, and stays for good when the job has ended."""

    async def life() -> tuple[datetime, list[tuple[datetime, datetime]]]:
        return await lived(shared_house, own, waits, progress)

    expected, polls = portal.call(life)

    *unfinished, (_, last) = polls
    assert all(eta > now for now, eta in unfinished)
    assert all(eta == expected if now < expected else eta - now <= MINUTE for now, eta in unfinished)
    assert all(later == earlier or now >= earlier < later for (_, earlier), (now, later) in pairwise(polls))
    assert last == unfinished[-1][1]


async def lived(
    house: House, own: timedelta | None, waits: list[timedelta], progress: int
) -> tuple[datetime, list[tuple[datetime, datetime]]]:
    """Poll a job after each wait, and once more long after its end; give when that was and what was told."""
    expected = house.clock.now + (MINUTE if own is None else own)
    id = await create(house, **({} if own is None else {"eta": expected.isoformat()}))
    polls = []
    for wait in (timedelta(0), *waits):
        house.clock.now += wait
        polls.append((house.clock.now, moment((await data(house, id))["eta"])))
        await report(house, id, status="running", progress=progress)
    await report(house, id, status="succeeded")
    house.clock.move(hours=1)
    polls.append((house.clock.now, moment((await data(house, id))["eta"])))
    return moment(millis(expected)), polls


@paths
async def test_an_id_that_is_no_uuid_is_a_malformed_request(house: House, path: str) -> None:
    """Even if a job has it."""
    await create(house, id="nightly")

    for id in ("nightly", "730f10bf0000000000000001", f"{ID}0", ID[:-1], "a%20b", "a" * 65):
        answer = await poll(house, id, path)
        assert (answer.status_code, failed(answer)) == (400, MALFORMED), id


@paths
async def test_a_job_that_is_unknown_gone_or_anothers_is_no_task(house: House, path: str) -> None:
    """All are told alike."""
    expired, deleted, foreign = [await create(house) for _ in range(3)]
    await report(house, expired, status="succeeded")
    house.clock.move(days=7)
    await report(house, deleted, status="succeeded")
    await house.client.delete(f"/jobs/{deleted}", headers=await bearing(house))
    stranger = await bearing(house, tenant=OTHER_TENANT)

    for answer in (
        *[await poll(house, id, path) for id in (ID, expired, deleted)],
        await poll(house, foreign, path, **stranger),
    ):
        assert (answer.status_code, failed(answer)) == (404, NOT_FOUND)


async def test_a_uuid_is_the_same_in_either_case(house: House) -> None:
    """It is told in lower case."""
    await create(house, id=ID)

    assert (await data(house, ID.upper()))["id"] == ID


@paths
async def test_who_shows_no_token_or_a_bad_one(either: House, path: str) -> None:
    """As in the other service, for one gateway stands before both; a cookie is no token here."""
    cookie = {"Cookie": f"authorization={await either.token()}"}
    key = {"api-key": either.api_key}
    for headers in ({}, key, cookie | key, {"Authorization": "Basic YTpi"}):
        answer = await either.client.get(f"{path}{ID}?a=b", headers=headers)
        assert (answer.status_code, refused(answer)) == (401, NO_TOKEN)
    answer = await either.client.get(path + ID, headers=key | {"Authorization": "Bearer guess"})
    assert (answer.status_code, refused(answer)) == (401, BAD_TOKEN)


@paths
@pytest.mark.parametrize("broker", [False, True])
async def test_a_key_is_needed_beside_the_token(either: House, path: str, broker: bool) -> None:
    """Of every client; a bad one is told as a bad token."""
    headers = await bearing(either, broker=broker)
    del headers["api-key"]
    revoked = await either.token(roles=["api-key"], revoked_at=either.clock.now)
    keys = [{}, *({"api-key": key} for key in ("guess", revoked, await either.token()))]
    for key in keys:
        answer = await either.client.get(path + ID, headers=headers | key)
        assert (answer.status_code, refused(answer)) == (401, BAD_TOKEN)
    answer = await either.client.get(path + ID, headers=headers | {"API-KEY": either.api_key})
    assert answer.status_code == 404


@paths
async def test_a_scope_that_is_lacking(either: House, profile: str, path: str) -> None:
    """In the token or in the system's key: 401 as documented, where the gateway has 403; the words are the same."""
    own = await bearing(either, permissions=["job:read"])
    systems = await bearing(either) | {"api-key": await either.token(permissions=["job:read"], roles=["api-key"])}
    status, type = (403, "forbidden") if profile == "deployed" else (401, "access_denied")
    for headers in (own, systems):
        answer = await either.client.get(f"{path}{ID}?a=b", headers=headers)

        assert (answer.status_code, refused(answer)) == (status, {"message": LACKING, "type": type})
        if status == 401:
            challenge = 'Bearer error="insufficient_scope", scope="composition:read"'
            assert answer.headers["WWW-Authenticate"] == challenge


async def test_the_gateway_looks_before_the_service(house: House) -> None:
    """Whatever the id is, and whatever is accepted."""
    weak = await bearing(house, permissions=[])
    for headers, message in (({}, NO_TOKEN["message"]), (weak, LACKING)):
        answer = await house.client.get(f"{PATH}nightly", headers=headers | {"Accept": "text/html"})

        assert refused(answer)["message"] == message


@paths
async def test_what_the_two_services_share(house: House, path: str) -> None:
    """HEAD is GET, JSON must be accepted, a media type and a pre-shared key are not looked at, a name is given."""
    await create(house, id=ID)
    headers = await bearing(house) | {"X-Request-Id": "a#1"}
    usual = {"Content-Type": "application/json", "X-Custom-PSK": "x" * 5000}
    got, head = [await house.client.request(method, path + ID, headers=headers | usual) for method in ("GET", "HEAD")]
    wrong = await poll(house, ID, path, Accept="text/html")
    written = await house.client.post(path + ID, headers=headers)

    assert (got.status_code, head.status_code, head.headers) == (200, 200, got.headers)
    assert (wrong.status_code, failed(wrong)["invalid"]) == (406, [{"entry_type": "header", "entry": "Accept"}])
    assert (written.status_code, written.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert re.fullmatch("[0-9a-f-]{36}#[0-9]+", wrong.headers["X-Request-Id"])
