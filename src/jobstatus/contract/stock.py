"""The engine `stock`: the same application on Connexion's own stages, with ours before, between and behind them.

Front            finds the contract and the operation; turns every error into the contract's answer
(routing)
(security)       finds the caller
Permissions      sees that the caller may do this
(parameters, body)
(response)       holds what is sent to the spec once more
Perform          calls the handler and sends its answer
"""

from __future__ import annotations

import gzip
from collections.abc import Generator, Iterable, Iterator
from typing import Any

from connexion.validators.json import JSONResponseBodyValidator
from starlette.types import ASGIApp, Receive, Scope, Send

from jobstatus.contract.engine import Engine
from jobstatus.contract.exchange import Exchange, current
from jobstatus.contract.front import Front, respond
from jobstatus.contract.permission import allow
from jobstatus.contract.spec import Operation


class StockFront(Front):
    """The first stage."""

    async def serve(self, exchange: Exchange, values: dict[str, str], receive: Receive, send: Send) -> None:
        """Leave the request to Connexion, which finds its operation once more."""
        await self._app(_plain(exchange.scope, exchange.known_operation), receive, send)


class Permissions:
    """Between security and parameters: who is known may still not be allowed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what the caller may do. Raises `Forbidden`."""
        if scope["type"] == "http":
            allow(current.get())
        await self._app(scope, receive, send)


class Perform:
    """The last stage: the handler and its answer."""

    def __init__(self, app: ASGIApp, *, engine: Engine) -> None:
        self._app = app
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is an operation of the spec."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = current.get()
        await respond(await self._engine.perform(exchange, exchange.arguments), send)


class AnswerValidator(JSONResponseBodyValidator):  # type: ignore[misc]
    """Connexion's validator of JSON answers, for those too that are compressed."""

    def _parse(self, stream: Generator[bytes, None, None]) -> Any:
        body = b"".join(stream)
        packed = body.startswith(b"\x1f\x8b")
        return super()._parse(iter([gzip.decompress(body) if packed else body]))


def _plain(scope: Scope, operation: Operation) -> Scope:
    """Spell a request as Connexion understands it: to it a slash at the end would be another path."""
    path = scope["path"].removesuffix("/") if operation.trailing_slash else scope["path"]
    headers = list(_lowered(scope["headers"]))
    if operation.raw_body:
        headers = [pair for pair in headers if pair[0] != b"content-type"] + [(b"content-type", b"application/json")]
    return {**scope, "path": path, "headers": headers}


def _lowered(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Spell the media type in lower case: to Connexion `Application/JSON` would be another type."""
    for name, value in headers:
        yield name, value.lower() if name == b"content-type" else value
