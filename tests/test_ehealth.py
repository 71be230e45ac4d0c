"""The eHealth job as its clients see it: the gateway, the envelope, every outcome, and the call that begins one."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal
from house import OTHER_TENANT, TENANT, House, running_house
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobstatus.handlers.ehealth_limit import LIMIT
from jobstatus.handlers.wire import dumps
from jobstatus.ids import object_id
from jobstatus.job import Job
from jobstatus.settings import Settings
from jobstatus.testing.strategies import json_objects

UNKNOWN = "/api/jobs/730f10bf0000000000000099"
PATIENT = "7c3da506-804d-4550-8993-bf17f9ee0402"
SUBMIT = f"/api/patients/{PATIENT}/encounter_package"
PERIOD = {"start": "2031-03-04T05:00:00Z", "end": "2031-03-04T05:06:00Z"}
VISIT = {"id": "90a9e15b-b71b-4caf-8f2e-ff247e8a5600", "period": PERIOD}
SIGNED = "U0VDUkVUIERJQUdOT1NJUw=="
PACKAGE = {"visit": VISIT, "signed_data": SIGNED}
NO_TOKEN = {"message": "Authorization header is not set or doesn't contain Bearer token", "type": "access_denied"}
BAD_TOKEN = {"message": "Invalid access token", "type": "access_denied"}
NOT_FOUND = {"type": "not_found"}
LACKING = "Your scope does not allow to access this resource. Missing allowances: "
ETA = "2031-03-04T05:07:07.250Z"
LINKS = [
    {"entity": entity, "href": f"/api/patients/p-1/{entity}s/1"}
    for entity in ("encounter", "immunization", "condition", "observation", "medication_statemet", "detected_issue")
]
ENTRY = {
    "entry_type": "json_data_property",
    "entry": "$.period.start",
    "rules": [{"rule": "required", "params": [], "description": "must be present"}],
}
by_example = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
calls = pytest.mark.parametrize(
    ("method", "path", "scope"),
    [("GET", UNKNOWN, "job:read"), ("POST", SUBMIT, "encounter:write")],
    ids=["poll", "submission"],
)


@pytest.fixture(params=["documented", "deployed"])
def profile(request: pytest.FixtureRequest) -> str:
    """Name each of the two profiles."""
    return str(request.param)


@pytest.fixture
async def either(profile: str) -> AsyncGenerator[House]:
    """Give a server in each of the two profiles."""
    async with running_house(Settings.model_validate({"profile_ehealth": profile})) as house:
        yield house


async def bearing(house: House, **terms: Any) -> dict[str, str]:
    """Give the header of a new token."""
    return {"Authorization": f"Bearer {await house.token(**terms)}"}


async def create(house: House, **body: Any) -> Job:
    """Let a producer begin a job."""
    answer = await house.client.post("/jobs", json={"type": "t", **body}, headers=await bearing(house))
    return await stored(house, answer.json()["id"])


async def stored(house: House, key: str | int) -> Job:
    """Give a job as it is kept."""
    job = await house.store.get(key)
    assert isinstance(job, Job)
    return job


async def report(house: House, job: Job, **body: Any) -> None:
    """Let its worker report."""
    answer = await house.client.patch(f"/jobs/{job.id}", json=body, headers=await bearing(house))
    assert answer.is_success, answer.text


async def cancel(house: House, job: Job) -> None:
    """Let somebody cancel it."""
    assert (await house.client.post(f"/jobs/{job.id}/cancel", headers=await bearing(house))).is_success


async def ended(house: House, **body: Any) -> Job:
    """Give a job that has ended so."""
    job = await create(house)
    await report(house, job, **body)
    return job


async def poll(house: House, job: Job | str, **headers: str) -> httpx.Response:
    """Ask for a job, or at a path, with a token and these headers."""
    path = job if isinstance(job, str) else f"/api/jobs/{object_id(job)}"
    return await house.client.get(path, headers=await bearing(house) | headers)


async def data(house: House, job: Job) -> dict[str, Any]:
    """Give what is told of a job."""
    told: dict[str, Any] = (await poll(house, job)).json()["data"]
    return told


async def submit(house: House, body: Any = PACKAGE, path: str = SUBMIT, **headers: str) -> httpx.Response:
    """Send a package; a text goes as it is."""
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    usual = {"Content-Type": "application/json", **await bearing(house)}
    return await house.client.post(path, content=content, headers=usual | headers)


async def begun(house: House, body: Any = PACKAGE, path: str = SUBMIT, **headers: str) -> Job:
    """Send a package and give the job that is told of."""
    answer = await submit(house, body, path, **headers)
    assert answer.status_code == 202, answer.text
    return await stored(house, int(answer.json()["data"]["links"][0]["href"][-16:], 16))


def code(number: int, profile: str) -> int | str:
    """Spell the code of an outcome as a profile does."""
    return number if profile == "deployed" else str(number)


def refused(answer: httpx.Response) -> Any:
    """Give the gateway's error, and see that it has the gateway's form."""
    assert answer.headers["Content-Type"] == "application/json"
    assert "Cache-Control" not in answer.headers
    assert answer.content.endswith(b"}\n")
    return error(answer)


def failed(answer: httpx.Response) -> Any:
    """Give the service's error, and see that it has the service's form."""
    assert of_the_service(answer)
    return error(answer)


def of_the_service(answer: httpx.Response) -> bool:
    """See that an answer has the service's headers, and nothing behind its body."""
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "max-age=0, private, must-revalidate"
    return answer.content.endswith(b"}")


