"""Each contract's poll route: its words, its fields, and its own errors."""

from __future__ import annotations

from typing import Any

import pytest
from house import OTHER_TENANT, TENANT, House, running_house

from jobstatus.errors import StoreBusy, StoreUnavailable
from jobstatus.settings import Settings

ID = "ff808081-4dbd-65d7-014d-be0d84db0013"
HEX = ID.replace("-", "")
TIME = "2031-03-04T05:06:07"


async def create(house: House, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    """Create a job through the native contract."""
    response = await house.client.post("/jobs", json={"type": "imsImportImageJob", "id": ID, **body}, headers=headers)
    assert response.status_code == 201, response.text
    job: dict[str, Any] = response.json()
    return job


async def report(house: House, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    """Report on that job."""
    response = await house.client.patch(f"/jobs/{ID}", json=body, headers=headers)
    assert response.status_code == 200, response.text
    job: dict[str, Any] = response.json()
    return job


async def polls(house: House, headers: dict[str, str]) -> dict[str, Any]:
    """Poll that job in every contract."""
    native = (await house.client.get(f"/jobs/{ID}", headers=headers)).json()
    return {
        link["contract"]: await house.client.get(link["href"], headers=headers, follow_redirects=False)
        for link in native["links"]
    }


def words(answers: dict[str, Any]) -> list[str]:
    """Give the five words for the job's status."""
    return [
        answers["native"].json()["status"],
        answers["ehealth"].json()["data"]["status"],
        answers["ehealth-composition"].json()["data"]["status"],
        answers["traffic-ops"].json()["response"]["status"],
        answers["ims"].json()["status"],
    ]


async def test_one_job_is_told_in_five_words_at_one_moment(house: House) -> None:
    """A job's whole life, as each contract calls it."""
    headers = house.headers(await house.token())
    await create(house, headers)

    assert words(await polls(house, headers)) == ["pending", "pending", "PENDING", "PENDING", "INIT"]
    await report(house, headers, status="running", progress=42)
    assert words(await polls(house, headers)) == ["running", "pending", "PENDING", "PENDING", "RUNNING"]
    await house.client.post(f"/jobs/{ID}/cancel", headers=headers)
    assert words(await polls(house, headers)) == ["cancelling", "pending", "PENDING", "PENDING", "RUNNING"]
    await report(house, headers, status="succeeded")
    assert words(await polls(house, headers)) == ["succeeded", "processed", "DONE", "SUCCEEDED", "SUCCESS"]


@pytest.mark.parametrize("ending", ["failed", "cancelled"])
async def test_a_job_that_did_not_succeed_has_failed_where_nothing_else_is_known(house: House, ending: str) -> None:
    """Four contracts have one word for a job that failed and one that was cancelled."""
    headers = house.headers(await house.token())
    await create(house, headers)
    await report(house, headers, status=ending)

    assert words(await polls(house, headers)) == [ending, "failed", "FAILED", "FAILED", "FAIL"]


async def test_ehealth_pending(house: House) -> None:
    """Pending: 200, a link to the job itself, no status code; names are sorted."""
    headers = house.headers(await house.token()) | {"X-Request-Id": "req-1#7"}
    job = await create(house, headers)

    answer = (await polls(house, headers))["ehealth"]

    id = f"{int(house.clock.now.timestamp()):08x}{job['number']:016x}"
    assert answer.text == (
        f'{{"data":{{"eta":"2031-03-04T05:07:07.250Z","links":[{{"entity":"job","href":"/Jobs/{id}"}}],'
        '"status":"pending"},"meta":{"code":200,"request_id":"req-1#7","type":"object",'
        f'"url":"http://jobs.example/api/jobs/{id}"}}}}'
    )
    assert answer.headers["X-Request-Id"] == "req-1#7"


async def test_ehealth_processed_with_links(house: House) -> None:
    """Entities are answered with 303, in the body alone: a Location would lead clients away from it."""
    headers = house.headers(await house.token())
    await create(house, headers)
    link = {"entity": "encounter", "href": "/api/patients/p/encounters/e"}
    await report(house, headers, status="succeeded", result={"links": [link]})

    answer = (await polls(house, headers))["ehealth"]

    assert answer.status_code == 303
    assert "Location" not in answer.headers
    assert answer.json()["data"] == {
        "status": "processed",
        "status_code": "200",
        "eta": "2031-03-04T05:07:07.250Z",
        "links": [link],
    }
    assert answer.json()["meta"]["code"] == 303


@pytest.mark.parametrize("payload", [{"id": "a-1"}, ""])
async def test_ehealth_processed_with_response_data(house: House, payload: Any) -> None:
    """A payload is answered with 200 and without links."""
    headers = house.headers(await house.token())
    await create(house, headers)
    await report(house, headers, status="succeeded", result={"response_data": payload})

    answer = (await polls(house, headers))["ehealth"]

    assert answer.status_code == 200
    assert answer.json()["data"]["response_data"] == payload
    assert "links" not in answer.json()["data"]


INVALID = [
    {
        "entry_type": "json_data_property",
        "entry": "$.cvv",
        "rules": [{"rule": "required", "params": [], "description": "must be present"}],
    }
]


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (
            {"kind": "user", "message": "m", "http_status": 422, "invalid": INVALID},
            "422",
            {"type": "validation_failed", "message": "m", "invalid": INVALID},
        ),
        ({"kind": "user", "message": "m", "http_status": 409}, "409", {"type": "request_conflict", "message": "m"}),
        ({"kind": "user", "message": "Patient not found", "http_status": 404}, "404", "Patient not found"),
        ({"kind": "user", "message": "no", "http_status": 403}, "403", "no"),
        ({"kind": "system", "message": "m"}, "500", {"type": "internal_error", "message": "m"}),
        ({"kind": "user", "message": "m"}, "409", {"type": "request_conflict", "message": "m"}),
        (
            {"kind": "user", "message": "m", "invalid": INVALID},
            "422",
            {"type": "validation_failed", "message": "m", "invalid": INVALID},
        ),
    ],
)
async def test_ehealth_failures(house: House, error: dict[str, Any], code: str, told: Any) -> None:
    """A job that failed is answered with 200; its own code and error are in the data."""
    headers = house.headers(await house.token())
    await create(house, headers)
    await report(house, headers, status="failed", error=error)

    answer = (await polls(house, headers))["ehealth"]

    assert (answer.status_code, answer.json()["meta"]["code"]) == (200, 200)
    data = answer.json()["data"]
    assert (data["status"], data["status_code"], data["error"]) == ("failed", code, told)


