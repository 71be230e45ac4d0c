"""Workers that report and clients that poll in every contract, whatever becomes of the store."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx

WRITERS = 4
JOB_LENGTH = 4
"""Writes of one job: its creation and the reports after it."""
PATIENCE = 20.0
"""Seconds after which a request has had no answer: far more than the server may take."""

Says = Callable[[httpx.Response], bool]

SAYS: Mapping[str, Says] = {
    "native": lambda answer: comes_again(answer) and answer.json()["type"] == "/problems/store-unavailable",
    "ehealth": lambda answer: comes_again(answer) and answer.json()["error"]["type"] == "internal_error",
    "ehealth-composition": lambda answer: comes_again(answer) and answer.json()["error"]["type"] == "internal_error",
    "traffic-ops": lambda answer: answer.status_code == 500 and answer.json()["alerts"][0]["level"] == "error",
    "ims": lambda answer: comes_again(answer) and bool(answer.json()["error"]["code"]),
}
"""Whether an answer is how a contract says that the server cannot answer now; Traffic Ops has but its 500 for that."""


def comes_again(answer: httpx.Response) -> bool:
    """Tell whether an answer is a 503 that says when to come again."""
    return answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0


@dataclass
class Tally:
    """What became of the requests."""

    tried: int = 0
    answered: int = 0
    refused: int = 0
    """Those that were told that the store cannot answer, in their contract's shape, and when to come again."""
    slowest: float = 0
    """Seconds."""
    strange: Counter[str] = field(default_factory=Counter)
    """What should not have come."""
    acknowledged: dict[str, dict[int, str]] = field(default_factory=dict)
    """For each job the message of each version that the server said it had written."""

    @property
    def writes(self) -> int:
        """Count what was acknowledged."""
        return sum(map(len, self.acknowledged.values()))


class Workload:
    """Writers and pollers that go on until they are told to stop."""

    def __init__(self, client: httpx.AsyncClient, headers: Mapping[str, Mapping[str, str]]) -> None:
        """Take what speaks to the server, and for each contract the headers with its credential."""
        self.tally = Tally()
        self._client = client
        self._headers = headers
        self._stopped = False

    def stop(self) -> None:
        """Have each end with what it is at."""
        self._stopped = True

    async def run(self) -> None:
        """Write and poll."""
        job = await self._client.post("/jobs", json={"type": "polled"}, headers=self._headers["native"])
        polls = {"native": f"/jobs/{job.json()['id']}"} | {
            link["contract"]: link["href"] for link in job.json()["links"] if link["contract"] in self._headers
        }
        async with anyio.create_task_group() as group:
            for number in range(WRITERS):
                group.start_soon(self._write_on, number)
            for contract, path in polls.items():
                group.start_soon(self._poll_on, contract, path)

    async def lost(self) -> int:
        """Count the acknowledged writes that are not there, or are there twice."""
        lost = 0
        for id, messages in self.tally.acknowledged.items():
            answer = await self._client.get(f"/jobs/{id}/events", headers=self._headers["native"])
            events = answer.json().get("events", [])
            there = Counter((event["version"], event["message"]) for event in events)
            lost += sum(there[written] != 1 for written in messages.items())
            lost += [event["version"] for event in events] != list(range(1, len(events) + 1))
        return lost

    async def _poll_on(self, contract: str, path: str) -> None:
        while not self._stopped:
            await self._ask(contract, {200}, "GET", path)
            await anyio.sleep(0.01)

    async def _write_on(self, writer: int) -> None:
        for number in itertools.count():
            id = f"w{writer}-{number}"
            for version in range(1, JOB_LENGTH + 1):
                if not await self._write(id, version):
                    return

    async def _write(self, id: str, version: int) -> bool:
        """Write one version until it has landed. A refusal of a second try may tell that the first one had."""
        message = f"{id}/{version}"
        first, said = {"id": id, "type": "t", "message": message}, {"message": message}
        tried = False
        while not self._stopped:
            if version == 1:
                status = await self._ask("native", {201, 409} if tried else {201}, "POST", "/jobs", json=first)
            else:
                matching = {"If-Match": f'"{version - 1}"'}
                expected = {200, 412} if tried else {200}
                status = await self._ask("native", expected, "PATCH", f"/jobs/{id}", json=said, headers=matching)
            if status in (200, 201, 409, 412):
                self.tally.acknowledged.setdefault(id, {})[version] = message
                return True
            tried = True
            await anyio.sleep(0.05)
        return False

    async def _ask(self, contract: str, expected: set[int], method: str, path: str, **rest: Any) -> int:
        """Make one request, and count what became of it."""
        self.tally.tried += 1
        headers = {**self._headers[contract], **rest.pop("headers", {})}
        begun = time.monotonic()
        try:
            answer = await self._client.request(method, path, headers=headers, timeout=PATIENCE, **rest)
        except httpx.HTTPError as error:
            self.tally.strange[f"{contract} {type(error).__name__}"] += 1
            return 0
        self.tally.slowest = max(self.tally.slowest, time.monotonic() - begun)
        if answer.status_code in expected:
            self.tally.answered += 1
        elif answer.status_code >= 500 and SAYS[contract](answer):
            self.tally.refused += 1
        else:
            self.tally.strange[f"{contract} {answer.status_code} {answer.text[:200]}"] += 1
        return answer.status_code
