"""IMS as its clients see it: tokens, signatures, projects, and the two forms of errors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
import pytest
from house import OTHER_TENANT, TENANT, House

from jobstatus.security.signature import Authorization, Scope, SignedRequest, sign
from jobstatus.security.vault import AccessKey, Vault

ID = "ff808081-4dbd-65d7-014d-be0d84db0013"
HEX = ID.replace("-", "")
POLL = f"/v1/{TENANT}/jobs/{HEX}"
PROGRESS = f"/v1/cloudimages/job/{HEX}"
IAM = "Incorrect IAM authentication information: "
SIGNED = ("content-type", "host", "x-project-id", "x-sdk-date")
MISMATCH = {"error": {"message": "The project ID and token in the request are invalid.", "code": "IMG.0030"}}
UNKNOWN = {"error": {"message": "An exception occurred during task query.", "code": "IMG.0023"}}


async def create(house: House, **body: Any) -> None:
    """Create the job that is polled."""
    headers = house.headers(await house.token(tenant=body.pop("tenant", TENANT)))
    made = await house.client.post("/jobs", json={"type": "imsImportImageJob", "id": ID, **body}, headers=headers)
    assert made.status_code == 201


async def report(house: House, **body: Any) -> None:
    """Report on it."""
    headers = house.headers(await house.token())
    assert (await house.client.patch(f"/jobs/{ID}", json=body, headers=headers)).is_success


def signature(
    key: AccessKey,
    path: str,
    at: datetime,
    scope: Scope | None = None,
    signed: tuple[str, ...] = SIGNED,
    more: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Give the headers of a request that is signed as the vendor's clients sign."""
    sent = {
        "content-type": "application/json",
        "host": "jobs.example",
        "x-project-id": TENANT,
        "x-sdk-date": f"{at:%Y%m%dT%H%M%SZ}",
        **(more or {}),
    }
    if key.security_token is not None:
        sent.setdefault("x-security-token", key.security_token)
    names = tuple(sorted(name for name in sent if name in signed or name == "x-security-token"))
    wanted = Authorization(access_key=key.access_key, scope=scope, signed_headers=names, signature="0" * 64)
    request = SignedRequest(method="GET", path=path.partition("?")[0], query=path.partition("?")[2], headers=sent)
    bearer = f"Access={key.access_key}"
    if scope is not None:
        bearer = f"Credential={key.access_key}/{scope.date}/{scope.region}/{scope.service}/sdk_request"
    value = sign(request, wanted, key.secret_key)
    return {**sent, "authorization": f"SDK-HMAC-SHA256 {bearer}, SignedHeaders={';'.join(names)}, Signature={value}"}


async def poll(house: House, path: str = POLL, **headers: str) -> httpx.Response:
    """Poll with these headers alone."""
    return await house.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    """Give what the gateway says: flat, with the id of the request in 32 hexadecimal digits."""
    body = answer.json()
    assert set(body) == {"error_msg", "error_code", "request_id"}
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert len(bytes.fromhex(body["request_id"])) == 16
    return answer.status_code, body["error_code"], body["error_msg"]


@pytest.mark.parametrize("scoped", [False, True], ids=["access", "credential"])
@pytest.mark.parametrize("path", [POLL, PROGRESS, f"{POLL}?b=2%203&a=z&a=y"])
async def test_a_signed_request_is_taken(house: House, path: str, scoped: bool) -> None:
    """Both schemes, which have one name, on both calls."""
    key = await house.access_key()
    await create(house)
    scope = Scope(date=f"{house.clock.now:%Y%m%d}", region="", service="") if scoped else None

    answer = await poll(house, path, **signature(key, path, house.clock.now, scope))

    assert (answer.status_code, answer.json()["status"]) == (200, "INIT")


async def test_what_is_not_signed_may_be_added(house: House) -> None:
    """Proxies do, and a client that adds its project after signing."""
    key = await house.access_key()
    await create(house)
    headers = signature(key, POLL, house.clock.now, signed=("host", "x-sdk-date"))

    answer = await poll(house, **headers, x_forwarded_for="10.0.0.1", user_agent="a proxy")

    assert answer.status_code == 200


