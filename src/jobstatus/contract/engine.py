"""From an operation and its arguments to the bytes of its answer, checked against the spec."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from jobstatus.answer import Answer, Contract, Request
from jobstatus.contract.checks import AnswerChecks
from jobstatus.contract.spec import Document, Operation
from jobstatus.credential import Caller
from jobstatus.errors import ConfigurationError, ContractBroken, JobstatusError, StoreUnavailable

log = structlog.get_logger()

Handler = Callable[..., Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer as it goes out."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()


class Engine:
    """Every operation of the spec bound to its handler."""

    def __init__(self, document: Document, contracts: Mapping[str, Contract]) -> None:
        self.document = document
        self.contracts = contracts
        self._services: Mapping[str, object] = {}
        self._checks = AnswerChecks(document)
        self._handlers: dict[str, Handler] = {
            operation.id: getattr(contracts[operation.contract], operation.function)
            for operation in document.operations.values()
        }
        self._curious = {id for id, handler in self._handlers.items() if "request" in _parameters(handler)}
        """The operations whose handlers ask for the facts of the request."""

    def start(self, services: Mapping[str, object]) -> None:
        """Take what handlers are given first, by the name that the spec calls it; before that nothing works."""
        self._services = services

    def handler(self, operation: Operation) -> Handler:
        """Give the function bound to an operation."""
        return self._handlers[operation.id]

    async def perform(
        self, operation: Operation, caller: Caller, request: Request, arguments: Mapping[str, Any]
    ) -> Rendered:
        """Call the handler of *operation* and render its answer.

        Raises:
            JobstatusError: what the handler raised.
            ContractBroken: the answer breaks the spec.
        """
        told = replace(caller, profile=request.profile)
        asked = {"request": request} if operation.id in self._curious else {}
        answer = await self._handlers[operation.id](self._services[operation.service], told, **arguments, **asked)
        return self._render(answer, self.contracts[operation.contract], request, operation)

    def refuse(self, error: Exception, contract: Contract, request: Request, operation: Operation | None) -> Rendered:
        """Render an error in the words of its contract: the one place where errors become HTTP."""
        if not isinstance(error, JobstatusError) or isinstance(error, ContractBroken | ConfigurationError):
            log.error("request failed", request_id=request.id, path=request.path, exc_info=error)
            error = ContractBroken("the server failed")
        elif isinstance(error, StoreUnavailable):
            log.warning("store unavailable", request_id=request.id, path=request.path, reason=str(error))
        try:
            return self._render(contract.failure(error, request), contract, request, operation)
        except ContractBroken as broken:
            log.error("error breaks the spec", request_id=request.id, path=request.path, exc_info=broken)
            return self._render(contract.failure(broken, request), contract, request, None)

    def bare(self, answer: Answer, contract: Contract, request: Request) -> Rendered:
        """Render an answer that belongs to no operation."""
        return self._render(answer, contract, request, None)

    def _render(self, answer: Answer, contract: Contract, request: Request, operation: Operation | None) -> Rendered:
        answer = contract.complete(answer, request)
        body, sealing = contract.finish(_encoded(answer.body, contract), request)
        headers = {**answer.headers, **sealing}
        if operation is not None:
            self._checks.check(operation, request.profile, replace(answer, headers=headers))
        typed = {} if answer.body is None else {"Content-Type": answer.media_type}
        return Rendered(answer.status, {**typed, **headers}, body, request.cookies + answer.cookies)


def _parameters(handler: Handler) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(handler).parameters


def _encoded(body: Any, contract: Contract) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else contract.encode(body)
