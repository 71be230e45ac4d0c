"""The same server twice, with different engines: everything that one is asked, the other is asked too."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from asks import Ask
from callers import Change, admit_all
from house import KEYS, MovingClock
from odd_bodies import LIMIT
from raw_asgi import Fields, Got, Sent, send, started
from starlette.types import ASGIApp
from world import World, clear, populate, records

from jobstatus.app import create_app
from jobstatus.errors import StoreUnavailable
from jobstatus.settings import Settings
from jobstatus.storage import Store, open_store

READING = ("GET", "HEAD")
Wrap = Callable[[ASGIApp], ASGIApp]
_RECONNECT = re.compile(rb"^retry: [0-9]+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the engines are meant to answer differently."""

    reason: str
    holds: Callable[[Sent, Got, Got], bool]
    """Whether this is why a request has two answers: the first is the stock engine's."""
    shown_by: Sent
    """A request of a world's that has two answers for this reason."""


class Outages:
    """A store that cannot be reached for a while."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.down = False

    def __getattr__(self, name: str) -> Any:
        if self.down:
            raise StoreUnavailable("down, in tests alone")
        return getattr(self._store, name)


@dataclass(slots=True)
class Twin:
    """One server and its store."""

    app: ASGIApp
    store: Store
    outages: Outages
    made: dict[str, str] = field(default_factory=dict)
    """What the jobs are called that the server gave ids to, by their ids, which no other server would give."""

    def plain(self, sent: Sent, got: Got) -> Got:
        """Put an answer into the form in which it is compared; see `Twins`."""
        body, headers = got.body, got.headers
        for id, name in self.made.items():
            body, headers = _put(body, headers, id, name)
            body, headers = _put(body, headers, id.replace("-", ""), name)
        given = got.header(b"x-request-id")
        if given and (b"x-request-id", given) not in sent.headers:
            body, headers = _put(body, headers, given.decode(), f"<{re.sub('[0-9a-f]+', 'x', given.decode())}>")
        if got.header(b"content-length") == b"%d" % len(got.body):
            headers = tuple(pair for pair in headers if pair[0] != b"content-length")
        if got.header(b"content-type") == b"text/event-stream":
            body = b"\n\n".join(_RECONNECT.sub(b"retry: <n>", body).split(b"\n\n")[:2])
        return Got(got.status, tuple(sorted(headers, key=lambda pair: pair[0])), body)


def _put(body: bytes, headers: Fields, old: str, new: str) -> tuple[bytes, Fields]:
    before, after = old.encode(), new.encode()
    return body.replace(before, after), tuple((name, value.replace(before, after)) for name, value in headers)


class Twins:
    """Two servers that have the same keys, the same clock, and stores with the same in them.

    Answers must be equal in status, headers and bytes, but for this:

    - the id of a request that brought none is random; it is compared by its form
    - the id of a job that brought none is random; the job is compared by its number
    - `Content-Length` must be the body's own length, and is not compared beyond that, since ids may differ in theirs
    - the order of headers of different names has no meaning
    - a stream's time to reconnect is random, and how much of it is sent until its client has gone differs by chance:
      its first event is compared

    While their stores are there, nothing that is asked for may be a fault of the server.
    """

    def __init__(
        self, runner: asyncio.Runner, pair: tuple[Twin, Twin], clock: MovingClock, differences: Sequence[Difference]
    ) -> None:
        self.clock = clock
        self.tally: Counter[tuple[str, int]] = Counter()
        """How often an operation was asked for and answered with a status."""
        self._runner = runner
        self._pair = pair
        self._differences = differences
        self._turn = 0
        self._world: World | None = None
        self._made_at = clock.now
        self._records_made: list[Any] = []

    @contextmanager
    def world(self) -> Iterator[World]:
        """Give jobs that both servers know, as they were made; at the end their records must be the same."""
        if self._world is None or self._made_at != self.clock.now:
            self._turn += 1
            self._world, self._made_at = self._runner.run(self._begin()), self.clock.now
        world, self._world = self._world, None
        yield world
        self._world = self._runner.run(self._end(world))

    def ask(self, ask: Ask) -> Got:
        """Write a request and send it; see `send`."""
        return self.send(ask.sent(self.clock.now), ask.operation.id)

    def send(self, sent: Sent, operation: str) -> Got:
        """Send a request to both and give the answer that they have in common, and count it as an operation's."""
        first, second = self.answers(sent)
        self.tally[operation, first.status] += 1
        if first != second and not any(difference.holds(sent, first, second) for difference in self._differences):
            raise AssertionError(f"{sent}\nis answered differently\n{_apart(_lines(first), _lines(second))}")
        if first.status == 500 and not self._pair[0].outages.down:
            raise AssertionError(f"{sent}\nis answered by both with a fault of the server:\n{_lines(first)}")
        return first

    def ask_all(self, asks: Iterable[Ask], operation: str) -> None:
        """Ask for one thing after another, with new jobs whenever some may have changed."""
        waiting = iter(asks)
        ask = next(waiting, None)
        while ask is not None:
            with self.world() as world:
                changed = False
                while ask is not None and not changed:
                    sent = ask.within(world).sent(self.clock.now)
                    changed = self.send(sent, operation).status < 400 and sent.method not in READING
                    ask = next(waiting, None)

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Let both servers be without their stores for a while."""
        for twin in self._pair:
            twin.outages.down = True
        try:
            yield
        finally:
            for twin in self._pair:
                twin.outages.down = False

    def each(self, change: Change) -> None:
        """Do the same to both stores, past their servers."""

        async def both() -> None:
            for twin in self._pair:
                await change(twin.store)

        self._runner.run(both())

    def answers(self, sent: Sent) -> tuple[Got, Got]:
        """Send a request to both and give both answers in the form in which they are compared."""
        return self._runner.run(self._answers(sent))

    async def _begin(self) -> World:
        for twin in self._pair:
            await clear(twin.store)
            twin.made.clear()
        world = await populate(self._turn, self.clock.now, *(twin.store for twin in self._pair))
        self._records_made = await self._records(self._pair[0], world)
        return world

    async def _end(self, world: World) -> World | None:
        """Give the world once more if nothing has happened to it."""
        first, second = [await self._records(twin, world) for twin in self._pair]
        if first != second:
            raise AssertionError(f"the records differ\n{_apart(first, second)}")
        return world if first == self._records_made else None

    async def _records(self, twin: Twin, world: World) -> list[Any]:
        """Give every record with its timeline, and what is left of the world's jobs."""
        jobs = await records(twin.store)
        lived = [(replace(job, id=twin.made.get(job.id, job.id)), await twin.store.events(job.id)) for job in jobs]
        return [*lived, *[await twin.store.get(job.number) for job in world.jobs.values()]]

    async def _answers(self, sent: Sent) -> tuple[Got, Got]:
        gots = [await send(twin.app, sent) for twin in self._pair]
        if sent.method not in READING:
            await self._name_new_jobs()
        first, second = [twin.plain(sent, got) for twin, got in zip(self._pair, gots, strict=True)]
        return first, second

    async def _name_new_jobs(self) -> None:
        lists = [await records(twin.store) for twin in self._pair]
        for same in zip(*lists, strict=False):
            for twin, job in zip(self._pair, same, strict=True):
                if len({job.id for job in same}) > 1:
                    twin.made[job.id] = f"<job {job.number}>"