def error(answer: httpx.Response) -> Any:
    """Give an error, which has nothing beside it but `meta`."""
    body = answer.json()
    assert set(body) == {"error", "meta"}
    assert (body["meta"]["code"], body["meta"]["type"]) == (answer.status_code, "object")
    return body["error"]


@calls
async def test_who_sends_no_bearer_token_is_told_so(house: House, method: str, path: str, scope: str) -> None:
    """Another scheme is no token, and a token without a scheme is none."""
    values = ["", "Bearer", "Bearer ", "Basic YTpi", "Token x", await house.token()]
    for headers in ({}, *({"Authorization": value} for value in values)):
        answer = await house.client.request(method, path, headers=headers)

        assert (answer.status_code, refused(answer)) == (401, NO_TOKEN)


@calls
async def test_a_bad_token_is_not_told_what_is_wrong_with_it(house: House, method: str, path: str, scope: str) -> None:
    """Unknown, expired and revoked are one, and so is a system's key in the place of a token."""
    now = house.clock.now
    tokens = ["guess", await house.token(expires_at=now), await house.token(revoked_at=now), house.api_key]
    for token in tokens:
        answer = await house.client.request(method, path, headers={"Authorization": f"Bearer {token}"})

        assert (answer.status_code, refused(answer)) == (401, BAD_TOKEN)


@calls
async def test_a_bad_key_is_told_as_a_bad_token(house: House, method: str, path: str, scope: str) -> None:
    """A client of access type BROKER does not learn which of the two it was."""
    now, roles = house.clock.now, ["api-key"]
    expired, revoked = await house.token(roles=roles, expires_at=now), await house.token(roles=roles, revoked_at=now)
    keys = [{}, *({"api-key": key} for key in ("", "guess", expired, revoked, await house.token()))]
    for key in keys:
        answer = await house.client.request(method, path, headers=await bearing(house, broker=True) | key)

        assert (answer.status_code, refused(answer)) == (401, BAD_TOKEN)


async def test_a_brokers_client_shows_the_brokers_key_and_a_direct_one_none(house: House) -> None:
    """The header's name is spelt in three ways by clients; a direct client's key is not looked at."""
    brokers = await bearing(house, broker=True)
    for name in ("api-key", "API-key", "API-KEY"):
        assert (await poll(house, UNKNOWN, **brokers | {name: house.api_key})).status_code == 404
    assert (await poll(house, UNKNOWN)).status_code == 404
    assert (await poll(house, UNKNOWN, **{"api-key": "guess"})).status_code == 404


@calls
async def test_a_scope_that_is_lacking_is_named(house: House, method: str, path: str, scope: str) -> None:
    """In the client's own token, and alike in the key of the system that it calls through."""
    narrow = await house.token(permissions=["composition:read"], roles=["api-key"])
    own = await bearing(house, permissions=["composition:read"])
    for headers in (own, await bearing(house, broker=True) | {"api-key": narrow}):
        answer = await house.client.request(method, path, headers=headers)

        assert (answer.status_code, refused(answer)) == (403, {"message": LACKING + scope, "type": "forbidden"})


@calls
async def test_the_gateway_looks_first_at_the_token_then_at_the_key_then_at_the_scope(
    house: House, method: str, path: str, scope: str
) -> None:
    """Whatever else is wrong with a request."""
    wrong = {"Accept": "text/html", "Content-Type": "text/plain", "Content-Length": "9999999"}
    callers = [
        {},
        {"Authorization": "Bearer guess"},
        await bearing(house, permissions=[], broker=True),
        await bearing(house, permissions=[]),
    ]
    for place in (path, path.replace("7", ".")):
        answers = [
            await house.client.request(method, place, content=b"{", headers=caller | wrong) for caller in callers
        ]

        told = [refused(answer)["message"] for answer in answers]
        assert told == [NO_TOKEN["message"], BAD_TOKEN["message"], BAD_TOKEN["message"], LACKING + scope]


async def test_the_service_looks_at_headers_then_at_the_form_then_at_the_content(house: House) -> None:
    """What it accepts goes before what it sends."""
    steps = [
        await submit(house, "{", **{"Accept": "text/html", "Content-Type": "text/plain"}),
        await submit(house, "{", **{"Content-Type": "text/plain"}),
        await submit(house, "{"),
        await submit(house, "{}"),
        await submit(house),
    ]

    assert [answer.status_code for answer in steps] == [406, 415, 400, 422, 202]


async def test_a_cookie_goes_before_the_header(house: House) -> None:
    """A good one opens beside a bad header or none, a bad one shuts beside a good header, an empty one is none."""
    path, token = f"/api/jobs/{object_id(await create(house))}", await house.token()

    async def status(cookie: str, header: str | None = None, method: str = "GET") -> int:
        headers = {"Cookie": f"a=b; authorization={cookie}"} | ({"Authorization": f"Bearer {header}"} if header else {})
        return (await house.client.request(method, path, headers=headers)).status_code

    assert [await status(token), await status(token, "guess"), await status(token, method="HEAD")] == [200] * 3
    assert [await status(f'"Bearer {token}"'), await status("", token)] == [200] * 2
    assert [await status("guess", token), await status(await house.token(broker=True))] == [401] * 2


