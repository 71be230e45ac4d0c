"""Reads a stream of server-sent events with a client that its interpreter has, and comes back when it is cut off.

`drive_streams.py requests URL [LAST]` and `drive_streams.py httpx URL [LAST]` give each version that was told, as the
event's type, the job's id and the number, and how many streams were begun. They end when the server says that there is
no more (204), or when the job LAST has ended. Standard error tells each version at once. TOKEN is what is shown.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import Any

import httpx
import requests  # type: ignore[import-untyped,unused-ignore]  # the other environment's

PATIENCE = 60.0


class Reader:
    """What is known of a stream, through all its interruptions."""

    def __init__(self, last: str | None = None) -> None:
        self._last = last
        self._fields: dict[str, str] = {}
        self._id = ""
        self.pause = 5.0
        self.begun = 0
        self.over = False
        self.seen: list[tuple[str, str | None, int]] = []

    @property
    def headers(self) -> dict[str, str]:
        """Give what a stream is asked for with: what came last, once something has."""
        known = {"Last-Event-ID": self._id} if self._id else {}
        return {"Accept": "text/event-stream", "Authorization": f"Bearer {os.environ['TOKEN']}", **known}

    def begin(self, status: int) -> None:
        """Begin an answer; what was left of the one before counts for nothing."""
        self._fields = {}
        self.over = status == 204
        self.begun += status == 200
        if status not in (200, 204):
            raise SystemExit(f"answered {status}")

    def take(self, line: str) -> None:
        """Take one line."""
        name, _, value = line.partition(":")
        if name:
            self._fields[name] = value.removeprefix(" ")
        elif not line:
            self._dispatch(self._fields)
            self._fields = {}

    def _dispatch(self, fields: dict[str, str]) -> None:
        self._id = fields.get("id", self._id)
        self.pause = int(fields["retry"]) / 1000 if "retry" in fields else self.pause
        if "data" in fields:
            kind, told = fields.get("event", "message"), json.loads(fields["data"])
            for record in told["jobs"] if kind == "page" else [told]:
                self._note(kind, record)

    def _note(self, kind: str, record: dict[str, Any]) -> None:
        id = record.get("id")  # a change names no job
        self.seen.append((kind, id, record["version"]))
        print(id, record["version"], file=sys.stderr, flush=True)
        if id is not None and id == self._last and record["ended_at"] is not None:
            self.over = True


def with_requests(url: str, reader: Reader) -> None:
    """Read one answer to its end."""
    with requests.get(url, headers=reader.headers, stream=True, timeout=PATIENCE) as answer:
        reader.begin(answer.status_code)
        for line in answer.iter_lines():
            reader.take(line.decode())
            if reader.over:
                break


async def with_httpx(url: str, reader: Reader) -> None:
    """Read one answer to its end."""
    async with (
        httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client,
        client.stream("GET", url, headers=reader.headers) as answer,
    ):
        reader.begin(answer.status_code)
        async for line in answer.aiter_lines():
            reader.take(line)
            if reader.over:
                break


def main(way: str, url: str, *last: str) -> Reader:
    """Read until it is over."""
    reader = Reader(*last)
    while not reader.over:
        try:
            if way == "requests":
                with_requests(url, reader)
            else:
                asyncio.run(with_httpx(url, reader))
        except (requests.RequestException, httpx.TransportError) as error:
            print(type(error).__name__, file=sys.stderr, flush=True)
        if not reader.over:
            time.sleep(reader.pause)
    return reader


if __name__ == "__main__":
    reader = main(*sys.argv[1:])
    print(json.dumps({"seen": reader.seen, "begun": reader.begun}))