async def test_an_id_that_looks_like_an_ehealth_one_is_found_as_chosen(house: House) -> None:
    """A producer's own 24 hexadecimal digits are the job's id everywhere."""
    headers = house.headers(await house.token())
    chosen = "730f10bf0a1b2c3d4e5f6071"
    await create(house, headers, id=chosen)

    answer = await house.client.get(f"/api/jobs/{chosen}", headers=headers)

    assert answer.json()["data"]["links"][0]["href"] == f"/Jobs/{chosen}"


async def test_composition(house: House) -> None:
    """Both paths answer alike, by the UUID, in the eHealth envelope."""
    headers = house.headers(await house.token())
    await create(house, headers)

    with_api = await house.client.get(f"/api/patients/composition/job/{ID}", headers=headers)
    without = await house.client.get(f"/patients/composition/job/{ID}", headers=headers)

    assert with_api.json()["data"] == {
        "id": ID,
        "status": "PENDING",
        "eta": "2031-03-04T05:07:07.250Z",
        "links": [{"entity": "eHealth/resources"}],
    }
    assert without.json()["data"] == with_api.json()["data"]


@pytest.mark.parametrize("version", ["4.0", "4.1", "5.0"])
async def test_traffic_ops_bytes(house: House, version: str) -> None:
    """The body is Go's: members in their order, HTML escaped, zeros trimmed, a line feed at the end."""
    headers = house.headers(await house.token())
    job = await create(house, headers, message="<Async> & job")

    answer = await house.client.get(f"/api/{version}/async_status/{job['number']}", headers=headers)

    assert answer.text == (
        f'{{"response":{{"id":{job["number"]},"status":"PENDING","start_time":"{TIME}.25Z","end_time":null,'
        '"message":"\\u003cAsync\\u003e \\u0026 job"}}\n'
    )


