"""Checking path, query and header parameters, and telling which one is wrong and by which rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from connexion.lifecycle import ConnexionRequest
from starlette.datastructures import QueryParams
from starlette.types import Scope

from jobstatus.contract.exchange import current
from jobstatus.contract.spec import Node, snake_case
from jobstatus.contract.validation import compile_schema, violations
from jobstatus.errors import BadRequest, Violation

_INTEGER = re.compile(r"-?[0-9]+")
_OURS = frozenset({"x-request-id"})
"""Headers that are declared, but are the server's business and no argument of any handler."""


class ParameterCheck:
    """Connexion's seam for parameters: made for each request, then told to validate it."""

    def __init__(self, parameters: Iterable[Node], uri_parser: Any, **_: Any) -> None:
        self._parameters = [parameter for parameter in parameters if parameter["name"].lower() not in _OURS]
        self._uri_parser = uri_parser

    def validate(self, scope: Scope) -> None:
        """Check all parameters and keep their values for the handler.

        Raises:
            BadRequest: with every parameter that breaks a rule.
        """
        request = ConnexionRequest(scope, uri_parser=self._uri_parser)
        sent: dict[str, Mapping[str, Any]] = {
            "path": request.path_params,
            "query": request.query_params,
            "header": request.headers,
        }
        broken = [*_unknown(self._parameters, request), *_raw_integers(self._parameters, request)]
        arguments = {}
        for parameter in self._parameters:
            value = sent.get(parameter["in"], {}).get(parameter["name"], parameter["schema"].get("default"))
            broken += _violations(parameter, value)
            if value is not None:
                arguments[snake_case(parameter["name"])] = value
        if broken:
            raise BadRequest(broken)
        current.get().arguments = arguments


def _violations(parameter: Node, value: Any) -> list[Violation]:
    place, name = parameter["in"], parameter["name"]
    if value is None:
        missing = Violation(place, name, "required", "is required")
        return [missing] if parameter.get("required") else []
    return violations(compile_schema(parameter["schema"]), value, place, name)


def _unknown(parameters: list[Node], request: ConnexionRequest) -> list[Violation]:
    """Find query parameters that the contract does not know, where it refuses those."""
    if not current.get().contract.STRICT_QUERY:
        return []
    known = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
    return [
        Violation("query", name, "unknown", "is not a parameter here")
        for name in sorted({*request.query_params} - known)
    ]


def _raw_integers(parameters: list[Node], request: ConnexionRequest) -> list[Violation]:
    """Find integers that only Python would read as such: `1_0`, or digits of other scripts."""
    names = [p["name"] for p in parameters if p["in"] == "query" and p["schema"].get("type") == "integer"]
    sent = [(name, value) for name in names for value in QueryParams(request.scope["query_string"]).getlist(name)]
    return [Violation("query", n, "type", f"{v!r} is not an integer") for n, v in sent if not _INTEGER.fullmatch(v)]
