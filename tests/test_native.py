"""The native contract: creating, reporting, cancelling, deleting, listing, and its errors."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal
from house import House
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobstatus.contract.router import Router
from jobstatus.contract.spec import Document


@pytest.fixture
async def headers(house: House) -> dict[str, str]:
    """Give a credential that may do everything."""
    return house.headers(await house.token())


async def create(house: House, headers: dict[str, str], **body: Any) -> httpx.Response:
    """Create a job."""
    return await house.client.post("/jobs", json={"type": "export", **body}, headers=headers)


async def patch(house: House, headers: dict[str, str], id: str, **body: Any) -> httpx.Response:
    """Report on a job."""
    return await house.client.patch(f"/jobs/{id}", json=body, headers=headers)


async def test_a_new_job_is_pending_and_says_where_it_is(house: House, headers: dict[str, str]) -> None:
    """201 with Location and ETag, and every member of the record."""
    answer = await create(house, headers, message="queued")

    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/jobs/{body['id']}"
    assert answer.headers["ETag"] == 'W/"native-documented-1"'
    assert (body["status"], body["message"], body["version"], body["progress"]) == ("pending", "queued", 1, None)
    assert body["created_at"] == "2031-03-04T05:06:07.250000Z"


async def test_the_answer_to_a_creation_is_what_the_first_poll_sees(house: House, headers: dict[str, str]) -> None:
    """The record is there before its id is told to anyone."""
    created = await create(house, headers)

    polled = await house.client.get(created.headers["Location"], headers=headers)

    assert polled.json() == created.json()


async def test_every_link_is_a_path_of_its_contract(house: House, headers: dict[str, str]) -> None:
    """The links lead to all five contracts when the id is a UUID, and to four when it is not."""
    router = Router(Document.load())
    with_uuid = (await create(house, headers)).json()["links"]
    without = (await create(house, headers, id="nightly_backup-7")).json()["links"]

    assert len(with_uuid) == 5
    assert len(without) == 4
    for link in with_uuid + without:
        operation, _ = router.locate(link["href"])
        assert operation.contract == link["contract"]


async def test_a_taken_id_is_a_conflict(house: House, headers: dict[str, str]) -> None:
    """An id chosen twice makes one job, in whatever spelling the UUID comes."""
    id = "ff808081-4dbd-65d7-014d-be0d84db0013"
    await create(house, headers, id=id)

    again = await create(house, headers, id=id.replace("-", "").upper())

    assert (again.status_code, again.json()["type"]) == (409, "/problems/duplicate-id")


async def test_a_worker_reports_through_a_whole_life(house: House, headers: dict[str, str]) -> None:
    """Each report is one version, and its event stands in the timeline."""
    id = (await create(house, headers)).json()["id"]
    house.clock.move(seconds=10)
    await patch(house, headers, id, status="running", progress=25, message="packing")
    house.clock.move(seconds=30)
    await patch(house, headers, id, progress=50)
    half = (await house.client.get(f"/jobs/{id}", headers=headers)).json()
    house.clock.move(seconds=30)
    done = (await patch(house, headers, id, status="succeeded", result={"entities": {"size": 7}})).json()
    events = (await house.client.get(f"/jobs/{id}/events", headers=headers)).json()["events"]

    assert half["eta"] == "2031-03-04T05:07:17.250000Z"
    assert (done["progress"], done["version"], done["ended_at"]) == (100, 4, "2031-03-04T05:07:17.250000Z")
    assert done["result"] == {"links": [], "response_data": None, "entities": {"size": 7}}
    assert [(e["version"], e["status"], e["progress"]) for e in events] == [
        (1, "pending", None),
        (2, "running", 25),
        (3, "running", 50),
        (4, "succeeded", 100),
    ]


async def test_a_change_that_is_not_allowed_is_a_conflict_with_the_reason(
    house: House, headers: dict[str, str]
) -> None:
    """What has ended does not change, and the answer says why."""
    id = (await create(house, headers)).json()["id"]
    await patch(house, headers, id, status="failed", error={"kind": "user", "message": "no"})

    refused = await patch(house, headers, id, status="running")

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/transition-refused")
    assert "it is failed" in refused.json()["detail"]


async def test_a_report_can_name_the_version_that_it_changes(house: House, headers: dict[str, str]) -> None:
    """If-Match guards against overwriting what was not seen."""
    id = (await create(house, headers)).json()["id"]
    url = f"/jobs/{id}"

    first = await house.client.patch(url, json={"progress": 1}, headers=headers | {"If-Match": '"1"'})
    stale = await house.client.patch(url, json={"progress": 2}, headers=headers | {"If-Match": '"1"'})
    any_version = await house.client.patch(url, json={"progress": 2}, headers=headers | {"If-Match": "*"})
    nonsense = await house.client.patch(url, json={"progress": 2}, headers=headers | {"If-Match": "2"})

    assert (first.headers["ETag"], stale.status_code, any_version.status_code) == ('W/"native-documented-2"', 412, 200)
    assert (nonsense.status_code, nonsense.json()["violations"][0]["field"]) == (400, "If-Match")


async def test_cancelling(house: House, headers: dict[str, str]) -> None:
    """A waiting job is cancelled at once, a running one when its worker obeys, an ended one not at all."""
    waiting = (await create(house, headers)).json()["id"]
    running = (await create(house, headers)).json()["id"]
    await patch(house, headers, running, status="running")

    at_once = await house.client.post(f"/jobs/{waiting}/cancel", headers=headers)
    asked = await house.client.post(f"/jobs/{running}/cancel", headers=headers)
    asked_again = await house.client.post(f"/jobs/{running}/cancel", headers=headers)
    obeyed = await patch(house, headers, running, status="cancelled")
    too_late = await house.client.post(f"/jobs/{running}/cancel", headers=headers)

    assert [answer.json()["status"] for answer in (at_once, asked, asked_again, obeyed)] == [
        "cancelled",
        "cancelling",
        "cancelling",
        "cancelled",
    ]
    assert asked_again.json()["version"] == asked.json()["version"]
    assert too_late.status_code == 409


async def test_deleting(house: House, headers: dict[str, str]) -> None:
    """Only what has ended can be deleted; after that it is known to be gone, and its id stays taken."""
    id = (await create(house, headers)).json()["id"]

    early = await house.client.delete(f"/jobs/{id}", headers=headers)
    await house.client.post(f"/jobs/{id}/cancel", headers=headers)
    deleted = await house.client.delete(f"/jobs/{id}", headers=headers)
    gone = await house.client.get(f"/jobs/{id}", headers=headers)
    again = await create(house, headers, id=id)

    assert (early.status_code, deleted.status_code, gone.status_code, again.status_code) == (409, 204, 410, 409)
    assert gone.json()["type"] == "/problems/job-gone"


async def test_a_job_expires_by_the_clock_alone(house: House, headers: dict[str, str]) -> None:
    """From the very moment of its expiry a job is gone, swept or not, and no longer listed."""
    id = (await create(house, headers)).json()["id"]
    await patch(house, headers, id, status="succeeded")
    house.clock.move(days=7)

    gone = await house.client.get(f"/jobs/{id}", headers=headers)
    listed = await house.client.get("/jobs", headers=headers)

    assert (gone.status_code, listed.json()["jobs"]) == (410, [])


async def test_a_worker_that_is_lost_has_failed(house: House, headers: dict[str, str]) -> None:
    """A lease that is not renewed ends the job at the next look, in a list too."""
    id = (await create(house, headers, lease_seconds=60)).json()["id"]
    await patch(house, headers, id, status="running", lease_seconds=60)
    house.clock.move(seconds=60)

    listed = await house.client.get("/jobs?status=failed&status=running", headers=headers)
    still_running = await house.client.get("/jobs?status=running", headers=headers)
    late = await patch(house, headers, id, progress=50)

    assert [(job["status"], job["error"]["kind"]) for job in listed.json()["jobs"]] == [("failed", "lost")]
    assert still_running.json()["jobs"] == []
    assert late.status_code == 409


async def test_lists_filter(house: House, headers: dict[str, str]) -> None:
    """By status, type and time of creation, newest first."""
    ids = []
    for type in ("a", "b", "a"):
        ids.append((await create(house, headers, type=type)).json()["id"])
        house.clock.move(seconds=1)
    await patch(house, headers, ids[0], status="running")

    async def found(**params: Any) -> list[int]:
        answer = await house.client.get("/jobs", params=params, headers=headers)
        return [ids.index(job["id"]) for job in answer.json()["jobs"]]

    assert await found() == [2, 1, 0]
    assert await found(type="a") == [2, 0]
    assert await found(status=["running"]) == [0]
    assert await found(status=["running", "pending"]) == [2, 1, 0]
    assert await found(created_from="2031-03-04T05:06:08.25Z") == [2, 1]
    assert await found(created_before="2031-03-04T06:06:08.25+01:00") == [0]


async def test_pages_follow_each_other_without_gap_or_repeat(house: House, headers: dict[str, str]) -> None:
    """Jobs that come while one pages change nothing in the pages to come."""
    made = [(await create(house, headers)).json()["id"] for _ in range(7)]
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await house.client.get("/jobs", params=params, headers=headers)).json()
        seen += [job["id"] for job in page["jobs"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        await create(house, headers)

    assert seen == made[::-1]


@pytest.mark.parametrize("cursor", ["", "x", "AAAAAAAAAAA", "_________38", "ü"])
async def test_a_cursor_is_one_that_the_server_gave(house: House, headers: dict[str, str], cursor: str) -> None:
    """Anything else is a bad request that names the parameter."""
    answer = await house.client.get("/jobs", params={"cursor": cursor}, headers=headers)

    assert (answer.status_code, answer.json()["violations"][0]["field"]) == (400, "cursor")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "$"),
        ({"status": "done"}, "$.status"),
        ({"status": "pending"}, "$.status"),
        ({"progress": 101}, "$.progress"),
        ({"progress": "50"}, "$.progress"),
        ({"eta": "2031-02-30T00:00:00Z"}, "$.eta"),
        ({"error": {"kind": "lost", "message": "m"}}, "$.error.kind"),
        ({"error": {"kind": "user"}}, "$.error.message"),
        ({"lease_seconds": 0}, "$.lease_seconds"),
        ({"colour": "red"}, "$"),
    ],
)
async def test_a_report_that_breaks_a_rule_names_the_field(
    house: House, headers: dict[str, str], body: dict[str, Any], field: str
) -> None:
    """Each violation has its place, and nothing is written."""
    id = (await create(house, headers)).json()["id"]

    refused = await house.client.patch(f"/jobs/{id}", json=body, headers=headers)

    assert refused.status_code == 400
    assert refused.json()["violations"][0]["location"] == "body"
    assert refused.json()["violations"][0]["field"] == field
    assert (await house.client.get(f"/jobs/{id}", headers=headers)).json()["version"] == 1


async def test_problem_details_have_one_shape(house: House) -> None:
    """Type, title, status, detail, instance and the request's id (RFC 9457)."""
    answer = await house.client.get("/nowhere", headers={"X-Request-Id": "mine-1"})

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/problems/path-not-found",
        "title": "There is no such path",
        "status": 404,
        "detail": "the path /nowhere does not exist",
        "instance": "/nowhere",
        "request_id": "mine-1",
    }


