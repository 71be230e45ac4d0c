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
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any

from connexion.lifecycle import ConnexionRequest
from connexion.validators import AbstractRequestBodyValidator
from connexion.validators.json import JSONResponseBodyValidator
from jsonschema.protocols import Validator
from starlette.types import ASGIApp, Receive, Scope, Send

from jobstatus.contract.bodies import parse, read, validate
from jobstatus.contract.delivery import Delivery
from jobstatus.contract.engine import Engine
from jobstatus.contract.exchange import Exchange, current
from jobstatus.contract.front import Front
from jobstatus.contract.parameters import check, compile_parameters
from jobstatus.contract.permission import allow
from jobstatus.contract.spec import Document, Operation


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

    def __init__(self, app: ASGIApp, *, engine: Engine, delivery: Delivery) -> None:
        self._app = app
        self._engine = engine
        self._delivery = delivery

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is an operation of the spec."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = current.get()
        call = self._engine.call(exchange, exchange.arguments)
        await self._delivery.deliver(call, exchange, receive, send)


def parameter_check(document: Document) -> type:
    """Make Connexion's seam for parameters: it is made for each request, then told to validate it."""
    compiled = {id: compile_parameters(document, operation) for id, operation in document.operations.items()}

    class ParameterCheck:
        def __init__(self, _: Any, uri_parser: Any, **__: Any) -> None:
            self._uri_parser = uri_parser

        def validate(self, scope: Scope) -> None:
            exchange = current.get()
            request = ConnexionRequest(scope, uri_parser=self._uri_parser)
            sent = {
                "path": request.path_params,
                "query": request.query_params,
                "header": request.headers,
                "cookie": request.cookies,
            }
            query, strict = scope["query_string"], exchange.contract.STRICT_QUERY
            exchange.arguments = check(compiled[exchange.known_operation.id], sent, query, strict=strict)

    return ParameterCheck


def body_check(limit: int, schemas: Mapping[str, Validator]) -> type[AbstractRequestBodyValidator]:
    """Make Connexion's seam for JSON bodies: it takes *limit* bytes, and *schemas* by operationId."""

    class BodyCheck(AbstractRequestBodyValidator):  # type: ignore[misc]  # Connexion is not typed
        def __init__(self, **_: Any) -> None:
            pass

        async def wrap_receive(self, receive: Receive, *, scope: Scope) -> tuple[Receive, Scope]:
            exchange = current.get()
            body: Any = await read(receive, limit)
            if not exchange.known_operation.raw_body:
                body = parse(body)
                validate(schemas[exchange.known_operation.id], body)
            exchange.arguments = {**exchange.arguments, "body": body}
            return receive, scope

    return BodyCheck


class AnswerValidator(JSONResponseBodyValidator):  # type: ignore[misc]  # Connexion is not typed
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
