"""From a handler's call to what is sent: at once, when there is something new, or by and by."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

from starlette.types import Receive, Send

from jobstatus.answer import Answer, Frame, Gathered, Lasting, Stream, Told
from jobstatus.clock import Clock
from jobstatus.contract.engine import Engine
from jobstatus.contract.exchange import Exchange
from jobstatus.contract.patience import Call, Patience
from jobstatus.contract.permission import allow
from jobstatus.contract.spec import Operation
from jobstatus.contract.stream import HEARTBEAT, send_stream
from jobstatus.contract.template import Rendered
from jobstatus.errors import AccessRefused, StoreUnavailable, TooManyRequests
from jobstatus.job import Job
from jobstatus.outage import sat_out
from jobstatus.quota import Reading

Enter = Callable[[Exchange], Awaitable[None]]
"""A contract's way in, where it may be gone through again."""
Tell = Callable[[Told], Rendered]


class Turnpike(Protocol):
    """Lets a caller's requests through, so many in a time."""

    def at_hand(self, caller: str, now: datetime) -> Reading | None:
        """Let one through at once; none where it must be looked up. Raises `TooManyRequests`."""

    async def spend(self, caller: str, now: datetime) -> Reading | None:
        """Let one through, with nothing to tell where that cannot be looked up. Raises `TooManyRequests`."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What answers depend on that lies outside the spec."""

    patience: Patience
    pause: Callable[[Job], int | None]
    """Says after how many seconds a client is to ask again after a job."""
    turnpike: Callable[[Operation], Turnpike | None]
    """Gives what limits the requests for an operation, if they are limited."""
    now: Clock
    entrances: Mapping[str, Enter] = field(default_factory=dict)
    """By contract, what whoever has waited is looked at by once more."""
    heartbeat: float = 15.0
    """Seconds between two signs of life in a stream."""


class Delivery:
    """The last stage of both engines."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._terms: Terms
        self._turnpikes: Mapping[str, Turnpike | None] = {}

    def start(self, terms: Terms) -> None:
        """Take the terms; before that nothing works."""
        self._terms = terms
        self._turnpikes = {operation.id: terms.turnpike(operation) for operation in self._engine.operations}

    def end(self) -> None:
        """Have everybody answered who waits, because the server is about to stop."""
        self._terms.patience.waiting.end()

    def prompt(self, exchange: Exchange) -> bool:
        """Tell whether a request is one to answer at once, whatever there is to say."""
        return self._terms.patience.prompt(exchange)

    async def deliver(
        self,
        call: Call,
        exchange: Exchange,
        receive: Receive,
        send: Send,
        tell: Tell | None = None,
        *,
        prompt: bool = False,
    ) -> None:
        """Send what a handler gives, rendered by *tell* or else by the engine; *prompt* if it is known to be that.

        Raises what either raises.
        """
        if (turnpike := self._turnpikes[exchange.known_operation.id]) is not None:
            caller, now = exchange.known_caller.id, self._terms.now()
            try:
                reading = turnpike.at_hand(caller, now) or await turnpike.spend(caller, now)
            except TooManyRequests as error:
                exchange.asides += error.reading.headers
                raise
            if reading is not None:
                exchange.asides += reading.headers
        told = await (call() if prompt else self._terms.patience.told(call, exchange, receive, self._readmit))
        if isinstance(told, Stream):
            await self._stream(told, exchange, receive, send)
        else:
            rendered = tell(told) if tell is not None else self._engine.tell(told, exchange)
            if (seconds := self._pause(told)) is not None:
                rendered.headers.append((b"retry-after", b"%d" % seconds))
            await respond(rendered, exchange, send)

    def _pause(self, told: Answer | Lasting | Gathered) -> int | None:
        """Say when to ask again: the answer is rendered once and sent often, and this is of the moment."""
        pause = self._terms.pause
        if isinstance(told, Gathered):
            return min((seconds for job in told.jobs if (seconds := pause(job)) is not None), default=None)
        return pause(told.job) if told.job is not None else None

    async def _readmit(self, exchange: Exchange) -> None:
        """See that who has waited may still be told. Raises `AccessRefused`."""
        enter = self._terms.entrances.get(exchange.known_operation.contract)
        if enter is not None:
            await enter(exchange)
            allow(exchange)

    async def _stream(self, told: Stream, exchange: Exchange, receive: Receive, send: Send) -> None:
        if self._terms.patience.full:
            raise StoreUnavailable("too many clients wait already")
        head = self._engine.begin(exchange)
        async with aclosing(told.frames) as frames:
            if exchange.method == "HEAD":
                await respond(head, exchange, send)
                return
            head.headers += exchange.asides
            coming, pulse = partial(self._coming, frames, exchange), partial(self._pulse, exchange)
            await send_stream(head, coming, pulse, receive, send, self._terms.heartbeat)

    async def _coming(self, frames: AsyncGenerator[Frame], exchange: Exchange) -> bytes | None:
        """Give the next event; nothing at the end, which comes too for who may not be told any more."""
        try:
            frame = await anext(frames, None)
            if frame is None:
                return None
            await sat_out(partial(self._readmit, exchange), lambda: self._terms.patience.waiting.over)
            return self._engine.event(frame, exchange)
        except AccessRefused:
            return None
        except Exception as error:  # the answer has begun: all that can be done is to end it
            self._engine.note("stream failed", error, exchange)
            return None

    async def _pulse(self, exchange: Exchange) -> bytes | None:
        """Give a sign of life; nothing, which is the end, to who may not be told any more."""
        with suppress(StoreUnavailable):  # nothing is told until it can be looked up
            try:
                await self._readmit(exchange)
            except AccessRefused:
                return None
        return HEARTBEAT


async def respond(rendered: Rendered, exchange: Exchange, send: Send) -> None:
    """Send an answer, with what is said beside it of the request."""
    rendered.headers += exchange.asides
    await send({"type": "http.response.start", "status": rendered.status, "headers": rendered.headers})
    await send({"type": "http.response.body", "body": rendered.body})
