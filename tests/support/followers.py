"""Clients of several servers that write jobs, wait for them and follow them, and note what they see."""

from __future__ import annotations

import json
from asyncio import Event, sleep
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from time import monotonic_ns
from typing import Any

import httpx
from serving import Server
from sightings import Polled, Sightings, Streamed, Written

WAIT = 600
"""Seconds for which a poll asks to be held: longer than anybody here has patience, so that who is not woken is seen."""
AGAIN = 0.05
"""Seconds after which whoever was cut off comes back."""
ENDS = ("succeeded", "failed", "cancelled")
HTTP_OK, HTTP_NO_CONTENT, HTTP_NOT_MODIFIED = 200, 204, 304


class Audience:
    """How far those who follow the jobs have got."""

    def __init__(self) -> None:
        self._saw: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._news = Event()

    def saw(self, by: str, id: str, version: int) -> None:
        """Note that one has seen a version of a job."""
        self._saw[id][by] = version
        self._news.set()

    async def reached(self, id: str, version: int, count: int) -> None:
        """Wait until so many have seen this version of a job or a later one."""
        while sum(saw >= version for saw in self._saw[id].values()) < count:
            self._news.clear()
            await self._news.wait()


class Followers:
    """Everybody, on all servers; whoever is cut off comes back, to the same server."""

    def __init__(self, client: httpx.AsyncClient, servers: Sequence[Server]) -> None:
        self._client = client
        self._urls = [server.url for server in servers]
        self.seen = Sightings()
        self.audience = Audience()

    async def create(self) -> str:
        """Make a job, at version 1."""
        answer = await self._client.post(f"{self._urls[0]}/jobs", json={"type": "t"})
        return self._wrote(answer.json())

    async def report(self, id: str, version: int, said: Mapping[str, Any]) -> None:
        """Bring a job to a version, by whichever server can; whether one that was lost has landed is looked up."""
        for turn in range(version, version + 1000):
            url = f"{self._urls[turn % len(self._urls)]}/jobs/{id}"
            with suppress(httpx.TransportError):
                answer = await self._client.patch(url, json=said, headers={"If-Match": f'"{version - 1}"'})
                if answer.status_code != HTTP_OK:
                    answer = await self._client.get(url)
                if answer.status_code == HTTP_OK and answer.json()["version"] == version:
                    self._wrote(answer.json())
                    return
            await sleep(AGAIN)
        raise AssertionError(f"no server takes version {version} of {id}")

    async def wait(self, name: str, server: int, id: str) -> None:
        """Poll a job, each time until it is newer, to its end."""
        by, ended = f"{name} of {id} at {server}", False
        had: int | None = None
        while not ended:
            begun = monotonic_ns()
            try:
                answer = await self._client.get(f"{self._urls[server]}/jobs/{id}", headers=_newer(had))
            except httpx.TransportError:
                await sleep(AGAIN)
                continue
            assert answer.status_code in (HTTP_OK, HTTP_NOT_MODIFIED), answer.text
            new = answer.status_code == HTTP_OK
            version = answer.json()["version"] if new else had or 0
            self.seen.polled.append(Polled(by, server, id, begun, had, version, new))
            self.audience.saw(by, id, version)
            had, ended = version, new and answer.json()["status"] in ENDS

    async def follow(self, server: int, id: str) -> None:
        """Follow the stream of one job, to its end."""
        by = f"stream of {id} at {server}"
        async with aclosing(self._frames(f"{self._urls[server]}/jobs/{id}/events")) as frames:
            async for connection, _, body in frames:
                self.seen.of_one.append(Streamed(by, connection, id, body["version"]))
                self.audience.saw(by, id, body["version"])

    async def follow_all(self, name: str, server: int, jobs: int) -> None:
        """Follow the stream of all jobs until so many have ended."""
        by, ended, begun = f"{name} at {server}", set[str](), monotonic_ns()
        async with aclosing(self._frames(f"{self._urls[server]}/jobs")) as frames:
            async for connection, event, body in frames:
                if event == "page":
                    told = [Polled(by, server, job["id"], begun, None, job["version"]) for job in body["jobs"]]
                    self.seen.polled += told
                    self.audience.saw(by, "", 1)
                    continue
                self.seen.of_all.append(Streamed(by, connection, body["id"], body["version"]))
                ended |= {body["id"]} if body["status"] in ENDS else set()
                if len(ended) == jobs:
                    return

    async def _frames(self, url: str) -> AsyncGenerator[tuple[int, str, Any]]:
        """Give events with the numbers of their connections, until there is nothing to come back for."""
        last: dict[str, str] = {}
        for connection in range(1000):
            with suppress(httpx.TransportError):
                async with self._client.stream("GET", url, headers={"Accept": "text/event-stream", **last}) as answer:
                    if answer.status_code == HTTP_NO_CONTENT:
                        return
                    assert answer.status_code == HTTP_OK, await answer.aread()
                    async with aclosing(_events(answer)) as events:
                        async for event in events:
                            last = {"Last-Event-ID": event["id"]}
                            yield connection, event.get("event", "message"), json.loads(event["data"])
            await sleep(AGAIN)
        raise AssertionError(f"{url} is cut off again and again")

    def _wrote(self, job: Any) -> str:
        self.seen.written.append(Written(job["id"], job["version"], monotonic_ns()))
        return str(job["id"])


def _newer(had: int | None) -> dict[str, str]:
    """Ask to be answered when there is another version than this one."""
    return {} if had is None else {"Prefer": f"wait={WAIT}", "If-None-Match": f'W/"native-documented-{had}"'}


async def _events(answer: httpx.Response) -> AsyncGenerator[dict[str, str]]:
    """Read server-sent events, each of which has one line of data."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        elif "data" in fields:
            yield fields
            fields = {}
