"""The pages in a real browser, under their own policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from chromium import chromium
from playwright.sync_api import Browser, Page
from serving import Server, serving

from jobstatus.contract.spec import Document

CONTRACTS = Document.load().contracts


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run one server for all pages."""
    with serving(tmp_path_factory.mktemp("browser")) as server:
        yield server


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that demonstrates, with the jobs that the examples ask for."""
    folder = tmp_path_factory.mktemp("shown")
    with serving(folder, docs_credentials=str(folder / "docs.json")) as server:
        token, key = server.token(), server.token(roles=("api-key",))
        as_producer = {"Authorization": f"Bearer {token}"}
        for number in range(17):  # the job that the example of Traffic Ops names
            id = {0: "0195f2c8-7a41-7c3e-9b0d-2f6a1e8c4d57", 1: "730f10bf0000000000000011"}.get(number, f"job{number}")
            httpx.post(f"{server.url}/jobs", json={"type": "t", "id": id}, headers=as_producer).raise_for_status()
        session = httpx.post(f"{server.url}/api/4.0/user/login/token", json={"t": token}).cookies["mojolicious"]
        filled = {
            "native": {"jobToken": token},
            "ehealth": {"ehealthToken": token},
            "ehealth-composition": {"ehealthToken": token, "ehealthApiKey": key},
            "traffic-ops": {"trafficOpsSession": session},
            "ims": {"imsToken": token},
        }
        (folder / "docs.json").write_text(json.dumps(filled))
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a page, and see at its end that it broke no policy and asked no other host for anything."""
    page = browser.new_page()
    complaints: list[str] = []
    asked: set[str] = set()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.add(httpx.URL(request.url).host))
    yield page
    page.close()
    assert complaints == []
    assert asked <= {"127.0.0.1", ""}


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_reference_renders(page: Page, server: Server, contract: str) -> None:
    """Each operation of the contract is shown and can be opened."""
    page.goto(f"{server.url}/docs/{contract}")
    page.wait_for_selector(".opblock")

    operations = [o for o in Document.load().operations.values() if o.contract == contract]
    assert page.locator(".opblock").count() == len(operations)
    page.locator(".opblock-summary").first.click()
    page.wait_for_selector(".opblock-body .responses-table")


def answered(page: Page, operation: str) -> str:
    """Execute an operation as it stands on its page, and give the status that it was answered with."""
    block = page.locator(f"[id$='-{operation}']")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Execute").click()
    return block.locator(".live-responses-table tbody .response-col_status").inner_text().split()[0]


@pytest.mark.parametrize(
    ("contract", "operation"),
    [
        ("native", "getJob"),
        ("ehealth", "getEhealthJob"),
        ("ehealth-composition", "getCompositionJob"),
        ("traffic-ops", "getAsyncStatus"),
        ("ims", "showImsJob"),
    ],
)
def test_a_demonstration_can_be_tried(page: Page, shown: Server, contract: str, operation: str) -> None:
    """Its credentials are filled in: what the examples of a page ask for is answered with one press."""
    page.goto(f"{shown.url}/docs/{contract}")
    page.wait_for_selector("[data-ready=true]", state="attached")

    assert answered(page, operation) == "200"


def test_a_server_gives_no_credential_away(page: Page, server: Server) -> None:
    """What nobody has named is not filled in."""
    page.goto(f"{server.url}/docs/native")
    page.wait_for_selector("[data-ready=true]", state="attached")

    assert page.locator("#reference").get_attribute("data-credentials") == "{}"


def test_a_person_sees_one_job_in_five_contracts(page: Page, server: Server, tmp_path: Path) -> None:
    """From the start page to the five answers: sign in, type the id, read."""
    token = server.token()
    created = httpx.post(f"{server.url}/jobs", json={"type": "t"}, headers={"Authorization": f"Bearer {token}"})

    page.goto(server.url)
    page.get_by_role("link", name="Jobs", exact=True).click()
    page.get_by_label("A token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("The job's id").fill(created.json()["id"])
    page.get_by_role("button", name="Show").click()
    page.wait_for_selector(".answers")
    page.screenshot(path=tmp_path / "job.png", full_page=True)

    assert page.locator(".answers section").count() == len(CONTRACTS) - 1  # the identity service tells of no job
    assert "INIT" in page.locator("#ims pre").inner_text()
