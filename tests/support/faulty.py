"""Servers that are wrong, each in one thing: faults that stand between this server and whoever asks it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobstatus.conformance import State, Target, credentials


@dataclass
class Exchange:
    """One request and its answer, which a fault may change."""

    target: Target
    scope: MutableMapping[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    """Of the request."""
    status: int = 0
    sent: dict[str, str] = field(default_factory=dict)
    """Headers of the answer."""
    body: bytes = b""

    @property
    def path(self) -> str:
        """Give the path that is asked."""
        return str(self.scope["path"])

    def asks(self, state: State) -> bool:
        """Tell whether the job in that state is asked for."""
        return self.path.endswith(f"/{self.target.jobs[state]}")

    def lead(self, state: State) -> None:
        """Have the job in that state asked for in its place."""
        way, _, _ = self.path.rpartition("/")
        self.scope["path"] = f"{way}/{self.target.jobs[state]}"
        self.scope["raw_path"] = self.scope["path"].encode()

    def admit(self) -> None:
        """Have it asked by a caller who may."""
        security: list[dict[str, Any]] = [{name: [] for name in self.target.credentials}]
        sent = credentials.sent(self.target.bundle, security, self.target.credentials)
        self.headers |= {name.lower(): value for name, value in sent.items()}

    def edit(self, path: str, change: Callable[[dict[str, Any], str], None]) -> None:
        """Change the member at a path of the answer's body, if there is a body that has what it stands in."""
        if not self.body or "json" not in self.sent["content-type"]:
            return
        *way, last = path.split(".")
        node = body = json.loads(self.body)
        for step in way:
            node = node.get(step)
            if not isinstance(node, dict):
                return
        change(node, last)
        self.body = json.dumps(body).encode()


Change = Callable[[Exchange], None]


def _nothing(exchange: Exchange) -> None:
    """Leave it as it is."""


@dataclass(frozen=True)
class Fault:
    """One thing that a server does wrong."""

    name: str
    bundle: str
    caught: str
    """What the check is called that finds it, or the beginning of that."""
    asked: Change = _nothing
    """What becomes of the request before the server gets it."""
    answered: Change = _nothing
    """What becomes of the answer."""


class Faulty:
    """The application with one fault."""

    def __init__(self, app: ASGIApp, fault: Fault, target: Target) -> None:
        self._app = app
        self._fault = fault
        self._target = target

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request wrongly."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(self._target, {**scope}, {**_read(scope["headers"]), "accept-encoding": "identity"})
        self._fault.asked(exchange)
        asked = {**exchange.scope, "headers": _written(exchange.headers)}
        await self._app(asked, receive, _gathering(exchange))
        self._fault.answered(exchange)
        await _answer(exchange, send)


def _gathering(exchange: Exchange) -> Callable[[Message], Awaitable[None]]:
    async def gather(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.status, exchange.sent = message["status"], _read(message["headers"])
        else:
            exchange.body += message.get("body", b"")

    return gather


async def _answer(exchange: Exchange, send: Send) -> None:
    headers = {**exchange.sent, "content-length": str(len(exchange.body))}
    if exchange.status in (204, 304):
        del headers["content-length"]
    await send({"type": "http.response.start", "status": exchange.status, "headers": _written(headers)})
    await send({"type": "http.response.body", "body": exchange.body})


def _read(headers: Any) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}


def _written(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def when(status: int, change: Change) -> Change:
    """Make a change of answers with a status alone."""

    def changed(exchange: Exchange) -> None:
        if exchange.status == status:
            change(exchange)

    return changed


def asking(state: State, change: Change) -> Change:
    """Make a change where the job in that state is asked for."""

    def changed(exchange: Exchange) -> None:
        if exchange.asks(state):
            change(exchange)

    return changed


def status(code: int) -> Change:
    """Answer with another status."""

    def change(exchange: Exchange) -> None:
        exchange.status = code

    return change


def put(path: str, value: Any) -> Change:
    """Put a value in the place of another one."""

    def replaced(node: dict[str, Any], name: str) -> None:
        if name in node:
            node[name] = value

    return lambda exchange: exchange.edit(path, replaced)


def add(path: str, value: Any) -> Change:
    """Tell a member more."""
    return lambda exchange: exchange.edit(path, lambda node, name: node.update({name: value}))


def drop(path: str) -> Change:
    """Leave a member out."""

    def left_out(node: dict[str, Any], name: str) -> None:
        node.pop(name, None)

    return lambda exchange: exchange.edit(path, left_out)


def silent(header: str) -> Change:
    """Leave a header of the answer out."""

    def change(exchange: Exchange) -> None:
        exchange.sent.pop(header, None)

    return change


def deaf(header: str) -> Change:
    """Take no notice of a header of the request."""

    def change(exchange: Exchange) -> None:
        exchange.headers.pop(header, None)

    return change


def says(header: str, value: str) -> Change:
    """Send a header."""

    def change(exchange: Exchange) -> None:
        exchange.sent[header] = value

    return change


def body(content: bytes, media: str = "application/json") -> Change:
    """Answer with another body."""

    def change(exchange: Exchange) -> None:
        exchange.body, exchange.sent["content-type"] = content, media

    return change


def cut_off(exchange: Exchange) -> None:
    """Send less than all of it."""
    exchange.body = exchange.body[:-2]


def both(*changes: Change) -> Change:
    """Make several changes."""

    def change(exchange: Exchange) -> None:
        for each in changes:
            each(exchange)

    return change


def lead(state: State) -> Change:
    """Tell of another job."""
    return lambda exchange: exchange.lead(state)


def admit(exchange: Exchange) -> None:
    """Let anybody in."""
    exchange.admit()


def admit_unless_nobody(exchange: Exchange) -> None:
    """Let anybody in who shows something."""
    if {"authorization", "x-auth-token", "cookie"} & exchange.headers.keys():
        exchange.admit()


def forgetful() -> Change:
    """Tell another time of the end at each poll."""
    count = itertools.count()

    def change(exchange: Exchange) -> None:
        put("response.end_time", f"2031-03-04T05:06:{next(count) % 60:02d}Z")(exchange)

    return change


def gets(exchange: Exchange) -> None:
    """Take every method for a reading one."""
    exchange.scope["method"] = "GET"


def crash_on(header: str) -> Change:
    """Fail where a header is sent."""

    def change(exchange: Exchange) -> None:
        if header in exchange.headers:
            exchange.status = 500

    return change


def crash_on_long(exchange: Exchange) -> None:
    """Fail where an id is longer than a column of a table."""
    if len(exchange.path) > 60:
        both(status(500), body(b"value too long for type character varying(64)", "text/plain"))(exchange)