async def test_a_cookie_submits_nothing(house: House) -> None:
    """Another site's page could send it along: it is as if it were not there."""
    alone = await house.client.post(SUBMIT, json=PACKAGE, headers={"Cookie": f"authorization={await house.token()}"})
    beside = await submit(house, Cookie="authorization=guess")

    assert (alone.status_code, refused(alone)) == (401, NO_TOKEN)
    assert beside.status_code == 202


@pytest.mark.parametrize("query", ["", "?b=%20&a=%2F"])
async def test_the_gateways_bytes(house: House, query: str) -> None:
    """Names in order, slashes as they are, port and query in the address, a line feed, a length to the byte."""
    headers = {"Host": "jobs.example:8000", "X-Request-Id": "a-b#7"}
    missing = await house.client.get(UNKNOWN + query, headers=headers)
    lacking = await poll(house, UNKNOWN + query, **headers, **await bearing(house, permissions=[]))

    meta = f'"request_id":"a-b#7","type":"object","url":"http://jobs.example:8000{UNKNOWN}{query}"}}}}\n'
    message = NO_TOKEN["message"]
    assert missing.text == f'{{"error":{{"message":"{message}","type":"access_denied"}},"meta":{{"code":401,{meta}'
    assert lacking.text == f'{{"error":{{"message":"{LACKING}job:read","type":"forbidden"}},"meta":{{"code":403,{meta}'
    assert missing.headers["WWW-Authenticate"] == "Bearer"
    for answer in (missing, lacking):
        assert answer.headers["Content-Length"] == str(len(answer.content))


async def test_the_custom_pre_shared_key_is_not_looked_at(house: House) -> None:
    """Not missing, not wrong, not long: nobody knows what the original says then."""
    job = await create(house)

    for key in ("c2VjcmV0", "", "x" * 5000):
        assert (await poll(house, job, **{"X-Custom-PSK": key})).status_code == 200
        assert (await submit(house, **{"X-Custom-PSK": key})).status_code == 202


async def test_every_answer_names_its_request(house: House) -> None:
    """By the client's own name for it, in a header and in `meta`."""
    headers = {"X-Request-Id": "0b6c.~_-#41"}
    answers = [
        await poll(house, await create(house), **headers),
        await poll(house, UNKNOWN, **headers),
        await house.client.get(UNKNOWN, headers=headers),
        await submit(house, **headers),
        await submit(house, "{", **headers),
    ]

    for answer in answers:
        assert answer.headers["X-Request-Id"] == answer.json()["meta"]["request_id"] == "0b6c.~_-#41"


async def test_a_request_without_a_name_is_given_one(house: House) -> None:
    """The UUID of a worker, and how many requests that has seen; a name that is no name is none."""
    worker = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    names = [
        (await poll(house, UNKNOWN, **sent)).headers["X-Request-Id"]
        for sent in ({}, {"X-Request-Id": ""}, {"X-Request-Id": "a b"}, {"X-Request-Id": "x" * 129})
    ]

    assert all(re.fullmatch(f"{worker}#[0-9]+", name) for name in names)
    assert len({name.partition("#")[0] for name in names}) == 1
    counts = [int(name.partition("#")[2]) for name in names]
    assert counts == list(range(counts[0], counts[0] + len(counts)))


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("jobs.example", "jobs.example"),
        ("jobs.example:8000", "jobs.example:8000"),
        ("jobs.example:80", "jobs.example"),
        ("[::1]:80", "[::1]"),
    ],
)
async def test_the_service_tells_its_address_without_the_query(house: House, host: str, told: str) -> None:
    """Of the port only one that is not 80; a parameter that nobody knows changes nothing."""
    job = await create(house)

    answers = [await poll(house, f"{path}?a=b", Host=host) for path in (f"/api/jobs/{object_id(job)}", UNKNOWN)]

    assert [answer.status_code for answer in answers] == [200, 404]
    for answer in answers:
        url = f"http://{told}{answer.url.path}"
        name = answer.headers["X-Request-Id"]
        assert answer.json()["meta"] == {"code": answer.status_code, "type": "object", "url": url, "request_id": name}


async def test_the_services_headers(house: House) -> None:
    """Each of its answers has a character set and is kept by nobody; its length is that of the body."""
    job, linked = await create(house), await ended(house, status="succeeded")
    answers = [await poll(house, job), await poll(house, linked), await submit(house), await poll(house, UNKNOWN)]

    assert [answer.status_code for answer in answers] == [200, 303, 202, 404]
    for answer in answers:
        assert of_the_service(answer)
        assert answer.headers["Content-Length"] == str(len(answer.content))