async def test_traffic_ops_failed(house: House) -> None:
    """A job that failed carries an alert with its message."""
    headers = house.headers(await house.token())
    await create(house, headers)
    await report(house, headers, status="failed", error={"kind": "system", "message": "ACME renewal failed."})

    answer = (await polls(house, headers))["traffic-ops"].json()

    assert answer["alerts"] == [{"text": "ACME renewal failed.", "level": "error"}]
    assert answer["response"]["message"] == "ACME renewal failed."
    assert answer["response"]["end_time"] == f"{TIME}.25Z"


@pytest.mark.parametrize(
    ("spelt", "status"),
    [
        *[(good, 200) for good in ("1", "01", "+1", "%31", "1.json", "1?id=2", "0" * 30 + "1")],
        *[(none, 404) for none in ("0", "-1", "99", "9223372036854775807", "-9223372036854775808")],
        *[
            (bad, 400)
            for bad in ("abc", "1.0", "1e0", "0x1", "1_0", "%201", ".json", "1.json.json", "%EF%BC%91", "abc?id=1")
        ],
        ("9223372036854775808", 400),
        *[(other, 404) for other in ("1%2F2", "1/x", "1/", "")],
    ],
)
async def test_traffic_ops_ids(house: House, spelt: str, status: int) -> None:
    """An id is read as the real server reads it."""
    headers = house.headers(await house.token())
    await create(house, headers)

    answer = await house.client.get(f"/api/4.0/async_status/{spelt}", headers=headers)

    assert answer.status_code == status, answer.text


async def test_ims_success(house: House) -> None:
    """The flat object of eight, in the seed's own form of dates."""
    headers = house.headers(await house.token())
    await create(house, headers)
    await report(house, headers, status="running")
    house.clock.move(seconds=60)
    image = {"image_id": "e9e91bff-14b6-4a0b-8377-4ed0813e3360", "image_name": "n"}
    await report(house, headers, status="succeeded", result={"entities": image})

    answer = (await polls(house, headers))["ims"]

    assert answer.json() == {
        "status": "SUCCESS",
        "entities": {"image_id": image["image_id"]},
        "job_id": HEX,
        "job_type": "imsImportImageJob",
        "begin_time": "04-Mar-2031 05:06:07:250",
        "end_time": "04-Mar-2031 05:07:07:250",
        "error_code": None,
        "fail_reason": None,
    }


async def test_ims_failure(house: House) -> None:
    """A failure has a code and a reason, at the top and in the entities, and an end."""
    headers = house.headers(await house.token())
    await create(house, headers)
    unfinished = (await polls(house, headers))["ims"].json()
    await report(
        house,
        headers,
        status="failed",
        error={"kind": "user", "code": "IMG.0027", "message": "No image."},
    )

    failed = (await polls(house, headers))["ims"].json()

    assert (unfinished["end_time"], unfinished["entities"]) == ("", {})
    assert (failed["error_code"], failed["fail_reason"]) == ("IMG.0027", "No image.")
    assert failed["entities"] == {"error_code": "IMG.0027", "error": "No image."}


async def test_ims_knows_a_job_in_its_own_project_alone(house: House) -> None:
    """Even a caller with a part in every project finds a job under no other."""
    headers = house.headers(await house.token())
    await create(house, headers)
    operator = house.headers(await house.token(tenant="*"))

    own = await house.client.get(f"/v1/{TENANT}/jobs/{HEX}", headers=operator)
    other = await house.client.get(f"/v1/{OTHER_TENANT}/jobs/{HEX}", headers=operator)

    assert (own.status_code, other.status_code) == (200, 400)
    assert other.json()["error"]["code"] == "IMG.0023"


