"""Where every request comes in: nothing of this server's gets past it but an answer in some contract's words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache

from starlette.types import ASGIApp, Receive, Scope, Send

from jobstatus.answer import Answer, Contract
from jobstatus.contract.delivery import Delivery, respond
from jobstatus.contract.engine import Engine
from jobstatus.contract.exchange import Exchange, current
from jobstatus.contract.problems import understood
from jobstatus.contract.router import Route, Router, allowed, choose

CLOSING = "jobstatus.closing"
"""Where the server's state (ASGI, lifespan) has what is to be called when it is about to stop."""

Elsewhere = Callable[[str], ASGIApp | None]
"""Gives the application that a path belongs to, where that is another one."""


class Front(ABC):
    """Finds the contract and the operation, has the request served, and turns every error into an answer."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        engine: Engine,
        delivery: Delivery,
        profile: Callable[[str], str],
        elsewhere: Elsewhere = lambda path: None,
    ) -> None:
        """Take what tells which paths are not the API's."""
        self._app = app
        self._elsewhere = elsewhere
        self._engine = engine
        self._delivery = delivery
        self._profile = cache(profile)
        self._router = Router(engine.document)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass the server's own start and stop on."""
        if scope["type"] != "http":
            scope.get("state", {})[CLOSING] = self._delivery.end
            await self._app(scope, receive, send)
            return
        path, method = scope["path"], scope["method"]
        if (other := self._elsewhere(path)) is not None:
            await other(scope, receive, send)
            return
        route, values = self._router.find(path)
        name = self._router.contract(path) if route is None else route.contract
        contract = self._engine.contracts[name]
        exchange = Exchange(scope, contract, self._profile(name))
        token = current.set(exchange)
        try:
            bare = contract.divert(exchange)
            if bare is None and method == "OPTIONS":
                bare = _options(route, contract)
            if bare is None:
                exchange.find(choose(route, path, method, contract.EXTRA_METHODS))
                await self.serve(exchange, values, receive, send)
            else:
                await respond(self._engine.bare(bare, exchange), exchange, send)
        except Exception as error:
            await respond(self._engine.refuse(understood(error, exchange), exchange), exchange, send)
        finally:
            current.reset(token)

    @abstractmethod
    async def serve(self, exchange: Exchange, values: dict[str, str], receive: Receive, send: Send) -> None:
        """Answer a request whose operation was found, with the values of its path's parameters."""


def _options(route: Route | None, contract: Contract) -> Answer | None:
    extra = contract.EXTRA_METHODS
    if route is None or "OPTIONS" not in extra:
        return None
    return Answer(status=204, headers={"Allow": ", ".join(sorted(allowed(route, extra)))})
