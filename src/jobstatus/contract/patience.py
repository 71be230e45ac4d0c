"""Holding a poll until there is something new to say (RFC 7240, section 4.3: `Prefer: wait`)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from starlette.types import Receive

from jobstatus.answer import Lasting, Told
from jobstatus.contract.exchange import Exchange
from jobstatus.contract.freshness import held

_WAIT = re.compile(r'(?:(?:[^"]|"(?:[^"\\]|\\.)*")*?,)??\s*wait\s*=\s*("?)([0-9]{1,9})\1\s*(?=$|[,;])', re.IGNORECASE)
"""The first wish of that name, not within the quoted value of another."""

Call = Callable[[], Awaitable[Told]]
"""A handler with its arguments."""


class Woken(Protocol):
    """One who waits."""

    def wake(self) -> None:
        """Have it wait no more."""

    async def woken(self) -> object:
        """Wait."""


class Waiting(Protocol):
    """Where one can wait for changes of a record."""

    count: int
    """How many wait."""
    over: bool
    """Whether there is an end to waiting."""

    def watching(self, id: str) -> AbstractContextManager[Woken]:
        """Be woken by changes of one record within the block."""

    def end(self) -> None:
        """Wake all who wait, for good."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long polls are held: *most* seconds if their clients want that, else as long as their contract's *holds*."""

    waiting: Waiting
    most: int = 60
    room: int = 20_000
    """How many polls and streams are held at a time; a poll that comes beyond is answered at once, a stream refused."""
    holds: Mapping[str, float] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        """Tell whether there is no room for one more who waits."""
        return self.waiting.count >= self.room

    def prompt(self, exchange: Exchange) -> bool:
        """Tell whether a request is one to answer at once, whatever there is to say."""
        held = self.holds.get(exchange.known_operation.contract)
        return not held and all(name != b"prefer" for name, _ in exchange.scope["headers"])

    def span(self, exchange: Exchange) -> float:
        """Tell for how many seconds a request may be held, and note that its wish is granted, if it has one."""
        wanted = _wanted(exchange)
        if wanted is None:
            return self.holds.get(exchange.known_operation.contract, 0)
        seconds = min(wanted, self.most)
        exchange.asides += ((b"preference-applied", b"wait=%d" % seconds),)
        return seconds

    async def told(
        self, call: Call, exchange: Exchange, receive: Receive, readmit: Callable[[Exchange], Awaitable[None]]
    ) -> Told:
        """Call a handler; if the client has what it gives, once more when that changes, or the time is up.

        A client that does not say what it has waits for what is newer than now. What has ended is told at once. Who has
        waited is admitted anew by *readmit*.
        """
        told = await call()
        if not exchange.known_operation.poll or not isinstance(told, Lasting):
            return told
        if told.job.terminal or self.full or not (span := self.span(exchange)):
            return told
        if b"if-none-match" in exchange.sent and not held(exchange, told):
            return told
        return await self._changed(told, call, partial(readmit, exchange), receive, span)

    async def _changed(
        self, told: Lasting, call: Call, readmit: Callable[[], Awaitable[None]], receive: Receive, span: float
    ) -> Told:
        with self.waiting.watching(told.job.id) as watch, _Interruption(watch, receive, span) as interruption:
            while True:
                again = await call()
                if not isinstance(again, Lasting) or again.job.version != told.job.version:
                    return again
                if interruption.over or self.waiting.over:
                    return again
                await watch.woken()
                await readmit()


class _Interruption:
    """Wakes who waits when its time is up or its client has gone. Many wait: of each, as little as may be is kept."""

    __slots__ = ("_gone", "_timer", "_watch", "over")

    def __init__(self, watch: Woken, receive: Receive, span: float) -> None:
        self.over = False
        """Whether one or the other has come about."""
        self._watch = watch
        self._timer = asyncio.get_running_loop().call_later(span, self._interrupt)
        self._gone = asyncio.ensure_future(departure(receive))
        self._gone.add_done_callback(self._interrupt)

    def __enter__(self) -> _Interruption:
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._gone.cancel()

    def _interrupt(self, _: object = None) -> None:
        self.over = True
        self._watch.wake()


async def departure(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _wanted(exchange: Exchange) -> int | None:
    """Read for how many seconds the client wants to wait, on whichever line it says so."""
    lines = [value.decode("latin-1") for name, value in exchange.scope["headers"] if name == b"prefer"]
    found = _WAIT.match(",".join(lines)) if lines else None
    return int(found[2]) if found else None
