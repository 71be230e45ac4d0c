"""One operation, compiled: what depends on it alone is worked out at the start, the rest for each request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from connexion.middleware.security import SecurityOperation
from connexion.operations import AbstractOperation
from connexion.security import SecurityHandlerFactory
from starlette.types import Receive

from jobstatus.contract.bodies import CompiledBody
from jobstatus.contract.engine import Engine
from jobstatus.contract.exchange import Exchange
from jobstatus.contract.parameters import CompiledParameters
from jobstatus.contract.permission import allow
from jobstatus.contract.spec import Operation
from jobstatus.errors import ConfigurationError

Verify = Callable[[Exchange], Awaitable[object]]


class Plan:
    """The stages of one operation, in their order."""

    def __init__(
        self,
        engine: Engine,
        operation: Operation,
        read: AbstractOperation,
        security: SecurityHandlerFactory,
        max_body_bytes: int,
    ) -> None:
        """Compile *operation*, which Connexion has *read* from its specification.

        Raises:
            ConfigurationError: the operation is of a kind that cannot be compiled.
        """
        strict = engine.contracts[operation.contract].STRICT_QUERY
        uri_parser = read.uri_parser_class(read.parameters, read.body_definition())
        self._verify = _verification(read, security)
        self._parameters = CompiledParameters(engine.document, operation, uri_parser, strict=strict)
        self.has_body = operation.body is not None
        self._body = (
            CompiledBody(engine.document, operation, read.consumes, max_body_bytes)
            if operation.body is not None
            else None
        )

    async def admit(self, exchange: Exchange, values: Mapping[str, str], receive: Receive) -> dict[str, Any]:
        """Lead a request to its handler: give the arguments. *values* are its path's parameters.

        Raises what each stage raises.
        """
        if self._verify is not None:
            await self._verify(exchange)
        allow(exchange)
        arguments = self._parameters.read(values, exchange)
        if self._body is not None:
            arguments["body"] = await self._body.read(exchange, receive)
        return arguments


def _verification(read: AbstractOperation, security: SecurityHandlerFactory) -> Verify | None:
    """Have Connexion put together what verifies who calls; nothing where nobody is asked.

    Where there is but one way, its function is called itself: to choose among several is what costs.
    """
    if not read.security:
        return None
    if len(read.security) == 1 and len(read.security[0]) == 1:
        ((scheme, scopes),) = read.security[0].items()
        only: Verify | None = security.parse_security_scheme(read.security_schemes[scheme], scopes)
        if only is None:
            raise ConfigurationError(f"{read.operation_id}: nothing verifies the security scheme {scheme}")
        return only
    stage = SecurityOperation.from_operation(read, next_app=None, security_handler_factory=security)
    verify: Verify = stage.verification_fn
    return verify
