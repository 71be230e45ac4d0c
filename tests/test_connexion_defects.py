"""What Connexion does wrong, this server does right: one test for each defect that was found."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from house import TENANT, House

PROBLEM = "application/problem+json"


async def post(house: House, content: bytes | AsyncIterator[bytes], **headers: str) -> tuple[int, dict[str, object]]:
    """Send a body as it is to the operation that creates jobs."""
    token = await house.token()
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
    response = await house.client.post("/jobs", content=content, headers=sent)
    return response.status_code, response.json()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"type": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"type": "a", "type": "b"}', "the same name twice"),
        (b'{"type": "a", "eta": NaN}', "NaN is not a JSON value"),
        (b'{"type": "\\ud800"}', "surrogate"),
        (b'{"type": "a", "eta": 1e999}', "too large"),
        (b"[" * 102 + b"]" * 102, "nested too deeply"),
        (b'{"type": ', "not JSON"),
        (b"", "a body is required"),
    ],
)
async def test_a_body_that_is_not_sound_json_is_a_bad_request(house: House, content: bytes, reason: str) -> None:
    """None of these is a server error, and each is told what is wrong with it."""
    status, body = await post(house, content)

    assert status == 400
    assert reason in str(body["detail"])


async def test_a_chunked_body_is_read(house: House) -> None:
    """A body without a Content-Length is a body all the same."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"type": '
        yield b'"export"}'

    status, body = await post(house, chunks())

    assert (status, body["type"]) == (201, "export")


async def test_a_body_that_is_too_long_is_refused(house: House) -> None:
    """What is beyond the limit is not read to its end."""
    status, body = await post(house, b'"' + b"a" * 2_000_000)

    assert (status, body["type"]) == (413, "/problems/payload-too-large")


@pytest.mark.parametrize("path", ["/jobs/a%0A", "/jobs/a%0Ab", "/api/jobs/%0A", "/api/5.0/async_status/1%0A"])
async def test_a_line_feed_in_a_path_is_no_server_error(house: House, path: str) -> None:
    """There is no such path, with a credential or without one."""
    headers = house.headers(await house.token())

    anonymous = await house.client.get(path)
    known = await house.client.get(path, headers=headers)

    assert (anonymous.status_code, known.status_code) == (404, 404)


async def test_head_answers_as_get_does_without_a_body(house: House) -> None:
    """HEAD is answered where GET is."""
    token = await house.token()
    created = await house.client.post("/jobs", json={"type": "a"}, headers=house.headers(token))

    head = await house.client.head(created.headers["Location"], headers=house.headers(token))

    assert head.status_code == 200
    assert head.headers["ETag"] == created.headers["ETag"]


async def test_a_wrong_method_is_told_all_that_are_right(house: House) -> None:
    """`Allow` names every method of the path, not only those of its first operation."""
    refused = await house.client.put("/jobs/a")
    asked = await house.client.options("/jobs/a")

    allowed = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH"}
    assert (refused.status_code, set(refused.headers["Allow"].split(", "))) == (405, allowed)
    assert (asked.status_code, set(asked.headers["Allow"].split(", "))) == (204, allowed)
    assert refused.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize(
    "path",
    [
        "/jobs",
        "/api/jobs/a",
        "/api/patients/composition/job/a",
        "/api/5.0/async_status/1",
        f"/v1/{TENANT}/jobs/a",
    ],
)
async def test_who_is_not_known_is_told_how_to_become_so(house: House, path: str) -> None:
    """Every 401 has its challenge (RFC 9110, section 15.5.2)."""
    response = await house.client.get(path)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"]


async def test_an_answer_without_a_body_has_no_media_type(house: House) -> None:
    """A 204 says nothing of what it does not have."""
    headers = house.headers(await house.token())
    created = await house.client.post("/jobs", json={"type": "a"}, headers=headers)
    await house.client.post(created.headers["Location"] + "/cancel", headers=headers)

    gone = await house.client.delete(created.headers["Location"], headers=headers)

    assert gone.status_code == 204
    assert "Content-Type" not in gone.headers


async def test_formats_are_asserted(house: House) -> None:
    """A time that is none is refused, in a body and in a query, with the rule that it breaks."""
    headers = house.headers(await house.token())

    status, body = await post(house, b'{"type": "a", "eta": "nope"}')
    query = await house.client.get("/jobs", params={"created_from": "nope"}, headers=headers)

    assert status == 400
    assert "$.eta" in str(body["violations"])
    assert query.status_code == 400
    assert query.json()["violations"][0]["field"] == "created_from"


async def test_an_error_does_not_recite_the_schema(house: House) -> None:
    """What is wrong is told in a sentence, with the parameter and the rule."""
    response = await house.client.get("/jobs?limit=0", headers=house.headers(await house.token()))

    (violation,) = response.json()["violations"]
    assert violation == {"location": "query", "field": "limit", "rule": "minimum", "message": violation["message"]}
    assert len(violation["message"]) < 100


async def test_scopes_are_enforced(house: House) -> None:
    """A token that may only read cannot create."""
    reader = await house.token(permissions=["job:read"])

    response = await house.client.post("/jobs", json={"type": "a"}, headers=house.headers(reader))

    assert response.status_code == 403
    assert 'scope="job:write"' in response.headers["WWW-Authenticate"]


async def test_an_operation_without_a_body_does_not_read_one(house: House) -> None:
    """A broken form on a GET is nobody's business."""
    headers = house.headers(await house.token()) | {"Content-Type": "multipart/form-data; boundary=x"}

    response = await house.client.request("GET", "/jobs", content=b"--y", headers=headers)

    assert response.status_code == 200


async def test_another_media_type_is_refused(house: House) -> None:
    """A body in a form that the operation does not take is a 415."""
    status, body = await post(house, b"type=a", **{"Content-Type": "application/x-www-form-urlencoded"})

    assert (status, body["type"]) == (415, "/problems/unsupported-media-type")


@pytest.mark.parametrize("media_type", ["Application/JSON", "application/json; charset=utf-8", "APPLICATION/JSON;x=y"])
async def test_a_media_type_is_read_whatever_its_case(house: House, media_type: str) -> None:
    """Names of types have no case, and may have parameters."""
    status, _ = await post(house, b'{"type": "a"}', **{"Content-Type": media_type})

    assert status == 201


async def test_a_refused_media_type_is_not_recited(house: House) -> None:
    """However long it is, the answer is short."""
    status, body = await post(house, b"a", **{"Content-Type": "text/" + "a" * 6000})

    assert status == 415
    assert len(str(body)) < 1000


@pytest.mark.parametrize("value", ["1_0", "１", "+5"])  # noqa: RUF001  a digit of another script is the point
async def test_an_integer_is_written_in_plain_digits(house: House, value: str) -> None:
    """What only Python reads as an integer is none."""
    response = await house.client.get("/jobs", params={"limit": value}, headers=house.headers(await house.token()))

    assert response.status_code == 400


async def test_an_unknown_query_parameter_is_refused(house: House) -> None:
    """A filter that is misspelt must not seem to match everything."""
    response = await house.client.get("/jobs?statsu=failed", headers=house.headers(await house.token()))

    assert response.status_code == 400
    assert response.json()["violations"][0]["field"] == "statsu"
