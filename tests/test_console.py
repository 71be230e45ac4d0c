"""The pages for people."""

from __future__ import annotations

from typing import Any

import pytest
from house import OTHER_TENANT, House, running_house

from jobstatus.console import CONTENT_SECURITY_POLICY
from jobstatus.contract.spec import Document
from jobstatus.errors import StoreUnavailable
from jobstatus.settings import Settings

CONTRACTS = Document.load().contracts


async def sign_in(house: House, token: str) -> int:
    """Sign in; the client keeps the session."""
    answer = await house.client.post("/console/sign-in", data={"token": token})
    return answer.status_code


async def job(house: House, token: str) -> str:
    """Create a job and give its id."""
    created = await house.client.post("/jobs", json={"type": "a<b>"}, headers={"Authorization": f"Bearer {token}"})
    id: str = created.json()["id"]
    return id


async def test_the_start_page_says_what_runs_here(house: House) -> None:
    """Every contract is named with the path to poll."""
    page = await house.client.get("/")

    assert page.status_code == 200
    for operation in Document.load().operations.values():
        if operation.id in ("getJob", "getEhealthJob", "getCompositionJob", "getAsyncStatus", "showImsJob"):
            assert f"GET {operation.path}" in page.text


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/docs/ims", "/console/sign-in", "/console/nowhere", "/static/console.css"]
)
async def test_every_page_is_under_a_strict_policy(house: House, path: str) -> None:
    """No page may load anything from elsewhere, or run what stands in it."""
    page = await house.client.get(path)

    assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert page.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("contract", CONTRACTS)
async def test_each_contract_has_its_own_reference(house: House, contract: str) -> None:
    """Its document holds its own operations and whatever they refer to, and nothing else."""
    page = await house.client.get(f"/docs/{contract}")
    document = (await house.client.get(f"/openapi/{contract}.json")).json()

    assert page.status_code == 200
    assert f'data-spec="/openapi/{contract}.json"' in page.text
    assert [tag["name"] for tag in document["tags"]] == [Document.load().tag(contract)["name"]]


async def test_an_unknown_reference_is_not_found(house: House) -> None:
    """A contract that is not there has no page."""
    page = await house.client.get("/docs/nothing")
    document = await house.client.get("/openapi/nothing.json")

    assert (page.status_code, document.status_code) == (404, 404)


async def test_a_job_is_shown_after_signing_in(house: House) -> None:
    """Its five answers stand side by side, and nothing in them is taken for HTML."""
    token = await house.token()
    id = await job(house, token)

    before = await house.client.get(f"/console/jobs/{id}")
    status = await sign_in(house, token)
    page = await house.client.get(f"/console/jobs/{id}")

    assert (before.status_code, before.headers["Location"]) == (303, "/console/sign-in")
    assert status == 303
    for contract in CONTRACTS:
        assert (f'id="{contract}"' in page.text) is (contract != "identity")  # which tells of no job
    assert "INIT" in page.text
    assert "a<b>" not in page.text


async def test_signing_in_takes_a_valid_token_that_may_read(house: House) -> None:
    """Anything else is refused, and no session begins."""
    writer = await house.token(permissions=["job:write"])

    assert await sign_in(house, "guess") == 401
    assert await sign_in(house, "") == 401
    assert await sign_in(house, writer) == 403
    assert (await house.client.get("/console")).status_code == 303


async def test_the_session_does_not_hold_the_token(house: House) -> None:
    """The cookie is for this site alone, out of scripts' reach, and gives no token away."""
    token = await house.token()

    answer = await house.client.post("/console/sign-in", data={"token": token})

    cookie = answer.headers["Set-Cookie"]
    assert token not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


async def test_a_revoked_credential_ends_its_sessions(house: House) -> None:
    """Whoever is signed in is asked for a token again once the credential is revoked."""
    token = await house.token()
    await sign_in(house, token)
    (credential,) = [c for c in await house.store.credentials() if c.name == "test" and "api-key" not in c.roles]

    await house.store.revoke_credential(credential.id, house.clock.now)
    house.clock.move(seconds=5)

    assert (await house.client.get("/console")).status_code == 303