def in_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Read an object whose names are in order."""
    assert [name for name, _ in pairs] == sorted(name for name, _ in pairs)
    return dict(pairs)


@by_example
@given(payload=json_objects())
def test_names_are_in_order_however_deep(payload: dict[str, Any], shared_house: House, portal: BlockingPortal) -> None:
    """In what a worker left as well."""

    async def processed() -> httpx.Response:
        return await poll(
            shared_house, await ended(shared_house, status="succeeded", result={"response_data": payload})
        )

    body = json.loads(portal.call(processed).content, object_pairs_hook=in_order)

    assert body["data"]["response_data"] == payload


async def test_head_is_get_without_the_body(house: House) -> None:
    """Status and headers are those of the body that is not sent."""
    job, linked = await create(house), await ended(house, status="succeeded")
    known, named = await bearing(house), {"X-Request-Id": "a#1"}
    polls = [(f"/api/jobs/{object_id(job)}", known), (f"/api/jobs/{object_id(linked)}", known)]
    for path, caller in (*polls, (UNKNOWN, known), (UNKNOWN, {})):
        got, head = [await house.client.request(method, path, headers=caller | named) for method in ("GET", "HEAD")]

        assert (head.status_code, head.headers) == (got.status_code, got.headers)


TAKEN = [
    "*/*",
    "application/*",
    "APPLICATION/JSON",
    "application/json; charset=utf-8",
    "text/html, application/json;q=0.1",
    "text/html;q=1.0, */*;q=0.001",
    "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
    "application/json, */*;q=0",
    "",
]
EXCLUDING = [
    "text/html",
    "application/xml, text/*",
    "application/json;q=0",
    "application/json; q=0.0, */*",
    "application/*;q=0, */*",
    "*/*;q=0.000",
    "application/vnd.api+json",
    "json",
]


async def test_who_takes_json_is_answered(house: House) -> None:
    """The most exact range decides, whatever parameters it has beside its weight; no header at all takes anything."""
    request = house.client.build_request("GET", UNKNOWN, headers=await bearing(house))
    del request.headers["Accept"]

    assert (await house.client.send(request)).status_code == 404
    for accept in TAKEN:
        assert (await poll(house, UNKNOWN, Accept=accept)).status_code == 404, accept
        assert (await submit(house, Accept=accept)).status_code == 202, accept


async def test_who_takes_no_json_is_told_in_json(house: House) -> None:
    """406, with the header that was wrong; nothing is begun."""
    for accept in EXCLUDING:
        for answer in (await poll(house, UNKNOWN, Accept=accept), await submit(house, Accept=accept)):
            told = failed(answer)
            assert (answer.status_code, told.pop("message") != "") == (406, True), accept
            assert told == {"type": "content_type_invalid", "invalid": [{"entry_type": "header", "entry": "Accept"}]}
    assert (await house.client.get("/jobs", headers=await bearing(house))).json()["jobs"] == []


async def test_a_package_is_sent_as_json(house: House) -> None:
    """415 with the header that was wrong, or any spelling of the right one; on a poll it is not looked at."""
    for wrong in ("text/plain", "application/x-www-form-urlencoded", "application/xml", ""):
        answer = await submit(house, **{"Content-Type": wrong})
        told = failed(answer)
        assert (answer.status_code, told.pop("message") != "") == (415, True)
        assert told == {"type": "content_type_invalid", "invalid": [{"entry_type": "header", "entry": "Content-Type"}]}
        assert (await poll(house, UNKNOWN, **{"Content-Type": wrong})).status_code == 404
    for right in ("application/json;charset=UTF-8", "Application/JSON"):
        assert (await submit(house, **{"Content-Type": right})).status_code == 202


async def test_a_body_that_is_no_json(house: House) -> None:
    """400, with the one rule that it breaks."""
    for body in ("", "{", "{'a': 1}", '{"a":NaN}', '{"a":1,"a":2}', b"\xff", '{"signed_data":"YQ=="}}'):
        answer = await submit(house, body)
        told = failed(answer)
        assert (answer.status_code, told.pop("message") != "") == (400, True), body
        assert told == {
            "type": "request_malformed",
            "invalid": [{"entry_type": "request", "rules": [{"rule": "json"}]}],
        }


async def test_a_body_that_is_too_long() -> None:
    """413, with the limit."""
    async with running_house(Settings(max_body_bytes=1024)) as house:
        answer = await submit(house, {"signed_data": "A" * 1024})

    assert answer.status_code == 413
    assert failed(answer) == {"type": "request_too_large", "message": "The body is longer than 1024 bytes"}


def package(**changes: Any) -> dict[str, Any]:
    """Change a package."""
    return {**PACKAGE, **changes}


@pytest.mark.parametrize(
    ("body", "entry", "rule", "params"),
    [
        ({}, "$.signed_data", "required", []),
        (package(signed_data=5), "$.signed_data", "cast", ["string"]),
        (package(signed_data=""), "$.signed_data", "length", [1]),
        (package(signed_data="not base64"), "$.signed_data", "format", ["^[A-Za-z0-9+/]+={0,2}$"]),
        (package(more=1), "$", "schema", []),
        (package(visit=[]), "$.visit", "cast", ["object"]),
        (package(visit={"period": PERIOD}), "$.visit.id", "required", []),
        (package(visit={**VISIT, "period": {"start": PERIOD["start"]}}), "$.visit.period.end", "required", []),
        (
            package(visit={**VISIT, "period": {**PERIOD, "end": "2031-02-29T00:00:00Z"}}),
            "$.visit.period.end",
            "datetime",
            ["date-time"],
        ),
        ([], "$", "cast", ["object"]),
        (None, "$", "cast", ["object"]),
    ],
)
async def test_a_package_that_is_not_valid(house: House, body: Any, entry: str, rule: str, params: list[Any]) -> None:
    """422: where, and which of the manifest's rules, with its parameters; the message points to the manifest."""
    answer = await submit(house, json.dumps(body))

    told = failed(answer)
    found = {(each["entry"], each["rules"][0]["rule"]): each for each in told["invalid"]}[entry, rule]
    assert (answer.status_code, told["type"]) == (422, "validation_failed")
    assert told["message"].startswith("Validation failed. You can find validators description at our API Manifest: ")
    assert told["message"].endswith("#introduction/interacting-with-api/errors.")
    assert found["entry_type"] == "json_data_property"
    assert [set(each) for each in found["rules"]] == [{"rule", "params", "description"}]
    assert found["rules"][0]["params"] == params


