"""The load: connections that are kept alive, each of which asks again as soon as it is answered.

It is a process of its own, reads its plan from standard input and writes what came of it to standard output, both as
JSON. What it does for an answer is little against what any server does, so that the server is what is measured.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import math
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import cast

from benchmarks.machine import worked_seconds

HOST = "127.0.0.1"
_BLANK_LINE = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_BODILESS = (204, 304)


class LoadFailed(Exception):
    """An answer that was not expected, or none: what was measured means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked, how often and for how long."""

    port: int
    requests: Sequence[str]
    """Whole requests, sent in a random order."""
    dealt: bool = False
    """Whether each connection has requests of its own, every so manieth, and sends them in their order."""
    lot: int = 1
    """What their order is drawn by."""
    connections: int = 16
    seconds: float = 3.0
    warm_up: float = 0.0
    """Seconds of the same load before what counts."""
    expect: int = 200
    patience: float = 10.0
    """Seconds more for a server that has answered nothing by then."""
    pid: int | None = None
    """The server's process, to tell what it worked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a load: answers, the seconds in which they came, and how long one took."""

    answers: int
    seconds: float
    p50: float
    p99: float
    busy: float
    """The share of its core that the load itself took; near 1 it, and not the server, was the limit."""
    server_busy: float | None = None
    """The share of its core that the server got; far below 1 something else was the limit, such as a neighbour."""

    @property
    def rate(self) -> float:
        """Answers in a second."""
        return self.answers / self.seconds

    @property
    def work(self) -> float | None:
        """Seconds that the processor worked in the server for an answer."""
        return None if self.server_busy is None else self.server_busy / self.rate


def request(path: str, *, method: str = "GET", body: str = "", **headers: str) -> str:
    """Write a whole request; a header's name is given in snake case, and a body in ASCII."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", "Accept: */*"]
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", body])


def percentile(values: Sequence[float], share: float) -> float:
    """Give the smallest of sorted values that is not below *share* of them."""
    return values[max(0, math.ceil(share * len(values)) - 1)]


async def load(plan: Plan) -> Outcome:
    """Make the load of a plan. Raises `LoadFailed`."""
    requests = _dealt(plan) if plan.dealt else [_shuffled(plan)] * plan.connections
    if plan.warm_up:
        await _once(plan, requests, plan.warm_up)
    return await _once(plan, requests, plan.seconds)


def _shuffled(plan: Plan) -> Iterator[bytes]:
    """Give all requests in a random order, again and again: so each has been sent once the warm-up is over."""
    requests = [request.encode("latin-1") for request in plan.requests]
    random.Random(plan.lot).shuffle(requests)
    return itertools.cycle(requests)


def _dealt(plan: Plan) -> list[Iterator[bytes]]:
    """Give each connection requests of its own, again and again."""
    requests = [request.encode("latin-1") for request in plan.requests]
    return [itertools.cycle(requests[first :: plan.connections]) for first in range(plan.connections)]


async def _once(plan: Plan, requests: Sequence[Iterator[bytes]], seconds: float) -> Outcome:
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    connections = [Connection(failed, own, plan.expect) for own in requests]
    await asyncio.gather(*(connection.open(plan.port) for connection in connections))
    began = _Times.now(plan.pid)
    for connection in connections:
        connection.ask()
    await asyncio.wait({failed}, timeout=seconds)
    if not any(connection.times for connection in connections):
        await asyncio.wait({failed}, timeout=plan.patience)
    spent = _Times.now(plan.pid).since(began)
    for connection in connections:
        connection.close()
    if failed.done():
        failed.result()
    return _outcome(connections, spent)


@dataclass(frozen=True, slots=True)
class _Times:
    """What clocks show: the wall's, this process's work and the server's."""

    wall: float
    work: float
    server: float | None

    @classmethod
    def now(cls, pid: int | None) -> _Times:
        return cls(time.perf_counter(), time.process_time(), worked_seconds(pid))

    def since(self, began: _Times) -> _Times:
        server = None if self.server is None or began.server is None else self.server - began.server
        return _Times(self.wall - began.wall, self.work - began.work, server)


def _outcome(connections: Sequence[Connection], spent: _Times) -> Outcome:
    times = sorted(itertools.chain.from_iterable(connection.times for connection in connections))
    if not times:
        raise LoadFailed(f"no answer within {spent.wall:.1f} s")
    return Outcome(
        answers=len(times),
        seconds=spent.wall,
        p50=percentile(times, 0.5),
        p99=percentile(times, 0.99),
        busy=spent.work / spent.wall,
        server_busy=None if spent.server is None else spent.server / spent.wall,
    )


class Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, failed: asyncio.Future[None], requests: Iterator[bytes], expect: int) -> None:
        self.times: list[float] = []
        """How long each answer took, in seconds."""
        self._failed = failed
        self._requests = requests
        self._expect = expect
        self._status = b" %d " % expect
        self._received = b""
        self._asked_at = 0.0
        self._closed = False
        self._transport: asyncio.Transport | None = None

    async def open(self, port: int) -> None:
        """Connect to the server."""
        await asyncio.get_running_loop().create_connection(lambda: self, HOST, port)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to the server."""
        self._transport = cast(asyncio.Transport, transport)

    def ask(self) -> None:
        """Send the next request."""
        if self._transport is not None:
            self._asked_at = time.perf_counter()
            self._transport.write(next(self._requests))

    def close(self) -> None:
        """Ask no more."""
        self._closed = True
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer; once it is whole, ask again."""
        if self._failed.done():
            return
        received = self._received + data if self._received else data
        try:
            length = self._length(received)
        except LoadFailed as failure:
            self._failed.set_exception(failure)
            return
        if length is None or len(received) < length:
            self._received = received
            return
        self._received = b""
        self.times.append(time.perf_counter() - self._asked_at)
        self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        """Fail where it was the server that closed."""
        if not self._closed and not self._failed.done():
            self._failed.set_exception(LoadFailed(f"the server closed a connection: {error or 'without a word'}"))

    def _length(self, received: bytes) -> int | None:
        """Tell how long the answer is, once its head is there."""
        end = received.find(_BLANK_LINE)
        if end < 0:
            return None
        if received[8:13] != self._status:
            raise LoadFailed(f"expected status {self._expect}, got {received[:400]!r}")
        if self._expect in _BODILESS:
            return end + len(_BLANK_LINE)
        length = _LENGTH.search(received, 0, end)
        if length is None:
            raise LoadFailed(f"an answer without Content-Length: {received[:400]!r}")
        return end + len(_BLANK_LINE) + int(length[1])


def main() -> None:
    """Make the load that standard input describes."""
    import uvloop

    plan = Plan(**json.load(sys.stdin))
    gc.freeze()
    gc.disable()
    print(json.dumps(asdict(uvloop.run(load(plan)))))


if __name__ == "__main__":
    main()
