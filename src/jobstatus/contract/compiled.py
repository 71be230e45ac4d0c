"""The engine `compiled`: Connexion reads the spec, and none of its stages is on the way of a request.

At the start Connexion's `Specification` gives the operations, its resolver their handlers, and its security classes
what verifies who calls. Each operation is then compiled to a `Plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connexion.middleware.abstract import SpecMiddleware
from connexion.resolver import Resolver
from connexion.security import SecurityHandlerFactory
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Send

from jobstatus.contract.engine import Engine
from jobstatus.contract.exchange import Exchange
from jobstatus.contract.front import Front, respond
from jobstatus.contract.plan import Plan


class Compiled(Front, SpecMiddleware):  # type: ignore[misc]
    """The one stage before the handlers."""

    def __init__(self, app: ASGIApp, *, engine: Engine, profile: Callable[[str], str], max_body_bytes: int) -> None:
        super().__init__(app, engine=engine, profile=profile)
        self._max_body_bytes = max_body_bytes
        self._plans: dict[str, Plan] = {}

    def add_api(
        self, specification: Specification, *, resolver: Resolver, security_map: Mapping[str, type], **_: Any
    ) -> None:
        """Compile every operation of a specification: Connexion calls this once, before the first request."""
        security = SecurityHandlerFactory(dict(security_map))
        for operation in self._engine.document.operations.values():
            read = specification.operation_cls.from_spec(
                specification, path=operation.path, method=operation.method.lower(), resolver=resolver
            )
            self._plans[operation.id] = Plan(self._engine, operation, read, security, self._max_body_bytes)

    async def serve(self, exchange: Exchange, values: dict[str, str], receive: Receive, send: Send) -> None:
        """Carry the operation's plan out."""
        await respond(await self._plans[exchange.known_operation.id](exchange, values, receive), send)