async def test_every_rule_that_is_broken_is_told(house: House) -> None:
    """Not the first alone."""
    answer = await submit(house, {"visit": {"id": 5, "period": {"start": "x"}}})

    entries = {each["entry"] for each in failed(answer)["invalid"]}
    assert entries == {"$.signed_data", "$.visit.id", "$.visit.period.end", "$.visit.period.start"}


async def test_a_patient_that_cannot_be_is_not_found(house: House) -> None:
    """Its id is a UUID with dashes."""
    for id in ("7", PATIENT.replace("-", ""), "a.b", f"{PATIENT}0"):
        answer = await submit(house, path=f"/api/patients/{id}/encounter_package")

        assert (answer.status_code, failed(answer)) == (404, NOT_FOUND)


async def test_a_wrong_method_is_told_the_right_ones(house: House) -> None:
    """In the service's words for what is not there."""
    reads, writes = "GET, HEAD, OPTIONS", "OPTIONS, POST"
    for method, path, allowed in (("POST", UNKNOWN, reads), ("DELETE", UNKNOWN, reads), ("GET", SUBMIT, writes)):
        answer = await house.client.request(method, path, headers=await bearing(house))

        assert (answer.status_code, failed(answer)) == (405, NOT_FOUND)
        assert answer.headers["Allow"] == allowed


NO_IDS = [
    "730f10bf00000000000000zz",
    "730F10BF0000000000000001",
    "730f10bf000000000000001",
    "730f10bf00000000000000011",
    "0" * 24,
    "f" * 24,
    "a.b",
    "a%20b",
    "a" * 65,
    "%D1%97",
    "NBXk9EyErUZv1RhXgyvgg",
    "5b7f2d0e-9c1a-4e36-8d54-0a1b2c3d4e5f",
]


async def test_an_id_that_no_job_has(either: House) -> None:
    """Unknown or malformed, there is no such job, and nothing else is said; never is it the server's fault."""
    for id in NO_IDS:
        answer = await poll(either, f"/api/jobs/{id}")

        assert (answer.status_code, failed(answer)) == (404, NOT_FOUND), id


async def test_a_job_that_is_gone_or_anothers_is_not_there(either: House) -> None:
    """Expired after a week, deleted and foreign ones are told as one that never was."""
    expired, deleted, foreign = [await create(either) for _ in range(3)]
    await report(either, expired, status="failed")
    either.clock.move(days=6.999)
    assert (await poll(either, expired)).status_code == 200
    either.clock.move(days=0.001)
    await report(either, deleted, status="succeeded")
    await either.client.delete(f"/jobs/{deleted.id}", headers=await bearing(either))
    stranger = await bearing(either, tenant=OTHER_TENANT)

    for answer in (await poll(either, expired), await poll(either, deleted), await poll(either, foreign, **stranger)):
        assert (answer.status_code, failed(answer)) == (404, NOT_FOUND)


async def test_a_pending_job_is_kept_for_ever(house: House) -> None:
    """However long nobody works on it."""
    job = await create(house)
    house.clock.move(days=3650)

    assert (await data(house, job))["status"] == "pending"


async def test_an_id_that_a_producer_chose_is_opaque(house: House) -> None:
    """Those of both designs are ids here."""
    for id in ("730f10bf0a1b2c3d4e5f6071", "NBXk9EyErUZv1RhXgyvgg", "FWyF0k5_TJZgZ3o9UAb-1A"):
        job = await create(house, id=id)

        assert (await data(house, job))["links"] == [{"entity": "job", "href": f"/Jobs/{id}"}]


async def test_an_id_made_here_has_the_form_of_an_object_id(house: House) -> None:
    """24 hexadecimal digits in lower case, the first eight the second of creation; another second is another id."""
    job = await create(house)
    id = object_id(job)

    assert re.fullmatch("[0-9a-f]{24}", id)
    assert int(id[:8], 16) == int(job.created_at.timestamp())
    assert (await poll(house, f"/api/jobs/{'0' * 8}{id[8:]}")).status_code == 404
    assert (await poll(house, f"/api/jobs/{id.upper()}")).status_code == 404
    assert (await poll(house, f"/api/jobs/{job.id}")).json()["data"] == await data(house, job)


async def test_a_client_that_keeps_the_last_part_of_the_link_finds_the_job(either: House) -> None:
    """The data have no id, and the link no `/api`."""
    told = await data(either, await create(either))

    assert "id" not in told
    assert (await poll(either, f"/api/jobs/{Path(told['links'][0]['href']).name}")).json()["data"] == told


async def at_stage(house: House, job: Job, stage: str) -> None:
    """Lead a job to one of the stages before its end."""
    if stage != "pending":
        await report(house, job, status="running", progress=50)
    if stage == "cancelling":
        await cancel(house, job)


@pytest.mark.parametrize("stage", ["pending", "running", "cancelling"])
async def test_a_job_that_has_not_ended(either: House, profile: str, stage: str) -> None:
    """200, pending, the link to itself; no code, for there is none yet."""
    job = await create(either)
    await at_stage(either, job, stage)

    answer = await poll(either, job)

    href = f"/{'jobs' if profile == 'deployed' else 'Jobs'}/{object_id(job)}"
    assert (answer.status_code, answer.json()["meta"]["code"]) == (200, 200)
    assert answer.json()["data"] == {"eta": ETA, "links": [{"entity": "job", "href": href}], "status": "pending"}