def _lines(got: Got) -> list[Any]:
    return [got.status, *got.headers, got.body]


def _apart(first: Sequence[Any], second: Sequence[Any]) -> str:
    """Tell what stands in one alone."""
    stock = [f"  stock: {line!r}" for line in first if line not in second]
    return "\n".join([*stock, *(f"  other: {line!r}" for line in second if line not in first)])


@contextmanager
def running_twins(
    profile: str = "documented", differences: Sequence[Difference] = (), wrap: Wrap = lambda app: app
) -> Iterator[Twins]:
    """Run the stock engine beside the compiled one, which *wrap* may put something before."""
    clock = MovingClock()
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            stock = runner.run(_begin(stack, clock, profile, "stock", lambda app: app))
            other = runner.run(_begin(stack, clock, profile, "compiled", wrap))
            yield Twins(runner, (stock, other), clock, differences)
        finally:
            runner.run(stack.aclose())


async def _begin(stack: AsyncExitStack, clock: MovingClock, profile: str, engine: str, wrap: Wrap) -> Twin:
    store = await open_store("memory://")
    stack.push_async_callback(store.aclose)
    await admit_all(store)
    profiles = {f"profile_{name}": profile for name in ("ehealth", "ehealth_composition", "traffic_ops", "ims")}
    bounds: dict[str, float] = {"sweep_seconds": 3600, "heartbeat_seconds": 1, "max_body_bytes": LIMIT}
    if engine == "stock":
        bounds["credential_seconds"] = 0
    settings = Settings().model_copy(update={**KEYS, **profiles, **bounds, "engine": engine})
    outages = Outages(store)
    app = wrap(create_app(settings, store=cast(Store, outages), clock=clock))
    await stack.enter_async_context(started(app))
    return Twin(app, store, outages)
