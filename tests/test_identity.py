"""The identity service: whoever logs in here can poll IMS."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from house import OTHER_TENANT, TENANT, House

ID = "ff808081-4dbd-65d7-014d-be0d84db0013"
POLL = f"/v1/{TENANT}/jobs/{ID}"
REFUSED = {
    "error": {"code": 401, "message": "The request you have made requires authentication.", "title": "Unauthorized"}
}


def by_password(name: str = "ops", password: str = "twelve", **scope: Any) -> dict[str, Any]:
    """Ask with a password."""
    user = {"name": name, "password": password, "domain": {"name": "Default"}}
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, **scope}}


def by_token(token: str, **scope: Any) -> dict[str, Any]:
    """Ask with a token."""
    return {"auth": {"identity": {"methods": ["token"], "token": {"id": token}}, **scope}}


def of_project(project: str) -> dict[str, Any]:
    """Name a project."""
    return {"scope": {"project": {"id": project}}}


async def ask(house: House, body: dict[str, Any], query: str = "") -> httpx.Response:
    """Ask for a token."""
    return await house.client.post(f"/v3/auth/tokens{query}", json=body)


async def status(house: House, token: str) -> int:
    """Poll with a token."""
    return (await house.client.get(POLL, headers={"X-Auth-Token": token})).status_code


@pytest.fixture
async def job(house: House) -> None:
    """Have a job in the project, and a user of it."""
    headers = house.headers(await house.token())
    await house.client.post("/jobs", json={"type": "imsImportImageJob", "id": ID}, headers=headers)
    await house.user("ops", "twelve", roles=frozenset({"member"}))


@pytest.mark.parametrize(
    "scope",
    [{}, of_project(TENANT), {"scope": {"project": {"name": TENANT, "domain": {"id": "default"}}}}],
    ids=["own", "by id", "by name"],
)
async def test_a_user_gets_a_token_for_the_project(house: House, job: None, scope: dict[str, Any]) -> None:
    """Which polls; the body tells of it, the header is it, and the catalog leads back here."""
    answer = await ask(house, by_password(**scope))

    assert answer.status_code == 201
    token = answer.json()["token"]
    assert (token["project"]["id"], token["user"]["name"], token["methods"]) == (TENANT, "ops", ["password"])
    assert (token["issued_at"], token["expires_at"]) == ("2031-03-04T05:06:07.250000Z", "2031-03-05T05:06:07.250000Z")
    assert token["roles"] == [{"id": "member", "name": "member"}]
    assert [(s["type"], s["endpoints"][0]["url"], s["endpoints"][0]["region"]) for s in token["catalog"]] == [
        ("image", "http://jobs.example", "eu-de"),
        ("identity", "http://jobs.example/v3", "eu-de"),
    ]
    assert await status(house, answer.headers["X-Subject-Token"]) == 200


async def test_a_token_gets_a_token(house: House, job: None) -> None:
    """One that was issued here, which is then not prolonged, or one that the operator gave out."""
    first = await ask(house, by_password())
    house.clock.move(hours=1)
    second = await ask(house, by_token(first.headers["X-Subject-Token"], **of_project(TENANT)))
    third = await ask(house, by_token(await house.token()))

    assert second.json()["token"]["methods"] == ["password", "token"]
    assert second.json()["token"]["expires_at"] == first.json()["token"]["expires_at"]
    for answer in (second, third):
        assert await status(house, answer.headers["X-Subject-Token"]) == 200


async def test_a_token_is_of_its_project_alone(house: House, job: None) -> None:
    """An operator's is of the one that was named."""
    await house.user("operator", "twelve", tenant="*")
    other = await ask(house, by_password("operator", **of_project(OTHER_TENANT)))
    unscoped = await ask(house, by_password("operator"))

    assert await status(house, other.headers["X-Subject-Token"]) == 400
    assert await status(house, unscoped.headers["X-Subject-Token"]) == 200
    assert "project" not in unscoped.json()["token"]