@pytest.mark.parametrize("result", [{"links": LINKS}, {"links": []}, {"entities": {"a": 1}}, None])
async def test_a_job_that_produced_entities(either: House, profile: str, result: Any) -> None:
    """303 with the links in the body, in the worker's order or none at all, and without a Location to follow."""
    job = await ended(either, status="succeeded", **({} if result is None else {"result": result}))
    path, headers = f"/api/jobs/{object_id(job)}", await bearing(either)

    answer = await either.client.get(path, headers=headers, follow_redirects=True)

    assert (answer.status_code, answer.json()["meta"]["code"], answer.history) == (303, 303, [])
    assert "Location" not in answer.headers
    links = (result or {}).get("links", [])
    assert answer.json()["data"] == {
        "eta": ETA,
        "links": links,
        "status": "processed",
        "status_code": code(200, profile),
    }


@pytest.mark.parametrize("payload", [{"id": "a-1", "status": "new"}, {}, ""])
async def test_a_job_with_a_payload(either: House, profile: str, payload: Any) -> None:
    """200 and no links: an approval is an object, its resending an empty text."""
    job = await ended(either, status="succeeded", result={"response_data": payload, "links": LINKS})

    answer = await poll(either, job)

    assert (answer.status_code, answer.json()["meta"]["code"]) == (200, 200)
    assert answer.json()["data"] == {
        "eta": ETA,
        "response_data": payload,
        "status": "processed",
        "status_code": code(200, profile),
    }


@pytest.mark.parametrize(
    ("reported", "number", "told"),
    [
        ({"http_status": 403}, 403, "m"),
        ({"http_status": 404}, 404, "m"),
        ({"http_status": 403, "type": "forbidden"}, 403, {"type": "forbidden", "message": "m"}),
        ({"http_status": 404, "type": "not_found"}, 404, {"type": "not_found", "message": "m"}),
        ({"http_status": 409}, 409, {"type": "request_conflict", "message": "m"}),
        ({"http_status": 409, "type": "own"}, 409, {"type": "own", "message": "m"}),
        ({"http_status": 400}, 409, {"type": "request_conflict", "message": "m"}),
        ({}, 409, {"type": "request_conflict", "message": "m"}),
        ({"invalid": [ENTRY]}, 422, {"type": "validation_failed", "message": "m", "invalid": [ENTRY]}),
        ({"http_status": 422}, 422, {"type": "validation_failed", "message": "m", "invalid": []}),
        ({"http_status": 500}, 500, {"type": "internal_error", "message": "m"}),
        ({"kind": "system", "http_status": 409}, 409, {"type": "request_conflict", "message": "m"}),
    ],
)
async def test_a_job_that_failed(either: House, profile: str, reported: dict[str, Any], number: int, told: Any) -> None:
    """200 whatever its own code is; the error is an object, or a text where the worker named no type of it."""
    job = await ended(either, status="failed", error={"kind": "user", "message": "m", **reported})

    answer = await poll(either, job)

    assert (answer.status_code, answer.json()["meta"]["code"]) == (200, 200)
    assert answer.json()["data"] == {
        "error": told,
        "eta": ETA,
        "status": "failed",
        "status_code": code(number, profile),
    }


@pytest.mark.parametrize(
    "reported",
    [
        {"error": {"kind": "system", "message": "m"}},
        {"error": {"kind": "system", "message": "m", "http_status": 500}},
        {"error": {"kind": "system", "message": "m", "http_status": 503}},
        {"message": "m"},
        None,
    ],
)
async def test_a_worker_that_crashed_or_was_lost(either: House, profile: str, reported: dict[str, Any] | None) -> None:
    """A 500 of the system's own, for which the running service has another word; the last lets its lease lapse."""
    job = await create(either, lease_seconds=10)
    if reported is None:
        either.clock.move(seconds=10)
    else:
        await report(either, job, status="failed", **reported)

    told = await data(either, job)

    assert told["status"] == ("failed_with_error" if profile == "deployed" else "failed")
    assert told["status_code"] == code(500, profile)
    message = "m" if reported else "The worker stopped reporting before its job had ended."
    assert told["error"] == {"type": "internal_error", "message": message}


async def test_a_job_that_was_cancelled(either: House, profile: str) -> None:
    """The contract has no word for it: it failed, in conflict with somebody's wish."""
    job = await create(either)
    await cancel(either, job)

    assert await data(either, job) == {
        "error": {"type": "request_conflict", "message": "The job was cancelled"},
        "eta": ETA,
        "status": "failed",
        "status_code": code(409, profile),
    }


async def test_invalid_entries_are_told_as_stored(either: House) -> None:
    """Other kinds of places, rules that nobody knows, parameters of any form, and members that are left out."""
    entries = [
        {"entry_type": "query_parameter", "entry": "page", "rules": [{"rule": "own", "params": [{"b": [1, None]}]}]},
        {"entry_type": "request"},
        {"entry_type": "json_data_property", "entry": "$.a", "rules": []},
    ]
    job = await ended(either, status="failed", error={"kind": "user", "message": "m", "invalid": entries})

    assert (await data(either, job))["error"]["invalid"] == entries


