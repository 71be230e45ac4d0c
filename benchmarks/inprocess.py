"""What a poll costs inside the applications: each is called directly, without a server or a socket, by several at once.

All of them live in this process, and are called in turn. What counts is the time that the processor worked, in whatever
thread, not what a clock on the wall shows: a neighbour on the machine then matters little. Plan and outcome are JSON,
as those of a load are.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import sys
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Scope

from benchmarks.peers import APPS

FEW = 1000
"""How many of the jobs are polled, so that the warm-up reaches all of them."""
CALLERS = 16
"""How many call at a time, as over so many connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is called, how often and for how long."""

    url: str
    token: str
    paths: Sequence[str]
    names: Sequence[str]
    rounds: int
    seconds: float


async def call_all(plan: Plan) -> Mapping[str, Sequence[float]]:
    """Give the microseconds that a poll took in each round, by application."""
    scopes = itertools.cycle([scope_of(path, plan.token) for path in plan.paths[:FEW]])
    times: dict[str, list[float]] = {name: [] for name in plan.names}
    async with AsyncExitStack() as stack:
        started = {name: await stack.enter_async_context(application(APPS[name](plan.url))) for name in plan.names}
        for app in started.values():
            await _call_for(app, scopes, plan.seconds)
        gc.collect()
        gc.freeze()  # what one application keeps is not to slow down the others
        for _ in range(plan.rounds):
            for name, app in started.items():
                times[name].append(await _call_for(app, scopes, plan.seconds))
    return times


@dataclass(frozen=True, slots=True)
class Started:
    """An application and the state that its lifespan gives to requests."""

    app: ASGIApp
    state: dict[str, Any]


@asynccontextmanager
async def application(app: ASGIApp) -> AsyncGenerator[Started]:
    """Start an application as a server does, and stop it at the end."""
    inbox: asyncio.Queue[Message] = asyncio.Queue()
    outbox: asyncio.Queue[Message] = asyncio.Queue()
    state: dict[str, Any] = {}
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    task = asyncio.ensure_future(app(scope, inbox.get, outbox.put))
    await inbox.put({"type": "lifespan.startup"})
    await _expect(outbox, "lifespan.startup.complete")
    yield Started(app, state)
    await inbox.put({"type": "lifespan.shutdown"})
    await _expect(outbox, "lifespan.shutdown.complete")
    await task


async def _expect(outbox: asyncio.Queue[Message], kind: str) -> None:
    message = await outbox.get()
    if message["type"] != kind:
        raise RuntimeError(f"an application answers {message}")


async def _call_for(started: Started, scopes: Iterator[Scope], seconds: float) -> float:
    """Call an application again and again, and give the microseconds of work that a call took."""
    end, worked = time.perf_counter() + seconds, time.process_time()
    calls = await asyncio.gather(*(_caller(started, scopes, end) for _ in range(CALLERS)))
    return (time.process_time() - worked) / sum(calls) * 1e6


async def _caller(started: Started, scopes: Iterator[Scope], end: float) -> int:
    calls = 0
    while time.perf_counter() < end:
        await call(started, next(scopes))
        calls += 1
    return calls


async def call(started: Started, scope: Scope) -> None:
    exchange = _Exchange()
    await started.app({**scope, "state": started.state.copy()}, exchange.receive, exchange.send)
    if exchange.status != 200:
        raise RuntimeError(f"{scope['path']} was answered with {exchange.status}")


class _Exchange:
    """A client with nothing to say, which waits for the whole answer before it leaves."""

    def __init__(self) -> None:
        self.status = 0
        self._asked = False
        self._answered: asyncio.Event | None = None

    async def receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        self._answered = self._answered or asyncio.Event()
        await self._answered.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif not message.get("more_body") and self._answered is not None:
            self._answered.set()


def scope_of(path: str, token: str) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"accept", b"*/*"),
            (b"authorization", f"Bearer {token}".encode()),
        ],
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
    }


def main() -> None:
    """Call what standard input names."""
    import uvloop

    print(json.dumps(uvloop.run(call_all(Plan(**json.load(sys.stdin))))))


if __name__ == "__main__":
    main()
