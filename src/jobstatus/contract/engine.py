"""From an operation and its arguments to the bytes of its answer, checked against the spec."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from jobstatus.answer import Answer, Contract, Request
from jobstatus.contract.checks import AnswerChecks
from jobstatus.contract.spec import Document, Operation
from jobstatus.credential import Caller
from jobstatus.errors import ContractBroken, JobstatusError, StoreUnavailable

log = structlog.get_logger()

Handler = Callable[..., Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer as it goes out."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Engine:
    """Every operation of the spec bound to its handler."""

    def __init__(self, document: Document, contracts: Mapping[str, Contract]) -> None:
        self.document = document
        self.contracts = contracts
        self._service: object | None = None
        self._checks = AnswerChecks(document)
        self._handlers: dict[str, Handler] = {
            operation.id: getattr(contracts[operation.contract], operation.function)
            for operation in document.operations.values()
        }

    def start(self, service: object) -> None:
        """Take what every handler is given first; before that nothing can be performed."""
        self._service = service

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
        if self._service is None:
            raise RuntimeError("the engine has not been started")
        told = replace(caller, profile=request.profile)
        answer = await self._handlers[operation.id](self._service, told, **arguments)
        return self._render(answer, self.contracts[operation.contract], request, operation)

    def refuse(self, error: Exception, contract: Contract, request: Request, operation: Operation | None) -> Rendered:
        """Render an error in the words of its contract: the one place where errors become HTTP."""
        if not isinstance(error, JobstatusError) or isinstance(error, ContractBroken):
            log.error("request failed", request_id=request.id, path=request.path, exc_info=error)
            error = ContractBroken("the server failed")
        elif isinstance(error, StoreUnavailable):
            log.warning("store unavailable", request_id=request.id, path=request.path, reason=str(error))
        try:
            return self._render(contract.failure(error, request), contract, request, operation)
        except ContractBroken as broken:
            log.error("error breaks the spec", request_id=request.id, path=request.path, exc_info=broken)
            return self._render(contract.failure(broken, request), contract, request, None)

    def _render(self, answer: Answer, contract: Contract, request: Request, operation: Operation | None) -> Rendered:
        answer = contract.complete(answer, request)
        if operation is not None:
            self._checks.check(operation, request.profile, answer)
        if answer.body is None:
            return Rendered(answer.status, answer.headers, b"")
        body = contract.encode(answer.body)
        return Rendered(answer.status, {"Content-Type": answer.media_type, **answer.headers}, body)
