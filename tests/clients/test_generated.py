"""Clients generated from each contract's document follow a job's whole life, and a proxy finds nothing wrong in it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from clients.contract_clients import Conversation, in_python, in_typescript, proxied
from clients.workshop import Workshop
from house import TENANT

from jobstatus.contract.bundle import Bundle, bundle, bundles
from jobstatus.contract.spec import Document

PASSWORD = "of ops, in tests alone"
CASES = [(each.profile, each.contract) for each in bundles(Document.load())]
POLLED = [(profile, contract) for profile, contract in CASES if contract != "identity"]
LIFE: Mapping[str, list[tuple[int, str | None]]] = {
    "native": [(200, "pending"), (200, "running"), (200, "succeeded"), (200, "failed"), (404, None)],
    "ehealth": [(200, "pending"), (200, "pending"), (303, "processed"), (200, "failed"), (404, None)],
    "ehealth-composition": [(200, "PENDING"), (200, "PENDING"), (200, "DONE"), (200, "FAILED"), (404, None)],
    "traffic-ops": [(200, "PENDING"), (200, "PENDING"), (200, "SUCCEEDED"), (200, "FAILED"), (404, None)],
    "ims": [(200, "INIT"), (200, "RUNNING"), (200, "SUCCESS"), (200, "FAIL"), (400, None)],
}
"""What is answered to a job that waits, runs, has succeeded, to one that failed, and to none."""
RESULT = {"links": [{"entity": "encounter", "href": "/e/1"}], "entities": {"image_id": "e9e91bff"}}
FAILURE = {"kind": "user", "message": "The period has no start.", "http_status": 422}
UNKNOWN = {"traffic-ops": "999999999", "ehealth": "0" * 24}


class Clients:
    """The clients of one contract in every language, which talk to its server through the proxy."""

    def __init__(self, conversations: list[Conversation]) -> None:
        self._conversations = conversations

    def ask(self, what: str) -> Any:
        """Ask each of them, and give what they all say."""
        first, *others = [conversation.ask(what) for conversation in self._conversations]
        assert all(other == first for other in others), (first, others)
        return first

    def each(self, what: str) -> list[Any]:
        """Ask each of them for something that is done once for each."""
        return [conversation.ask(what) for conversation in self._conversations]

    def poll(self, id: str) -> tuple[int, str | None]:
        """Have each of them poll for a job; nothing of that may break the contract."""
        told = self.ask(id)
        assert not told["broken"], told
        return told["status"], told["word"]


@contextmanager
def generated(cut: Bundle, url: str, credentials: Mapping[str, str], folder: Path) -> Iterator[Clients]:
    """Generate the clients and run them."""
    with ExitStack() as stack:
        proxy = stack.enter_context(proxied(cut, url, folder))
        made = [in_python(cut, folder / "python"), in_typescript(cut, folder / "typescript")]
        talks = [stack.enter_context(each.talking(proxy, credentials, TENANT)) for each in made]
        yield Clients(talks)


def credentials(workshop: Workshop, contract: str) -> dict[str, str]:
    """Make what a caller of a contract shows."""
    if contract == "identity":
        workshop.credential("generated", "--contract", "ims", "--kind", "user", password=PASSWORD)
        return {"user": "generated"}
    token = workshop.credential(f"generated {contract}", "--contract", contract)["token"]
    key = workshop.credential("generated key", "--contract", "api-key")["token"]
    return {**dict.fromkeys(("jobToken", "ehealthToken", "imsToken", "token"), token), "ehealthApiKey": key}


def spelt(job: Any, contract: str) -> str:
    """Spell a job's id as a contract does."""
    (href,) = (link["href"] for link in job["links"] if link["contract"] == contract)
    return str(href.rpartition("/")[2])


@pytest.fixture
def clients(workshop: Workshop, contract: str, tmp_path: Path) -> Iterator[Clients]:
    """Give the clients of a contract."""
    cut = bundle(Document.load(), contract, workshop.profile)
    with generated(cut, workshop.url, credentials(workshop, contract), tmp_path) as clients:
        if contract == "traffic-ops":
            assert clients.ask("login") == {"status": 200, "broken": None}
        yield clients


@pytest.mark.parametrize(("either", "contract"), POLLED, indirect=["either"])
def test_generated_clients_follow_a_job_from_its_beginning_to_its_end(
    clients: Clients, workshop: Workshop, contract: str
) -> None:
    """Each state has the contract's word, as the generated types have it."""
    job, failing = workshop.create("imsImportImageJob"), workshop.create("imsImportImageJob")
    seen = [clients.poll(spelt(job, contract))]
    workshop.report(job["id"], status="running", progress=42.5)
    seen.append(clients.poll(spelt(job, contract)))
    workshop.report(job["id"], status="succeeded", result=RESULT)
    workshop.report(failing["id"], status="failed", error=FAILURE)
    seen += [clients.poll(spelt(job, contract)), clients.poll(spelt(failing, contract))]
    seen.append(clients.poll(UNKNOWN.get(contract, "01890a5d-ac96-774b-bcce-b302099a8057")))

    assert seen == LIFE[contract]
    _begun(clients, workshop, contract)


def _begun(clients: Clients, workshop: Workshop, contract: str) -> None:
    """Have jobs begun in the contracts that begin some, and in the native one all else done that can be."""
    if contract == "native":
        lived = {"statuses": [201, 304, 200, 200, 200, 200, 200, 200, 204, 410], "broken": []}
        assert clients.each("live") == [lived, lived]
    elif contract in ("ehealth", "traffic-ops"):
        for begun in clients.each("begin"):
            assert begun["broken"] is None
            assert clients.poll(begun["id"]) == LIFE[contract][0]


@pytest.mark.parametrize(("either", "contract"), [("documented", "identity")], indirect=["either"])
def test_generated_clients_log_in(clients: Clients) -> None:
    """With the right password, and not with another one."""
    assert clients.ask("version") == {"status": 200, "broken": None}
    assert clients.poll(PASSWORD) == (201, "token")
    assert clients.poll("another one") == (401, None)


class Wrong(BaseHTTPRequestHandler):
    """Says of every job that it is in a state that there is not."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"status": "LOST"}')

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep it to itself."""


def test_the_proxy_tells_of_a_server_that_breaks_the_contract(tmp_path: Path) -> None:
    """So that finding nothing means something."""
    server = HTTPServer(("127.0.0.1", 0), Wrong)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cut = bundle(Document.load(), "ims")
    try:
        with proxied(cut, f"http://127.0.0.1:{server.server_port}", tmp_path) as url:
            path, headers = f"/v1/{TENANT}/jobs/{'0' * 32}", {"X-Auth-Token": "t"}
            told = httpx.get(url + path, headers=headers, trust_env=False)
    finally:
        server.shutdown()
        server.server_close()

    assert told.json() == {"status": "LOST"}
    assert "must be equal to one of the allowed values" in told.headers["sl-violations"]