@pytest.mark.parametrize(
    "body",
    [
        by_password(password="wrong"),
        by_password("nobody"),
        by_password(**of_project(OTHER_TENANT)),
        by_token("guess"),
        by_token("jst-guess"),
        by_token("jst-e30--" + "00" * 32),
    ],
)
async def test_who_is_refused_is_not_told_why(house: House, job: None, body: dict[str, Any]) -> None:
    """A wrong name, password, token or project is one answer, in the identity service's own form."""
    answer = await ask(house, body)

    assert (answer.status_code, answer.json()) == (401, REFUSED)
    assert answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"auth": {"identity": {"methods": ["password"]}}},
        {"auth": {"identity": {"methods": ["totp"]}}},
        {"auth": {"identity": {"methods": []}}},
        by_password(scope={"domain": {"id": "default"}}),
    ],
)
async def test_what_cannot_be_read_is_a_bad_request(house: House, body: dict[str, Any]) -> None:
    """With a message that names the place."""
    answer = await ask(house, body)

    assert (answer.status_code, answer.json()["error"]["title"]) == (400, "Bad Request")
    assert "$" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "user",
    [
        {"password": "twelve"},
        {"name": "", "password": "twelve"},
        {"name": ["twelve"], "password": "twelve"},
        {"name": "ops", "password": ["twelve"]},
        {"name": "ops", "password": "twelve" * 200},
    ],
)
async def test_no_refusal_repeats_a_password(house: House, user: dict[str, Any]) -> None:
    """It tells the place and the rule alone."""
    shown = {"methods": ["password"], "password": {"user": user}}

    answer = await ask(house, {"auth": {"identity": shown}})

    assert answer.status_code == 400
    assert "$.auth.identity" in answer.json()["error"]["message"]
    assert "twelve" not in answer.text


async def test_a_token_ends_with_its_time_or_its_user(house: House, job: None) -> None:
    """After a day it is told when it ended; after a revocation it is worth nothing."""
    token = (await ask(house, by_password())).headers["X-Subject-Token"]
    house.clock.move(hours=24)
    over = await house.client.get(POLL, headers={"X-Auth-Token": token})
    fresh = (await ask(house, by_password())).headers["X-Subject-Token"]
    (user,) = (held for held in await house.store.credentials() if held.name == "ops")
    await house.store.revoke_credential(user.id, house.clock.now)
    house.clock.move(seconds=5)

    told = "Incorrect IAM authentication information: token expires, expires_at: 2031-03-05T05:06:07.000Z"
    assert (over.status_code, over.json()["error_msg"]) == (401, told)
    assert await status(house, fresh) == 401


async def test_a_catalog_can_be_left_out(house: House, job: None) -> None:
    """As `?nocatalog` asks."""
    answer = await ask(house, by_password(), "?nocatalog")

    assert (answer.status_code, "catalog" in answer.json()["token"]) == (201, False)


@pytest.mark.parametrize("path", ["/v3", "/v3/"])
async def test_clients_find_the_version(house: House, path: str) -> None:
    """They look before they log in."""
    answer = await house.client.get(path)

    assert answer.status_code == 200
    assert answer.json()["version"]["id"].startswith("v3.")
    assert answer.json()["version"]["links"] == [{"rel": "self", "href": "http://jobs.example/v3/"}]


@pytest.mark.parametrize("host", ["a" * 5000, ""], ids=["long", "empty"])
async def test_an_odd_name_of_the_server_is_no_fault_of_the_server(house: House, job: None, host: str) -> None:
    """The catalog repeats how it was called, whatever that is; and it may be called nothing."""
    headers = {"Host": host}

    answers = [
        await house.client.get("/v3", headers=headers),
        await house.client.post("/v3/auth/tokens", json=by_password(), headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [200, 201]


async def test_unknown_paths_and_methods_are_told_in_its_form(house: House) -> None:
    """As the identity service tells errors."""
    missing = await house.client.get("/v3/users")
    wrong = await house.client.put("/v3/auth/tokens")

    assert (missing.status_code, missing.json()["error"]["title"]) == (404, "Not Found")
    assert (wrong.status_code, wrong.json()["error"]["title"]) == (405, "Method Not Allowed")
    assert "POST" in wrong.headers["Allow"]