async def test_an_id_ends_where_its_pattern_does(house: House, headers: dict[str, str]) -> None:
    """A line feed at the end of an id is not passed over."""
    answer = await create(house, headers, id="abc\n")

    assert (answer.status_code, answer.json()["violations"][0]["field"]) == (400, "$.id")


async def test_a_refusal_is_short_however_much_is_wrong(house: House, headers: dict[str, str]) -> None:
    """The first violations are told, each in a few words."""
    id = (await create(house, headers)).json()["id"]
    many = {"kind": "user", "message": "m", "invalid": ["a" * 500] * 1000}

    answer = await patch(house, headers, id, status="failed", error=many)
    long = await house.client.get(f"/jobs/{'a' * 5000}", headers=headers)

    assert (answer.status_code, long.status_code) == (400, 400)
    assert len(answer.content) < 10_000
    assert len(long.content) < 10_000


@pytest.mark.parametrize("sent", ["bad id", "a" * 129, ""])
async def test_a_request_id_that_is_not_sound_is_replaced(house: House, sent: str) -> None:
    """What cannot be logged safely is not taken over."""
    answer = await house.client.get("/nowhere", headers={"X-Request-Id": sent})

    assert answer.headers["X-Request-Id"] != sent
    assert len(answer.headers["X-Request-Id"]) == 36


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=texts, type=texts.filter(bool))
def test_text_is_kept_as_it_is(message: str, type: str, shared_house: House, portal: BlockingPortal) -> None:
    """Whatever Unicode a producer sends comes back unchanged."""
    headers = shared_house.headers(portal.call(shared_house.token))

    created = portal.call(partial(create, shared_house, headers, message=message, type=type))

    assert created.status_code == 201
    assert (created.json()["message"], created.json()["type"]) == (message, type)
