"""OpenAPI 3.0 schemas as plain JSON Schema (draft 4), which is what validators know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jobstatus.contract.spec import Document

_UNKNOWN = {"nullable", "example", "discriminator", "xml", "externalDocs", "deprecated", "readOnly", "writeOnly"}
_ONE_SCHEMA = {"items", "not", "additionalProperties"}
_MANY_SCHEMAS = {"allOf", "anyOf", "oneOf"}


def json_schema(document: Document, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Give *schema* as JSON Schema that stands alone: what it refers to comes with it, and nothing else."""
    components = _components(document)
    used: dict[str, Any] = {}
    waiting = [_convert(schema)]
    while waiting:
        for name in set(_references(waiting.pop())) - used.keys():
            used[name] = components[name]
            waiting.append(components[name])
    return {"allOf": [_convert(schema)], **({"components": {"schemas": used}} if used else {})}


def _references(node: Any) -> Iterator[str]:
    """Name the schemas that *node* refers to."""
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for value in node.values():
            yield from _references(value)


@cache
def _components(document: Document) -> dict[str, Any]:
    return {name: _convert(schema) for name, schema in document.raw["components"]["schemas"].items()}


def in_profile(document: Document, schema: Mapping[str, Any], profile: str) -> Mapping[str, Any]:
    """Narrow alternatives that are marked with `x-profile` to those of the profile in force."""
    alternatives = schema.get("anyOf", ())
    marks = [document.resolve(alternative).get("x-profile") for alternative in alternatives]
    if not any(marks):
        return schema
    return {"anyOf": [one for one, mark in zip(alternatives, marks, strict=True) if mark in (None, profile)]}


def _convert(schema: Mapping[str, Any]) -> dict[str, Any]:
    plain = {key: _inner(key, value) for key, value in schema.items() if key not in _UNKNOWN}
    return _nullable(plain) if schema.get("nullable") is True else plain


def _inner(keyword: str, value: Any) -> Any:
    """Convert the schemas that stand within a keyword's value."""
    if keyword == "properties":
        return {name: _convert(schema) for name, schema in value.items()}
    if keyword in _MANY_SCHEMAS:
        return [_convert(schema) for schema in value]
    if keyword in _ONE_SCHEMA and isinstance(value, Mapping):
        return _convert(value)
    return value


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if "type" not in schema:
        return {"anyOf": [schema, {"enum": [None]}]}
    allowed = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [schema["type"], "null"], **allowed}
