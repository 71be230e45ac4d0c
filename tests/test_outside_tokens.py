"""Tokens of an outside authorization server, shown to the whole server."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from house import House, running_house
from issuer import AUDIENCE, ISSUER, Issuer, running_issuer
from starlette.responses import Response

from jobstatus.settings import Settings

ID = "ff808081-4dbd-65d7-014d-be0d84db0013"
POLLS = {"native": f"/jobs/{ID}", "ehealth": f"/api/jobs/{ID}"}
COMPOSITION = f"/api/patients/composition/job/{ID}"


@pytest.fixture
async def issuer() -> AsyncGenerator[Issuer]:
    """Run an issuer."""
    async with running_issuer() as issuer:
        yield issuer


@pytest.fixture
async def trusting(issuer: Issuer) -> AsyncGenerator[House]:
    """Give a server that believes the issuer, with a job."""
    settings = Settings(
        jwt_jwks_url=f"{issuer.url}/keys",
        introspection_url=f"{issuer.url}/introspect",
        introspection_client_id="jobs",
        token_issuer=ISSUER,
        token_audience=AUDIENCE,
    )
    async with running_house(settings) as house:
        house.clock.now = issuer.now
        made = await house.client.post("/jobs", json={"type": "t", "id": ID}, headers=bearer(await house.token()))
        assert made.status_code == 201
        yield house


def bearer(token: str) -> dict[str, str]:
    """Send a token."""
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("contract", POLLS)
async def test_a_jwt_opens_what_its_scope_says(trusting: House, issuer: Issuer, contract: str) -> None:
    """By `scope` or `scp`; another scope, another tenant and another audience do not."""
    may = await trusting.client.get(POLLS[contract], headers=bearer(issuer.token()))
    listed = await trusting.client.get(POLLS[contract], headers=bearer(issuer.token(scope=None, scp=["job:read"])))
    weak = await trusting.client.get(POLLS[contract], headers=bearer(issuer.token(scope="other")))
    foreign = await trusting.client.get(POLLS[contract], headers=bearer(issuer.token(tenant="another")))
    astray = await trusting.client.get(POLLS[contract], headers=bearer(issuer.token(aud="another")))

    answers = (may, listed, weak, foreign, astray)
    assert [answer.status_code for answer in answers] == [200, 200, 403, 404, 401]


async def test_an_opaque_token_is_asked_about(trusting: House, issuer: Issuer) -> None:
    """One that the operator gave out is not: the outside server never sees it."""
    issuer.tokens["opaque"] = {"active": True, **issuer.claims()}
    asked = len(issuer.asked)

    own = await trusting.client.get(POLLS["native"], headers=bearer(await trusting.token()))
    assert (own.status_code, len(issuer.asked)) == (200, asked)
    theirs = await trusting.client.get(POLLS["native"], headers=bearer("opaque"))
    unknown = await trusting.client.get(POLLS["native"], headers=bearer("guess"))
    assert (theirs.status_code, unknown.status_code) == (200, 401)


async def test_a_composition_needs_the_systems_key_as_well(trusting: House, issuer: Issuer) -> None:
    """Whoever issued the token."""
    token = issuer.token(scope="composition:read")

    alone = await trusting.client.get(COMPOSITION, headers=bearer(token))
    both = await trusting.client.get(COMPOSITION, headers={**bearer(token), "api-key": trusting.api_key})

    assert (alone.status_code, both.status_code) == (401, 200)


async def test_no_such_token_is_a_session_or_a_cloud_token(trusting: House, issuer: Issuer) -> None:
    """The other contracts have their own ways in."""
    token = issuer.token(scope="ASYNC-STATUS:READ ims:imageJobs:get", roles=["admin"])

    session = await trusting.client.get("/api/4.0/async_status/1", headers=bearer(token))
    cloud = await trusting.client.get("/v1/cloudimages/job/1", headers={"X-Auth-Token": token})

    assert (session.status_code, cloud.status_code) == (401, 401)


async def test_an_issuer_that_is_down_is_a_server_that_cannot_answer(trusting: House, issuer: Issuer) -> None:
    """503 with the time to try again, in each contract's own words; the operator's tokens still open."""
    issuer.instead = Response(status_code=500)

    native = await trusting.client.get(POLLS["native"], headers=bearer(issuer.token()))
    ehealth = await trusting.client.get(POLLS["ehealth"], headers=bearer(issuer.token()))
    own = await trusting.client.get(POLLS["native"], headers=bearer(await trusting.token()))

    assert (native.status_code, native.headers["Retry-After"]) == (503, "5")
    assert (ehealth.status_code, ehealth.json()["error"]) == (503, {"type": "internal_error"})
    assert own.status_code == 200