async def test_ims_knows_no_other_method(house: House) -> None:
    """A wrong method is an API that does not exist."""
    answer = await house.client.post(POLLS["ims"])

    assert (answer.status_code, answer.json()["error_msg"]) == (404, "The API does not exist.")


async def test_ims_takes_an_id_with_or_without_dashes(house: House) -> None:
    """A UUID is the same job in either spelling."""
    headers = house.headers(await house.token())
    await create(house, headers)

    spelt = [await house.client.get(f"/v1/{TENANT}/jobs/{id}", headers=headers) for id in (ID, HEX, HEX.upper())]

    assert [answer.status_code for answer in spelt] == [200, 200, 200]


async def test_deployed_profiles(house: House) -> None:
    """A credential with that profile is answered as the running systems answer."""
    headers = house.headers(await house.token(profile="deployed"))
    await create(house, headers)
    await report(house, headers, status="running", progress=20)
    running = await polls(house, headers)
    await report(house, headers, status="failed", error={"kind": "system", "message": "m"})
    failed = await polls(house, headers)

    assert running["ehealth"].json()["data"]["links"][0]["href"].startswith("/jobs/")
    assert set(running["traffic-ops"].json()["response"]) == {"id", "status", "start_time"}
    assert running["ims"].json()["entities"] == {"process_percent": 0.2}
    assert running["ims"].json()["begin_time"] == f"{TIME}.250Z"
    assert failed["ehealth"].json()["data"]["status"] == "failed_with_error"
    assert failed["ehealth"].json()["data"]["status_code"] == 500
    assert "alerts" not in failed["traffic-ops"].json()


async def test_a_profile_is_set_for_the_server() -> None:
    """A setting chooses the profile of callers that have none of their own."""
    async with running_house(Settings(profile_ims="deployed")) as house:
        headers = house.headers(await house.token())
        await create(house, headers)

        assert (await polls(house, headers))["ims"].json()["begin_time"] == f"{TIME}.250Z"


POLLS = {
    "ehealth": f"/api/jobs/{ID}",
    "ehealth-composition": f"/api/patients/composition/job/{ID}",
    "traffic-ops": "/api/5.0/async_status/1",
    "ims": f"/v1/{TENANT}/jobs/{HEX}",
}
NO_TOKEN = "Authorization header is not set or doesn't contain Bearer token"
IAM = "Incorrect IAM authentication information: "
NO_CREDENTIAL: dict[str, Any] = {
    "ehealth": {"error": {"type": "access_denied", "message": NO_TOKEN}},
    "ehealth-composition": {"error": {"type": "access_denied", "message": NO_TOKEN}},
    "traffic-ops": {"alerts": [{"text": "unauthorized, please log in.", "level": "error"}]},
    "ims": {"error_msg": IAM + "x-auth-token not found", "error_code": "APIGW.0301"},
}
BAD_CREDENTIAL: dict[str, Any] = {
    "ehealth": {"error": {"type": "access_denied", "message": "Invalid access token"}},
    "ehealth-composition": {"error": {"type": "access_denied", "message": "Invalid access token"}},
    "traffic-ops": {"alerts": [{"text": "user not found", "level": "error"}]},
    "ims": {"error_msg": IAM + "decrypt token fail", "error_code": "APIGW.0301"},
}
LACKING = "Your scope does not allow to access this resource. Missing allowances: "
NO_PERMISSION: dict[str, Any] = {
    "ehealth": (403, {"error": {"type": "forbidden", "message": LACKING + "job:read"}}),
    "ehealth-composition": (401, {"error": {"type": "access_denied", "message": LACKING + "composition:read"}}),
    "traffic-ops": (403, {"alerts": [{"text": "missing required Permissions: ASYNC-STATUS:READ", "level": "error"}]}),
    "ims": (403, {"error_msg": "The credential is not allowed to call this API.", "error_code": "APIGW.0302"}),
}
UNKNOWN: dict[str, Any] = {
    "ehealth": (404, {"error": {"type": "not_found"}}),
    "ehealth-composition": (404, {"error": {"type": "not_found", "message": "Task not found"}}),
    "traffic-ops": (404, {"alerts": [{"text": "Not Found", "level": "error"}]}),
    "ims": (400, {"error": {"code": "IMG.0023", "message": "An exception occurred during task query."}}),
}
NO_API = "The API does not exist or has not been published in the environment."
BROKEN: dict[str, Any] = {
    "ehealth": {"error": {"type": "internal_error"}},
    "ehealth-composition": {"error": {"type": "internal_error"}},
    "traffic-ops": {"alerts": [{"text": "Internal Server Error", "level": "error"}]},
    "ims": {"error": {"code": "IMG.0061", "message": "Unknown system error."}},
}
contracts = pytest.mark.parametrize("contract", POLLS)


