"""Checking path, query and header parameters, and telling which one is wrong and by which rule."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connexion.lifecycle import ConnexionRequest
from jsonschema.protocols import Validator
from starlette.datastructures import QueryParams
from starlette.types import Scope

from jobstatus.contract.exchange import current
from jobstatus.contract.schema import json_schema
from jobstatus.contract.spec import Document, Node, Operation, snake_case
from jobstatus.contract.validation import compile_schema, violations
from jobstatus.errors import BadRequest, Violation

_INTEGER = re.compile(r"-?[0-9]+")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation, compiled."""

    place: str
    name: str
    argument: str
    """What the handler calls it."""
    required: bool
    default: Any
    integer: bool
    validator: Validator

    @classmethod
    def compile(cls, document: Document, node: Node) -> Parameter:
        """Read a parameter of the spec."""
        schema = node["schema"]
        return cls(
            place=node["in"],
            name=node["name"],
            argument=snake_case(node["name"]),
            required=node.get("required", False),
            default=schema.get("default"),
            integer=schema.get("type") == "integer",
            validator=compile_schema(json_schema(document, schema)),
        )

    def violations(self, value: Any) -> list[Violation]:
        """Tell which rules a value breaks; none stands for a parameter that was not sent."""
        if value is not None:
            return violations(self.validator, value, self.place, self.name)
        return [Violation(self.place, self.name, "required", "is required")] if self.required else []


def compile_parameters(document: Document, operation: Operation) -> Sequence[Parameter]:
    """Read the parameters of an operation that are its handler's business; `x-argument: false` marks the others."""
    nodes = [node for node in operation.parameters if node.get("x-argument", True)]
    return [Parameter.compile(document, node) for node in nodes]


def parameter_check(document: Document) -> type:
    """Make Connexion's seam for parameters: it is made for each request, then told to validate it."""
    compiled = {id: compile_parameters(document, operation) for id, operation in document.operations.items()}

    class ParameterCheck:
        def __init__(self, _: Any, uri_parser: Any, **__: Any) -> None:
            self._uri_parser = uri_parser

        def validate(self, scope: Scope) -> None:
            exchange = current.get()
            request = ConnexionRequest(scope, uri_parser=self._uri_parser)
            parameters = compiled[exchange.known_operation.id]
            exchange.arguments = check(parameters, request, strict=exchange.contract.STRICT_QUERY)

    return ParameterCheck


def check(parameters: Sequence[Parameter], request: ConnexionRequest, *, strict: bool) -> Mapping[str, Any]:
    """Check all parameters and give their values by the handler's names; *strict* refuses unknown ones in the query.

    Raises:
        BadRequest: with the parameters that break a rule.
    """
    sent = {"path": request.path_params, "query": request.query_params, "header": request.headers}
    values = [(each, sent[each.place].get(each.name, each.default)) for each in parameters]
    broken = [violation for parameter, value in values for violation in parameter.violations(value)]
    broken += _raw_integers(parameters, request) + (_unknown(parameters, request) if strict else [])
    if broken:
        raise BadRequest(broken)
    return {parameter.argument: value for parameter, value in values if value is not None}


def _unknown(parameters: Sequence[Parameter], request: ConnexionRequest) -> list[Violation]:
    known = {parameter.name for parameter in parameters if parameter.place == "query"}
    unknown = sorted({*request.query_params} - known)
    return [Violation("query", name[:200], "unknown", "is not a parameter here") for name in unknown[:20]]


def _raw_integers(parameters: Sequence[Parameter], request: ConnexionRequest) -> list[Violation]:
    """Find integers that only Python would read as such: `1_0`, or digits of other scripts."""
    query = QueryParams(request.scope["query_string"])
    names = [parameter.name for parameter in parameters if parameter.integer and parameter.place == "query"]
    odd = [(name, value) for name in names for value in query.getlist(name) if not _INTEGER.fullmatch(value)]
    return [Violation("query", name, "type", f"{value[:100]!r} is not an integer") for name, value in odd[:20]]
