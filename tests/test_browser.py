"""The pages in a real browser, under their own policy."""

from __future__ import annotations

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