def own(body: dict[str, Any]) -> dict[str, Any]:
    """Leave out what names the request."""
    return {key: value for key, value in body.items() if key not in ("meta", "request_id")}


@contracts
async def test_without_a_credential(house: House, contract: str) -> None:
    """Who shows no credential is told so in the contract's words."""
    answer = await house.client.get(POLLS[contract])

    assert (answer.status_code, own(answer.json())) == (401, NO_CREDENTIAL[contract])


@contracts
@pytest.mark.parametrize("state", ["unknown", "expired", "revoked"])
async def test_with_a_credential_that_is_not_valid(house: House, contract: str, state: str) -> None:
    """Unknown, expired and revoked tokens are refused alike."""
    terms: dict[str, dict[str, Any]] = {
        "expired": {"expires_at": house.clock.now},
        "revoked": {"revoked_at": house.clock.now},
    }
    token = await house.token(**terms[state]) if state in terms else "guess"

    answer = await house.client.get(POLLS[contract], headers=house.headers(token))

    assert (answer.status_code, own(answer.json())) == (401, BAD_CREDENTIAL[contract])


@contracts
async def test_without_the_permission(house: House, contract: str) -> None:
    """A credential that lacks the scope or permission is told which."""
    token = await house.token(permissions=["job:write"])

    answer = await house.client.get(POLLS[contract], headers=house.headers(token))

    assert (answer.status_code, own(answer.json())) == NO_PERMISSION[contract]


async def test_without_the_role(house: House) -> None:
    """Traffic Ops asks for a role beside the permission."""
    token = await house.token(roles=["portal"])

    answer = await house.client.get(POLLS["traffic-ops"], headers=house.headers(token))

    assert (answer.status_code, answer.json()["alerts"][0]["text"]) == (403, "Forbidden.")


@contracts
async def test_an_unknown_job(house: House, contract: str) -> None:
    """A well-formed id that no job has."""
    answer = await house.client.get(POLLS[contract], headers=house.headers(await house.token()))

    assert (answer.status_code, own(answer.json())) == UNKNOWN[contract]


@contracts
async def test_an_expired_job_is_unknown(house: House, contract: str) -> None:
    """These contracts have no word for a job that is gone."""
    headers = house.headers(await house.token())
    await create(house, headers)
    await report(house, headers, status="succeeded")
    house.clock.move(days=7)

    answer = await house.client.get(POLLS[contract], headers=headers)

    assert (answer.status_code, own(answer.json())) == UNKNOWN[contract]


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/api/jobs/a%20b", *UNKNOWN["ehealth"]),
        ("/api/jobs/" + "a" * 65, *UNKNOWN["ehealth"]),
        (
            "/patients/composition/job/a",
            400,
            {"error": {"type": "request_malformed", "message": "Invalid request format"}},
        ),
        (f"/v1/{TENANT}/jobs/a%20b", *UNKNOWN["ims"]),
        (
            f"/v1/{OTHER_TENANT}/jobs/{HEX}",
            400,
            {"error": {"code": "IMG.0030", "message": "The project ID and token in the request are invalid."}},
        ),
        ("/api/jobs", 404, {"error": {"type": "not_found"}}),
        (
            "/api/5.0/nothing<here>",
            404,
            {"alerts": [{"text": "The requested path '/api/5.0/nothing<here>' does not exist.", "level": "error"}]},
        ),
        (
            "/v1/x/y",
            404,
            {
                "error_code": "APIGW.0101",
                "error_msg": "The API does not exist or has not been published in the environment.",
            },
        ),
    ],
)
async def test_malformed_ids_and_unknown_paths(house: House, path: str, status: int, body: dict[str, Any]) -> None:
    """What cannot be an id, and what is no path, is answered in the words of the contract it stands under."""
    answer = await house.client.get(path, headers=house.headers(await house.token()))

    assert (answer.status_code, own(answer.json())) == (status, body)