async def test_another_tenants_job_is_not_shown(house: House) -> None:
    """The page is under the same rule as the API."""
    id = await job(house, await house.token())
    await sign_in(house, await house.token(tenant=OTHER_TENANT))

    page = await house.client.get(f"/console/jobs/{id}")

    assert page.status_code == 404
    assert "a&lt;b&gt;" not in page.text


async def test_signing_out(house: House) -> None:
    """After it the pages ask for a token again."""
    await sign_in(house, await house.token())

    await house.client.post("/console/sign-out")

    assert (await house.client.get("/console")).status_code == 303


async def test_the_console_leads_to_a_job(house: House) -> None:
    """An id typed in leads to its page; what cannot be an id is told so."""
    token = await house.token()
    id = await job(house, token)
    await sign_in(house, token)

    found = await house.client.get("/console", params={"id": id})
    odd = await house.client.get("/console", params={"id": "a b"})

    assert found.headers["Location"] == f"/console/jobs/{id}"
    assert "not a job" in odd.text


@pytest.mark.parametrize("terms", [{"broker": True}, {"roles": ["api-key"]}])
async def test_a_token_that_is_not_enough_by_itself_does_not_sign_in(house: House, terms: dict[str, Any]) -> None:
    """What the API refuses without a second credential, the pages refuse too."""
    assert await sign_in(house, await house.token(**terms)) == 401


async def test_each_contract_answers_a_person_as_it_would_answer_the_token(house: House) -> None:
    """Where the credential lacks a permission, the page shows the contract's refusal."""
    reader = await house.token(permissions=["job:read"], roles=[])
    id = await job(house, await house.token())
    await sign_in(house, reader)

    page = await house.client.get(f"/console/jobs/{id}")

    assert page.status_code == 200
    assert "APIGW.0302" in page.text
    assert "missing required Permissions" in page.text or "Forbidden." in page.text


@pytest.mark.parametrize("id", ["a%0Ab", "a b", "%00", "a" * 65])
async def test_what_cannot_be_an_id_is_no_job(house: House, id: str) -> None:
    """An odd id in a page's path is told so."""
    await sign_in(house, await house.token())

    page = await house.client.get(f"/console/jobs/{id}")

    assert page.status_code == 404


async def test_the_page_is_shown_in_the_servers_profile() -> None:
    """The page and the API go by the same setting."""
    async with running_house(Settings(profile_ehealth="deployed")) as house:
        token = await house.token()
        id = await job(house, token)
        await sign_in(house, token)

        page = await house.client.get(f"/console/jobs/{id}")

        assert "/jobs/" in page.text
        assert "/Jobs/" not in page.text


async def test_another_sites_form_is_refused(house: House) -> None:
    """Neither signing in nor out can be done from elsewhere."""
    elsewhere = {"Sec-Fetch-Site": "cross-site"}

    into = await house.client.post("/console/sign-in", data={"token": await house.token()}, headers=elsewhere)
    out = await house.client.post("/console/sign-out", headers=elsewhere)

    assert (into.status_code, out.status_code) == (403, 403)


async def test_a_store_that_is_down_is_told_of_on_a_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is a 503 like the API's answer, and says no more."""

    async def down(key: object) -> None:
        raise StoreUnavailable("secret")

    token = await house.token()
    id = await job(house, token)
    await sign_in(house, token)
    monkeypatch.setattr(house.store, "get", down)

    page = await house.client.get(f"/console/jobs/{id}")

    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "secret" not in page.text


async def test_a_wrong_method_on_a_page_names_the_right_ones(house: House) -> None:
    """A 405 has its Allow."""
    refused = await house.client.put("/docs")

    assert refused.status_code == 405
    assert "GET" in refused.headers["Allow"]