async def test_what_was_told_of_a_job_that_has_ended_does_not_change(either: House) -> None:
    """Not by a report, nor by time."""
    job = await ended(either, status="failed", error={"kind": "user", "message": "m"})
    before = await data(either, job)
    late = await either.client.patch(f"/jobs/{job.id}", json={"status": "succeeded"}, headers=await bearing(either))
    either.clock.move(days=1)

    assert late.status_code == 409
    assert await data(either, job) == before


async def test_eta_is_a_minute_after_creation_and_stays(either: House) -> None:
    """While the job waits, while it runs, when the minute is over, and when it has ended."""
    job = await create(either)
    seen = [(await data(either, job))["eta"]]
    for step in ({"status": "running", "progress": 10}, {"progress": 20}, {"status": "succeeded"}):
        either.clock.move(seconds=50)
        await report(either, job, **step)
        seen.append((await data(either, job))["eta"])

    assert seen == [ETA] * 4


@pytest.mark.parametrize(
    ("eta", "told"),
    [
        ("2031-03-04T06:00:00Z", "2031-03-04T06:00:00.000Z"),
        ("2031-03-04T08:00:00.123999+02:00", "2031-03-04T06:00:00.123Z"),
        ("2030-01-01T00:00:00Z", "2030-01-01T00:00:00.000Z"),
    ],
)
async def test_eta_is_the_jobs_own_where_it_has_one(either: House, eta: str, told: str) -> None:
    """From its producer or its worker, in UTC with three digits; to its end and beyond."""
    made, reported = await create(either, eta=eta), await create(either)
    await report(either, reported, eta=eta)

    for job in (made, reported):
        assert (await data(either, job))["eta"] == told
        await report(either, job, status="succeeded")
        assert (await data(either, job))["eta"] == told


def entries(number: int, params: int) -> list[dict[str, Any]]:
    """Make entries with so many parameters each."""
    rule = {"rule": "inclusion", "params": ["y" * 20] * params, "description": "x" * 100}
    return [
        {"entry_type": "json_data_property", "entry": f"$.items[{index:03d}]", "rules": [rule]}
        for index in range(number)
    ]


async def both_errors(house: House, **reported: Any) -> tuple[Any, dict[str, Any]]:
    """Let a job fail, and give its error as it is told here and in the native contract."""
    job = await ended(house, status="failed", error={"kind": "user", **reported})
    native = await house.client.get(f"/jobs/{job.id}", headers=await bearing(house))
    return (await data(house, job))["error"], native.json()["error"]


async def test_parameters_of_a_long_error_are_emptied_first(either: House) -> None:
    """All of them, and all else is kept; the native contract still has everything."""
    told, native = await both_errors(either, message="m", invalid=entries(20, 30))

    assert told["invalid"] == entries(20, 0)
    assert native["invalid"] == entries(20, 30)


async def test_entries_of_a_long_error_are_dropped_next(either: House) -> None:
    """From the end, and no more of them than need be."""
    told, native = await both_errors(either, message="m", invalid=entries(200, 1))

    left = len(told["invalid"])
    assert told["invalid"] == entries(left, 0)
    assert size(told) <= LIMIT < size({**told, "invalid": entries(left + 1, 0)})
    assert native["invalid"] == entries(200, 1)


async def test_the_message_of_a_long_error_is_cut_last(either: House) -> None:
    """When nothing else is left to drop; a text that stands alone is cut alike, if it is long in bytes."""
    long, short = "\U0001f600" * 4096, "\u0457" * 4096

    told, native = await both_errors(either, message=long, invalid=entries(3, 1))

    assert (told["type"], told["invalid"]) == ("validation_failed", [])
    assert told["message"].strip("\U0001f600") == "..."
    assert LIMIT - 4 < size(told) <= LIMIT
    assert native["message"] == long
    assert (await both_errors(either, message=long, http_status=404))[0] == "\U0001f600" * 2499 + "..."
    assert (await both_errors(either, message=short, http_status=404))[0] == short


PARTS = {"message", "invalid"}
broken_rules = st.fixed_dictionaries(
    {"rule": st.text(max_size=20)},
    optional={"params": st.lists(st.text(max_size=50), max_size=10), "description": st.text(max_size=200)},
)
invalid_entries = st.fixed_dictionaries(
    {"entry_type": st.text(max_size=20)},
    optional={"entry": st.text(max_size=50), "rules": st.lists(broken_rules, max_size=4)},
)
reported_errors = st.builds(
    lambda message, longer, entries, times, status: {
        "message": message * longer,
        "invalid": entries * times,
        **({"http_status": status} if status else {}),
    },
    st.text("a\u0457\U0001f600", max_size=40),
    st.integers(1, 100),
    st.lists(invalid_entries, max_size=4),
    st.integers(1, 60),
    st.sampled_from([None, 403, 404, 409, 422, 500]),
)


@by_example
@given(reported=reported_errors)
def test_no_error_is_longer_than_the_service_keeps(
    reported: dict[str, Any], shared_house: House, portal: BlockingPortal
) -> None:
    """Whatever a worker reports, which the native contract tells in full; what is short enough is told as it is."""

    async def kept() -> tuple[Any, dict[str, Any]]:
        return await both_errors(shared_house, **reported)

    told, native = portal.call(kept)

    whole = native["message"] if isinstance(told, str) else told | {name: native[name] for name in PARTS & set(told)}
    assert size(told) <= LIMIT
    assert told == whole or size(whole) > LIMIT
    assert (native["message"], native["invalid"]) == (reported["message"], reported["invalid"])


