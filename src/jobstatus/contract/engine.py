"""From an operation and its arguments to the bytes of its answer, checked against the spec."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import structlog

from jobstatus.answer import Answer, Contract, Frame, Gathered, Lasting, Stream, Told
from jobstatus.bounded import Newcomers
from jobstatus.contract import freshness
from jobstatus.contract.checks import AnswerChecks
from jobstatus.contract.exchange import Exchange
from jobstatus.contract.memo import Memo
from jobstatus.contract.spec import Document, Operation
from jobstatus.contract.stream import EVENT_STREAM, written
from jobstatus.contract.template import Pair, Rendered, Template, disguised
from jobstatus.errors import ConfigurationError, ContractBroken, JobstatusError, StoreUnavailable, TooManyRequests

log = structlog.get_logger()

Handler = Callable[..., Awaitable[Told]]
Call = Callable[[], Awaitable[Told]]
"""A handler with its arguments."""
SHORT = 128
"""The most characters of a header that is shared: what is longer, such as a place with its query, is of one client."""
STREAMING = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""What keeps the proxies that there are from gathering a stream before they pass it on."""
FACTS = ("profile", "request")
"""What of an exchange a handler is given that has a parameter of that name."""


@dataclass(frozen=True, slots=True)
class _Bound:
    """An operation's handler, and which facts it asks for."""

    handler: Handler
    service: str
    profile: bool
    request: bool


class Engine:
    """Every operation of the spec bound to its handler."""

    def __init__(self, document: Document, contracts: Mapping[str, Contract], memo: Memo | None = None) -> None:
        """Take the contracts by name; without a memo every answer is made anew."""
        self.document = document
        self.contracts = contracts
        self.broken = 0
        """How many answers were not sent because they broke the spec."""
        self._services: Mapping[str, object] = {}
        self._checks = AnswerChecks(document)
        self._memo = memo
        self._newcomers = Newcomers()
        self._bound = {operation.id: _bind(operation, contracts) for operation in document.operations.values()}

    def start(self, services: Mapping[str, object]) -> None:
        """Take what handlers are given first, by the name that the spec calls it; before that nothing works."""
        self._services = services

    @property
    def operations(self) -> Collection[Operation]:
        """Every operation."""
        return self.document.operations.values()

    def handler(self, operation: Operation) -> Handler:
        """Give the function bound to an operation."""
        return self._bound[operation.id].handler

    def call(self, exchange: Exchange, arguments: Mapping[str, Any]) -> Call:
        """Bind the handler of the operation that was found to its arguments."""
        bound = self._bound[exchange.known_operation.id]
        facts: dict[str, Any] = {"profile": exchange.profile} if bound.profile else {}
        if bound.request:
            facts["request"] = exchange
        return partial(bound.handler, self._services[bound.service], exchange.known_caller, **arguments, **facts)

    async def perform(self, exchange: Exchange, arguments: Mapping[str, Any]) -> Rendered:
        """Call the handler of the operation that was found and render its answer.

        Raises:
            JobstatusError: what the handler raised.
            ContractBroken: the answer breaks the spec.
        """
        return self.tell(await self.call(exchange, arguments)(), exchange)

    def tell(self, told: Told, exchange: Exchange) -> Rendered:
        """Render what a handler gave that can be told at once; 304 where the client has it already.

        Raises:
            ContractBroken: it breaks the spec.
        """
        if isinstance(told, Lasting):
            template = self.template(told, exchange)
            filled = template.fill(exchange) if template is not None else None
            return filled or self._render_fresh(told, exchange, exchange)
        if isinstance(told, Gathered):
            return self._render_fresh(told, exchange, exchange)
        if isinstance(told, Stream):
            raise ContractBroken("a stream is not told at once")
        return self._render(_tagged(told, exchange), exchange, exchange.found)

    def template(self, told: Lasting, exchange: Exchange) -> Template | None:
        """Give what was made before of the same record; else make it, with blanks, if it has been asked for before."""
        memo = self._memo
        if memo is None:
            return None
        contract, operation, held = exchange.contract, exchange.known_operation, freshness.held(exchange, told)
        key = (operation.id, exchange.profile, 304 if held else contract.variant(exchange), told.facts, told.job.id)
        template = memo.find(key, told.job)
        if template is None and not self._newcomers.welcome(key):
            rendered = self._render_fresh(told, exchange, disguised(exchange))
            template = Template(rendered, told.job, told.facts)
            memo.keep(key, template)
        return template

    def begin(self, exchange: Exchange) -> Rendered:
        """Render the head of a stream. Raises `ContractBroken` if it breaks the spec."""
        headers = {**STREAMING, "Vary": exchange.known_operation.vary}
        answer = Answer("", headers=headers, media_type=EVENT_STREAM)
        answer = exchange.contract.complete(answer, exchange)
        self._checks.check(exchange.known_operation, exchange.profile, answer)
        head = Rendered(answer.status, _raw(answer, b"", exchange.cookies), b"")
        head.headers = [(name, value) for name, value in head.headers if name != b"content-length"]
        return head

    def event(self, frame: Frame, exchange: Exchange) -> bytes:
        """Write one event of a stream. Raises `ContractBroken` if it breaks the spec."""
        self._checks.check_event(exchange.known_operation, exchange.profile, frame)
        return written(frame, exchange.contract.encode(frame.data))

    def refuse(self, error: Exception, exchange: Exchange) -> Rendered:
        """Render an error in the words of its contract: the one place where errors become HTTP."""
        if not isinstance(error, JobstatusError) or isinstance(error, ContractBroken | ConfigurationError):
            self.note("request failed", error, exchange)
            error = ContractBroken("the server failed")
        elif isinstance(error, StoreUnavailable):
            log.warning("store unavailable", request_id=exchange.id, path=exchange.path, reason=str(error))
        if not isinstance(error, TooManyRequests):
            exchange.asides = ()
        failure = exchange.contract.failure
        try:
            return self._render(failure(error, exchange), exchange, exchange.found)
        except ContractBroken as broken:
            self.note("error breaks the spec", broken, exchange)
            return self._render(failure(broken, exchange), exchange, None)

    def bare(self, answer: Answer, exchange: Exchange) -> Rendered:
        """Render an answer that belongs to no operation."""
        return self._render(answer, exchange, None)

    def _render(self, answer: Answer, exchange: Exchange, operation: Operation | None) -> Rendered:
        contract = exchange.contract
        answer = contract.complete(answer, exchange)
        body = _encoded(answer.body, contract)
        if answer.status != 304:
            body, sealing = contract.finish(body, exchange)
            answer = replace(answer, headers={**answer.headers, **sealing}) if sealing else answer
        if operation is not None:
            self._checks.check(operation, exchange.profile, answer)
        return Rendered(answer.status, _raw(answer, body, exchange.cookies), body)

    def _render_fresh(self, told: Lasting | Gathered, exchange: Exchange, named: Exchange) -> Rendered:
        """Render an answer, or that the client has it; *named* is the request as the answer is to name it."""
        fresh = freshness.headers(exchange, told)
        if freshness.held(exchange, told):
            return self._render(Answer(None, 304, fresh), named, exchange.found)
        answer = told.answer() if isinstance(told, Lasting) else told.tell()
        return self._render(replace(answer, headers={**fresh, **answer.headers}), named, exchange.found)

    def note(self, what: str, error: Exception, exchange: Exchange) -> None:
        """Log what should not have happened."""
        if isinstance(error, ContractBroken):
            self.broken += 1
        log.error(what, request_id=exchange.id, path=exchange.path, broken=self.broken, exc_info=error)