@pytest.mark.parametrize(("minutes", "status"), [(0, 200), (14.9, 200), (-14.9, 200), (15.1, 401), (-15.1, 401)])
async def test_a_signature_is_of_now_or_of_no_use(house: House, minutes: float, status: int) -> None:
    """A quarter of an hour either way; within it a replay is taken."""
    key = await house.access_key()
    await create(house)
    headers = signature(key, POLL, house.clock.now)
    house.clock.move(minutes=minutes)

    answers = [await poll(house, **headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [status, status]
    if status == 401:
        assert refused(answers[0]) == (401, "APIGW.0301", IAM + "verify aksk signature fail")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host", "other.example"),
        ("x-project-id", OTHER_TENANT),
        ("x-sdk-date", "20310304T050608Z"),
        ("authorization", "SDK-HMAC-SHA256 nonsense"),
    ],
)
async def test_a_request_that_was_changed_is_refused(house: House, name: str, value: str) -> None:
    """Whatever of it was signed."""
    key = await house.access_key()

    answer = await house.client.get(POLL, headers={**signature(key, POLL, house.clock.now), name: value})

    assert refused(answer) == (401, "APIGW.0301", IAM + "verify aksk signature fail")


async def test_a_signature_opens_no_other_path(house: House) -> None:
    """It is for what was signed."""
    key = await house.access_key()

    answer = await poll(house, PROGRESS, **signature(key, POLL, house.clock.now))

    assert refused(answer)[2] == IAM + "verify aksk signature fail"


async def test_an_unknown_or_revoked_access_key(house: House) -> None:
    """It is named, for it is no secret."""
    stranger = AccessKey.new()
    revoked = await house.access_key(revoked_at=house.clock.now)

    for key in (stranger, revoked):
        answer = await poll(house, **signature(key, POLL, house.clock.now))

        assert refused(answer) == (401, "APIGW.0301", f"{IAM}ak {key.access_key} not exist")


async def test_a_long_access_key_is_no_fault_of_the_server(house: House) -> None:
    """It is told as unknown, like any other."""
    shown = f"SDK-HMAC-SHA256 Access={'A' * 7000}, SignedHeaders=host;x-sdk-date, Signature={'0' * 64}"

    answer = await poll(house, authorization=shown)

    assert refused(answer)[:2] == (401, "APIGW.0301")


async def test_a_secret_key_is_kept_encrypted(house: House) -> None:
    """What is in the store opens nothing without the server's own key."""
    key = await house.access_key()

    kept = (await house.store.credentials())[-1]

    assert kept.secret is not None
    assert key.secret_key not in kept.secret
    assert key.secret_key not in repr(kept)


async def test_an_access_key_that_cannot_be_decrypted_is_a_fault_of_the_server(house: House) -> None:
    """The key that it was kept with has gone; the client is told nothing of it."""
    key = AccessKey.new()
    locked = Vault("another key of more than 32 characters").lock(key)
    await house.keep_access_key(key, locked)

    answer = await poll(house, **signature(key, POLL, house.clock.now))

    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "IMG.0061")


async def test_a_temporary_access_key_needs_its_security_token(house: House) -> None:
    """Without it, or with another, the key is of no use; a lasting key takes none."""
    temporary, lasting = await house.access_key(temporary=True), await house.access_key()
    await create(house)

    good = await poll(house, **signature(temporary, POLL, house.clock.now))
    bare = AccessKey(temporary.access_key, temporary.secret_key)
    without = await poll(house, **signature(bare, POLL, house.clock.now))
    wrong = await poll(house, **signature(bare, POLL, house.clock.now, more={"x-security-token": "guess"}))
    needless = await poll(house, **signature(lasting, POLL, house.clock.now, more={"x-security-token": "guess"}))

    assert [answer.status_code for answer in (good, without, wrong, needless)] == [200, 401, 401, 401]


async def test_a_token_goes_before_a_signature(house: House) -> None:
    """Where both are sent."""
    key = await house.access_key()
    await create(house)
    token = await house.token()

    good = await poll(house, **signature(key, POLL, house.clock.now), x_auth_token=token)
    bad = await poll(house, **signature(key, POLL, house.clock.now), x_auth_token="guess")

    assert good.status_code == 200
    assert refused(bad) == (401, "APIGW.0301", IAM + "decrypt token fail")


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer x"}, {"authorization": "Basic YTpi"}])
async def test_no_credential_that_this_contract_has(house: House, headers: dict[str, str]) -> None:
    """Then the token is what is missing."""
    answer = await poll(house, **headers)

    assert refused(answer) == (401, "APIGW.0301", IAM + "x-auth-token not found")