async def test_an_api_version_that_is_not_known(house: House) -> None:
    """Traffic Ops answers for versions that it does not have, before it asks who calls."""
    answer = await house.client.get("/api/2.0/async_status/1")

    assert answer.status_code == 501
    assert answer.json()["alerts"][0]["text"].startswith("The requested api version is not implemented")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_traffic_ops_knows_no_other_method(house: House, method: str) -> None:
    """A wrong method on a known path is an unknown path there, never a 405."""
    answer = await house.client.request(method, "/api/5.0/async_status/1")

    assert answer.status_code == 404


@contracts
async def test_a_server_error(house: House, contract: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the server's own is told without a word of what it was, and so is a store that is down."""

    async def broken(key: object) -> None:
        raise RuntimeError("secret")

    async def down(key: object) -> None:
        raise StoreUnavailable("secret")

    headers = house.headers(await house.token())
    statuses = []
    for fault in (broken, down):
        monkeypatch.setattr(house.store, "get", fault)
        answer = await house.client.get(POLLS[contract], headers=headers)
        statuses.append(answer.status_code)
        assert own(answer.json()) == BROKEN[contract]

    assert statuses == [500, 500 if contract == "traffic-ops" else 503]


@pytest.mark.parametrize("error", [StoreUnavailable("secret"), StoreBusy()])
@pytest.mark.parametrize("contract", ["native", *POLLS])
async def test_a_store_that_cannot_answer_says_when_to_come_again(
    house: House, contract: str, error: StoreUnavailable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is down and one that has too much before it are told alike; Traffic Ops knows but its 500."""

    async def refuse(key: object) -> None:
        raise error

    headers = house.headers(await house.token())
    monkeypatch.setattr(house.store, "get", refuse)

    answer = await house.client.get(POLLS.get(contract, f"/jobs/{ID}"), headers=headers)

    told = own(answer.json())
    if contract == "native":
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert (told["type"], told["status"], told["detail"]) == (
            "/problems/store-unavailable",
            503,
            "Try again later.",
        )
    else:
        assert told == BROKEN[contract]
    again = answer.headers.get("Retry-After")
    assert (answer.status_code, again) == ((500, None) if contract == "traffic-ops" else (503, "5"))


async def test_a_broker_client_needs_the_brokers_key(house: House) -> None:
    """A client of access type BROKER is let in with a brokering system's key, to do no more than that system may."""
    token = await house.token(broker=True)
    bare = {"Authorization": f"Bearer {token}"}
    weak = await house.token(permissions=["other"], roles=["api-key"])

    async def status(**headers: str) -> int:
        answer = await house.client.get(POLLS["ehealth"], headers=bare | headers)
        return answer.status_code

    assert await status() == 401
    assert await status(**{"api-key": "guess"}) == 401
    assert await status(**{"api-key": token}) == 401
    assert await status(**{"api-key": weak}) == 403
    assert await status(**{"api-key": house.api_key}) == 404


async def test_a_key_is_no_token(house: House) -> None:
    """A brokering system's key opens nothing by itself."""
    answer = await house.client.get(POLLS["ehealth"], headers={"Authorization": f"Bearer {house.api_key}"})

    assert answer.status_code == 401