def size(error: Any) -> int:
    """Measure an error as the service does."""
    return len(error.encode() if isinstance(error, str) else dumps(error))


async def test_a_package_is_accepted(either: House, profile: str) -> None:
    """202 with the body of a pending job, which a poll then tells word for word; no Location."""
    answer = await submit(either)

    told = answer.json()
    href = told["data"]["links"][0]["href"]
    assert (answer.status_code, told["meta"]["code"]) == (202, 202)
    assert told["meta"]["url"] == f"http://jobs.example{SUBMIT}"
    assert "Location" not in answer.headers
    assert told["data"] == {"eta": ETA, "links": [{"entity": "job", "href": href}], "status": "pending"}
    assert re.fullmatch("/jobs/[0-9a-f]{24}" if profile == "deployed" else "/Jobs/[0-9a-f]{24}", href)
    assert (await poll(either, f"/api{href.lower()}")).json()["data"] == told["data"]


@pytest.mark.parametrize("stage", ["pending", "running", "cancelling"])
async def test_a_package_that_is_being_processed_is_not_taken_twice(either: House, stage: str) -> None:
    """202 once more, with the same job, as long as it has not ended."""
    job = await begun(either)
    await at_stage(either, job, stage)
    either.clock.move(days=30)

    assert (await begun(either)).id == job.id


@pytest.mark.parametrize("ending", ["succeeded", "failed", "cancelled", "lost"])
async def test_a_package_may_be_sent_again_when_its_job_has_ended(house: House, ending: str) -> None:
    """However that was, it is another job then."""
    job = await begun(house)
    if ending == "lost":
        await report(house, job, lease_seconds=10)
        house.clock.move(seconds=10)
    else:
        await report(house, job, status=ending)

    assert (await begun(house)).id != job.id


async def test_another_package_is_another_job(house: House) -> None:
    """Of another patient, of another tenant, or with other content."""
    jobs = [
        await begun(house),
        await begun(house, path=SUBMIT.replace("7", "8")),
        await begun(house, **await bearing(house, tenant=OTHER_TENANT)),
        await begun(house, package(signed_data="YQ==")),
        await begun(house, package(visit={**VISIT, "period": {**PERIOD, "start": "2031-03-04T04:00:00Z"}})),
        await begun(house, {"signed_data": SIGNED}),
    ]

    assert len({job.id for job in jobs}) == len(jobs)


async def test_the_same_package_in_another_spelling_is_the_same(house: House) -> None:
    """The order of names, white space, the letters of the patient's id and who of a tenant sends it make no other."""
    turned = {"signed_data": SIGNED, "visit": {"period": dict(reversed(PERIOD.items())), "id": VISIT["id"]}}
    jobs = [
        await begun(house),
        await begun(house, turned),
        await begun(house, json.dumps(PACKAGE, indent=4)),
        await begun(house, path=SUBMIT.replace(PATIENT, PATIENT.upper())),
    ]

    assert json.dumps(turned) != json.dumps(PACKAGE)
    assert len({job.id for job in jobs}) == 1


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_one_package_sent_by_many_at_once_is_one_job(kind: str, tmp_path: Path) -> None:
    """All are told of the same job."""
    url = "memory://" if kind == "memory" else f"sqlite:///{tmp_path / 'jobs.db'}"
    async with running_house(store_url=url) as house:
        headers = await bearing(house)
        answers = await asyncio.gather(*(house.client.post(SUBMIT, json=PACKAGE, headers=headers) for _ in range(50)))
        jobs = (await house.client.get("/jobs", headers=headers)).json()["jobs"]

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["data"]["links"][0]["href"] for answer in answers}) == len(jobs) == 1


async def test_nothing_of_a_package_is_kept(tmp_path: Path) -> None:
    """Neither in the record nor in a file: a SHA-256 names the work, and goes when the job ends."""
    async with running_house(store_url=f"sqlite:///{tmp_path / 'jobs.db'}") as house:
        job = await begun(house)
        held = [repr(job).encode(), repr(await house.store.events(job.id)).encode(), *files(tmp_path)]
        await report(house, job, status="succeeded")
        after = await stored(house, job.id)

    assert re.fullmatch("[0-9a-f]{64}", job.work or "")
    assert after.work is None
    for secret in (SIGNED, "SECRET DIAGNOSIS", VISIT["id"], PATIENT, PATIENT.replace("-", "")):
        assert not any(str(secret).encode() in trace for trace in [*held, *files(tmp_path)])


def files(folder: Path) -> list[bytes]:
    """Read all files of a store."""
    found = [file.read_bytes() for file in folder.iterdir()]
    assert any(b"encounterPackage" in file for file in found)
    return found


async def test_a_worker_finds_the_job_of_a_package(house: House) -> None:
    """In the native contract, by its type; what it reports is what the client is told."""
    job = await begun(house)
    listed = await house.client.get("/jobs?type=encounterPackage", headers=await bearing(house))
    await report(house, job, status="succeeded", result={"links": LINKS})

    (found,) = listed.json()["jobs"]
    assert (found["id"], found["tenant"]) == (job.id, TENANT)
    assert (await data(house, job))["links"] == LINKS


async def test_an_operator_submits_for_nobody(house: House) -> None:
    """The contract has no way to say whose package it is."""
    answer = await submit(house, **await bearing(house, tenant="*"))

    assert (answer.status_code, refused(answer)) == (403, {"type": "forbidden", "message": "Access denied"})