def _bind(operation: Operation, contracts: Mapping[str, Contract]) -> _Bound:
    handler: Handler = getattr(contracts[operation.contract], operation.function)
    asked = inspect.signature(handler).parameters
    return _Bound(handler, operation.service, *(name in asked for name in FACTS))


def _tagged(answer: Answer, exchange: Exchange) -> Answer:
    """Add the entity tag of a job that is told of in full."""
    if answer.job is None or answer.status == 202:
        return answer
    return replace(answer, headers={**answer.headers, "ETag": freshness.tag(exchange, answer.job)})


def _encoded(body: Any, contract: Contract) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else contract.encode(body)


def _raw(answer: Answer, body: bytes, cookies: tuple[str, ...]) -> list[Pair]:
    """Spell the headers as they go out. What has no body by its status has no length either."""
    named = {} if answer.body is None else {"content-type": answer.media_type}
    named |= {name.lower(): value for name, value in answer.headers.items()}
    if answer.status >= 200 and answer.status not in (204, 304):
        named["content-length"] = str(len(body))
    pairs = [(_shared if len(value) <= SHORT else _pair)(name, value) for name, value in named.items()]
    return pairs + _set_cookies(cookies + answer.cookies)


def _pair(name: str, value: str) -> Pair:
    return name.encode("latin-1"), value.encode("latin-1")


_shared = lru_cache(1024)(_pair)
"""Most headers are the same in most answers that are kept, and so take memory once."""


def _set_cookies(cookies: tuple[str, ...]) -> list[Pair]:
    return [(b"set-cookie", cookie.encode("latin-1")) for cookie in cookies]
