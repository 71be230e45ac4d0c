"""Pollers that know nothing of this server, as published, ask again when it says, and not before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from clients.driver import Driver
from clients.relay import Own, Relay, relaying
from commands import until
from serving import Server, serving

from jobstatus.clock import utc_now

AHEAD = timedelta(seconds=2)
"""When work is said to end."""
DEFAULT = 30
"""Seconds after which azure-core asks again where it is told nothing."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run one server for all clients."""
    with serving(tmp_path_factory.mktemp("pollers")) as server:
        yield server


@dataclass
class Service:
    """A service that accepts work, and has it polled for at this server, beyond a proxy that notes each poll."""

    relay: Relay

    def accept(self) -> Own:
        """Begin something that takes a while."""
        job = self._send("POST", "/jobs", type="export", eta=(utc_now() + AHEAD).isoformat())
        return Own(status=202, headers={"Operation-Location": f"{self.relay.url}/jobs/{job['id']}"})

    def end(self, status: str) -> str:
        """End what is polled for, and give its id."""
        id: str = self._send("PATCH", self.relay.passed[0].path, status=status)["id"]
        return id

    def polled(self, times: int) -> None:
        """Wait until somebody has polled so often."""
        until(lambda: len(self.relay.passed) >= times)

    def _send(self, method: str, path: str, **body: str) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.relay.token}"}
        answer = httpx.request(method, f"{self.relay.server.url}{path}", json=body, headers=headers, trust_env=False)
        said: dict[str, str] = answer.raise_for_status().json()
        return said


@pytest.fixture
def service(server: Server) -> Iterator[Service]:
    """Run the service."""
    with relaying(server) as relay:
        service = Service(relay)
        relay.own["/start"] = service.accept
        yield service


@pytest.fixture
def poll(pollers_python: Path, service: Service, tmp_path: Path) -> Driver:
    """Give the clients."""
    return Driver(pollers_python, "drive_pollers.py", tmp_path, URL=service.relay.url)


def check_pauses(relay: Relay) -> None:
    """See that no poll came before it was to, and none as late as it would have by a client's own default."""
    pauses = [(before.pause, after.arrived - before.answered) for before, after in pairwise(relay.passed)]
    print("\n" + "\n".join(f"told {told} s, asked again after {taken:.3f} s" for told, taken in pauses))

    assert all(told is not None and told <= taken < DEFAULT - 10 for told, taken in pauses)
    assert relay.passed[-1].pause is None  # who knows of the end need not ask again


@pytest.mark.parametrize("end", ["succeeded", "failed"])
def test_azure_core_polls_as_it_is_told(service: Service, poll: Driver, end: str) -> None:
    """`LROPoller` at `GET /jobs/{id}`: from the end that was foretold, and then from how long it takes already."""
    with poll.started("azure") as client:
        service.polled(2)
        id = service.end(end)
        found = client.found()

    assert found == {"job": id if end == "succeeded" else None, "status": end}
    assert len(service.relay.passed) == 3
    check_pauses(service.relay)


def test_backoff_polls_as_it_is_told(service: Service, poll: Driver) -> None:
    """By the header alone, on an answer of 200."""
    with poll.started("backoff") as client:
        service.polled(2)
        id = service.end("succeeded")
        found = client.found()

    assert found == {"job": id, "status": "succeeded"}
    assert len(service.relay.passed) == 3
    check_pauses(service.relay)