async def test_the_gateway_and_the_service_have_each_their_own_form_of_errors(house: House) -> None:
    """Flat before the service, nested in it."""
    token = await house.token()
    weak = await house.token(permissions=["job:read"])

    assert refused(await poll(house, x_auth_token=weak))[:2] == (403, "APIGW.0302")
    assert refused(await poll(house, "/v1/a/b", x_auth_token=token))[:2] == (404, "APIGW.0101")
    assert refused(await house.client.post(POLL)) == (404, "APIGW.0101", "The API does not exist.")
    unknown = await poll(house, x_auth_token=token)
    foreign = await poll(house, f"/v1/{OTHER_TENANT}/jobs/{HEX}", x_auth_token=token)
    assert (unknown.status_code, unknown.json()) == (400, UNKNOWN)
    assert (foreign.status_code, foreign.json()) == (400, MISMATCH)


async def test_an_access_key_has_no_project_but_the_one_named(house: House) -> None:
    """The header narrows a key of every project, and must be one of a key that has one."""
    everywhere, here = await house.access_key(tenant="*"), await house.access_key()
    await create(house)
    other = {"x-project-id": OTHER_TENANT}

    named = await poll(house, PROGRESS, **signature(everywhere, PROGRESS, house.clock.now))
    elsewhere = await poll(house, PROGRESS, **signature(everywhere, PROGRESS, house.clock.now, more=other))
    mismatch = await poll(house, **signature(everywhere, POLL, house.clock.now, more=other))
    foreign = await poll(house, **signature(here, POLL, house.clock.now, more=other))

    assert named.status_code == 200
    assert (elsewhere.status_code, elsewhere.json()) == (400, UNKNOWN)
    assert (mismatch.status_code, mismatch.json()) == (400, MISMATCH)
    assert (foreign.status_code, foreign.json()) == (400, MISMATCH)


async def test_progress_is_told_in_the_newer_form_in_either_profile(house: House) -> None:
    """Only newer pages have this call: their dates, and how far the work is."""
    await create(house)
    await report(house, status="running", progress=20)

    answer = await poll(house, PROGRESS, x_auth_token=await house.token())

    assert answer.json()["begin_time"] == "2031-03-04T05:06:07.250Z"
    assert answer.json()["entities"] == {"process_percent": 0.2}
    assert answer.headers["Content-Type"] == "application/json"


async def test_progress_needs_its_own_permission(house: House) -> None:
    """The two calls are two actions."""
    token = await house.token(permissions=["ims:imageJobs:get"])

    assert refused(await poll(house, PROGRESS, x_auth_token=token))[:2] == (403, "APIGW.0302")


SUB_JOB = {
    "status": "SUCCESS",
    "job_id": "22a0ef8a9bf54ef2a4b0b3d4e3a3b4c5",
    "job_type": "imsCopyVolumeToImageJob",
    "begin_time": "2031-03-04T05:06:07.250Z",
    "end_time": "2031-03-04T05:06:09.250Z",
    "error_code": None,
    "fail_reason": None,
    "entities": {"image_id": "i-1", "image_name": "n"},
}


@pytest.mark.parametrize(
    "entities",
    [
        {"sub_jobs_result": [SUB_JOB], "sub_jobs_list": [SUB_JOB["job_id"]]},
        {"results": [{"image_id": "i-1", "project_id": OTHER_TENANT, "status": "success"}]},
        {"results": []},
        {"image_id": "i-1", "image_name": "n", "current_task": ""},
    ],
)
async def test_what_a_job_is_made_of_is_told_as_its_worker_left_it(house: House, entities: dict[str, Any]) -> None:
    """Sub-jobs with their own eight members, members of an image with what became of each."""
    await create(house)
    await report(house, status="succeeded", result={"entities": entities})

    answer = await poll(house, x_auth_token=await house.token(profile="deployed"))

    assert answer.json()["entities"] == {**entities, "process_percent": 1.0}


async def test_only_the_image_is_told_as_documented(house: House) -> None:
    """The seed's page has no other entity."""
    await create(house)
    await report(house, status="succeeded", result={"entities": {"image_id": "i-1", "image_name": "n"}})

    answer = await poll(house, x_auth_token=await house.token())

    assert answer.json()["entities"] == {"image_id": "i-1"}


async def test_head_and_a_media_type_on_a_get_are_taken(house: House) -> None:
    """Vendors' clients send `Content-Type` on every request."""
    await create(house)
    headers = {
        "X-Auth-Token": await house.token(),
        "Content-Type": "application/json;charset=utf8",
        "Connection": "close",
    }

    assert (await house.client.get(POLL, headers=headers)).status_code == 200
    assert (await house.client.head(POLL, headers=headers)).status_code == 200
