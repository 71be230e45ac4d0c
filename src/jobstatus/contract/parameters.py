"""Checking path, query, header and cookie parameters, and telling which one is wrong and by which rule."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema.protocols import Validator
from starlette.datastructures import QueryParams

from jobstatus.contract.exchange import Exchange
from jobstatus.contract.schema import json_schema
from jobstatus.contract.spec import Document, Node, Operation, snake_case
from jobstatus.contract.validation import compile_schema, fast_schema, violations
from jobstatus.errors import BadRequest, ConfigurationError, Violation

_INTEGER = re.compile(r"-?[0-9]+")

Sent = Mapping[str, Mapping[str, Any]]
"""The values of the parameters by their names, in each place where there are some."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation."""

    place: str
    name: str
    argument: str
    """What the handler calls it."""
    required: bool
    default: Any
    integer: bool
    schema: Mapping[str, Any]
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
            schema=schema,
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


class CompiledParameters:
    """The parameters of one operation, read in one go and held to one compiled schema of them all."""

    def __init__(self, document: Document, operation: Operation, uri_parser: Any, *, strict: bool) -> None:
        """Take an operation, what of Connexion's decodes its query, and whether unknown query parameters are errors.

        Raises:
            ConfigurationError: a parameter is of a kind that is not decoded.
        """
        self._parameters = compile_parameters(document, operation)
        self._uri_parser = uri_parser
        self._strict = strict
        self._defaults = {each.argument: each.default for each in self._parameters if each.default is not None}
        self._aside = [each for each in self._parameters if each.place in ("header", "cookie")]
        self._valid = fast_schema(json_schema(document, _together(self._parameters))).is_valid
        for each in self._parameters:
            if each.place != "query" and each.schema.get("type") != "string":
                raise ConfigurationError(f"{operation.id}: the {each.place} parameter {each.name} must be a string")

    def read(self, values: Mapping[str, str], exchange: Exchange) -> dict[str, Any]:
        """Give the handler's arguments; *values* are those in the path. Raises `BadRequest` as `check` does."""
        query = exchange.scope["query_string"]
        if not query and not self._aside:
            arguments = {**self._defaults, **values}
            if self._valid(arguments):
                return arguments
        sent = self._sent(values, exchange)
        arguments = _arguments(self._parameters, sent)
        if not _odd(self._parameters, sent, query, self._strict) and self._valid(arguments):
            return arguments
        check(self._parameters, sent, query, strict=self._strict)
        raise BadRequest.of("path", "$", "invalid", "breaks a rule of its schema")

    def _sent(self, values: Mapping[str, str], exchange: Exchange) -> Sent:
        http = exchange.http
        query = {name: http.query_params.getlist(name) for name in http.query_params}
        return {
            "path": {each.name: values[each.argument] for each in self._parameters if each.place == "path"},
            "query": self._uri_parser.resolve_query(query),
            "header": http.headers,
            "cookie": http.cookies,
        }


def _together(parameters: Sequence[Parameter]) -> dict[str, Any]:
    required = [each.argument for each in parameters if each.required]
    schemas = {each.argument: each.schema for each in parameters}
    return {"type": "object", "properties": schemas, **({"required": required} if required else {})}


def check(parameters: Sequence[Parameter], sent: Sent, query: bytes, *, strict: bool) -> dict[str, Any]:
    """Check all parameters and give their values by the handler's names; *strict* refuses unknown ones in the query.

    Raises:
        BadRequest: with the parameters that break a rule.
    """
    values = _values(parameters, sent)
    broken = [violation for parameter, value in values for violation in parameter.violations(value)]
    broken += _odd(parameters, sent, query, strict)
    if broken:
        raise BadRequest(broken)
    return _arguments(parameters, sent)


def _values(parameters: Sequence[Parameter], sent: Sent) -> list[tuple[Parameter, Any]]:
    return [(each, sent[each.place].get(each.name, each.default)) for each in parameters]


def _arguments(parameters: Sequence[Parameter], sent: Sent) -> dict[str, Any]:
    return {parameter.argument: value for parameter, value in _values(parameters, sent) if value is not None}


def _odd(parameters: Sequence[Parameter], sent: Sent, query: bytes, strict: bool) -> list[Violation]:
    """Find what no schema tells: integers spelt oddly and, where that is strict, names that are not known."""
    return _raw_integers(parameters, query) + (_unknown(parameters, sent["query"]) if strict else [])


def _unknown(parameters: Sequence[Parameter], sent: Mapping[str, Any]) -> list[Violation]:
    known = {parameter.name for parameter in parameters if parameter.place == "query"}
    unknown = sorted({*sent} - known)
    return [Violation("query", name[:200], "unknown", "is not a parameter here") for name in unknown[:20]]


def _raw_integers(parameters: Sequence[Parameter], query: bytes) -> list[Violation]:
    """Find integers that only Python would read as such: `1_0`, or digits of other scripts."""
    raw = QueryParams(query)
    names = [parameter.name for parameter in parameters if parameter.integer and parameter.place == "query"]
    odd = [(name, value) for name in names for value in raw.getlist(name) if not _INTEGER.fullmatch(value)]
    return [Violation("query", name, "type", f"{value[:100]!r} is not an integer") for name, value in odd[:20]]
