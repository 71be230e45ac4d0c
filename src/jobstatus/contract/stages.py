"""The stages that stand before, between and behind Connexion's own: routing, security, parameters and bodies are its.

Front            finds the contract and the operation; turns every error into the contract's answer
(routing)
(security)       finds the caller
Permissions      sees that the caller may do this
(parameters, body)
Perform          calls the handler and sends its answer
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from jobstatus.answer import Answer
from jobstatus.contract.engine import Engine, Rendered
from jobstatus.contract.exchange import Exchange, current, describe
from jobstatus.contract.problems import understood
from jobstatus.contract.router import Router
from jobstatus.contract.spec import Operation
from jobstatus.credential import Caller
from jobstatus.errors import Forbidden


class Front:
    """The first stage: nothing of this server's gets past it but an answer in some contract's words."""

    def __init__(self, app: ASGIApp, *, engine: Engine, profile: Callable[[str], str]) -> None:
        self._app = app
        self._engine = engine
        self._profile = profile
        self._router = Router(engine.document)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass the server's own start and stop on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = self._router.contract(scope["path"])
        http = HttpRequest(scope)
        contract = self._engine.contracts[name]
        exchange = Exchange(http, contract, describe(http, contract, self._profile(name)))
        token = current.set(exchange)
        try:
            await self._answer(exchange, scope, receive, send)
        except Exception as error:
            rendered = self._engine.refuse(understood(error), exchange.contract, exchange.request, exchange.operation)
            await respond(rendered, scope, receive, send)
        finally:
            current.reset(token)

    async def _answer(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        bare = exchange.contract.divert(exchange.request) or self._options(exchange)
        if bare is not None:
            await respond(self._engine.bare(bare, exchange.contract, exchange.request), scope, receive, send)
            return
        request = exchange.request
        operation = self._router.match(request.path, request.method, exchange.contract.EXTRA_METHODS)
        exchange.found(operation)
        await self._app(_plain(scope, operation), receive, send)

    def _options(self, exchange: Exchange) -> Answer | None:
        extra = exchange.contract.EXTRA_METHODS
        if exchange.request.method != "OPTIONS" or "OPTIONS" not in extra:
            return None
        allowed = ", ".join(sorted(self._router.allowed(exchange.request.path, extra)))
        return Answer(status=204, headers={"Allow": allowed})


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


class Permissions:
    """Between security and parameters: who is known may still not be allowed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what the caller may do. Raises `Forbidden`."""
        if scope["type"] == "http":
            exchange = current.get()
            permit(exchange.known_operation, exchange.known_caller, exchange.request.profile, exchange.limit)
            exchange.contract.admit(exchange.request)
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
        rendered = await self._engine.perform(
            exchange.known_operation, exchange.known_caller, exchange.request, exchange.arguments
        )
        await respond(rendered, scope, receive, send)


def permit(operation: Operation, caller: Caller, profile: str, limit: frozenset[str] | None = None) -> None:
    """Let a caller pass that holds all permissions and, where the profile names roles, one of them.

    What it calls through, if anything, must hold the permissions too; and whoever is nobody passes only where the
    operation is open to all. Raises `Forbidden`.
    """
    if not caller.id and not operation.public:
        raise Forbidden(permissions=operation.permissions)
    if caller.roles & operation.superusers.get(profile, frozenset()):
        return
    wanted = operation.roles.get(profile, frozenset())
    roles = frozenset() if wanted & caller.roles else wanted
    held = caller.permissions if limit is None else caller.permissions & limit
    if roles or not operation.permissions <= held:
        raise Forbidden(permissions=operation.permissions - held, roles=roles)


async def respond(rendered: Rendered, scope: Scope, receive: Receive, send: Send) -> None:
    """Send an answer."""
    response = Response(rendered.body, rendered.status, dict(rendered.headers))
    for cookie in rendered.cookies:
        response.headers.append("set-cookie", cookie)
    await response(scope, receive, send)
