"""The engine `compiled`: Connexion reads the spec, and none of its stages is on the way of a request.

At the start Connexion's `Specification` gives the operations, its resolver their handlers, and its security classes
what verifies who calls. Each operation is then compiled to a `Plan`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from weakref import ref

from connexion.middleware.abstract import SpecMiddleware
from connexion.resolver import Resolver
from connexion.security import SecurityHandlerFactory
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

from jobstatus.answer import Lasting, Told
from jobstatus.clock import Clock
from jobstatus.contract.delivery import respond
from jobstatus.contract.exchange import Exchange
from jobstatus.contract.front import Front
from jobstatus.contract.plan import Plan
from jobstatus.contract.template import Rendered
from jobstatus.contract.verdicts import Verdict, Verdicts


class Compiled(Front, SpecMiddleware):  # type: ignore[misc]  # Connexion is not typed
    """The one stage before the handlers."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, clock: Clock, **rest: Any) -> None:
        super().__init__(app, **rest)
        self._max_body_bytes = max_body_bytes
        self._plans: dict[str, Plan] = {}
        self._verdicts = Verdicts(clock)

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; one that was let in just so before goes to its handler at once."""
        verdict = self._verdicts.recall(scope) if scope["type"] == "http" else None
        if verdict is None:
            await super().__call__(scope, receive, send)
            return
        exchange = verdict.exchange(scope)
        try:
            tell = partial(self._tell, exchange, verdict)
            await self._delivery.deliver(verdict.call, exchange, receive, send, tell, prompt=verdict.prompt)
        except Exception as error:
            await respond(self._engine.refuse(error, exchange), exchange, send)

    def _tell(self, exchange: Exchange, verdict: Verdict, told: Told) -> Rendered:
        if (again := verdict.again(told, exchange)) is not None:
            return again
        rendered = self._engine.tell(told, exchange)
        if isinstance(told, Lasting) and (template := self._engine.template(told, exchange)) is not None:
            verdict.last = ref(template)
        return rendered

    async def serve(self, exchange: Exchange, values: dict[str, str], receive: Receive, send: Send) -> None:
        """Carry the operation's plan out."""
        plan = self._plans[exchange.known_operation.id]
        arguments = await plan.admit(exchange, values, receive)
        call = self._engine.call(exchange, arguments)
        if not plan.has_body:
            self._verdicts.keep(exchange, call, prompt=self._delivery.prompt(exchange))
        await self._delivery.deliver(call, exchange, receive, send)
