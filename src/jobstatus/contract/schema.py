"""OpenAPI 3.0 schemas as plain JSON Schema (draft 4), which is what validators know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobstatus.contract.spec import Document

_UNKNOWN = {"nullable", "example", "discriminator", "xml", "externalDocs", "deprecated", "readOnly", "writeOnly"}


def json_schema(document: Document, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Give *schema* as JSON Schema that stands alone: what it refers to comes with it."""
    schemas = document.raw["components"]["schemas"]
    return {
        "allOf": [_convert(schema)],
        "components": {"schemas": {name: _convert(component) for name, component in schemas.items()}},
    }


def in_profile(document: Document, schema: Mapping[str, Any], profile: str) -> Mapping[str, Any]:
    """Narrow alternatives that are marked with `x-profile` to those of the profile in force."""
    alternatives = schema.get("anyOf", ())
    marks = [document.resolve(alternative).get("x-profile") for alternative in alternatives]
    if not any(marks):
        return schema
    return {"anyOf": [one for one, mark in zip(alternatives, marks, strict=True) if mark in (None, profile)]}


def _convert(node: Any) -> Any:
    if isinstance(node, list):
        return [_convert(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    plain = {key: _convert(value) for key, value in node.items() if key not in _UNKNOWN or not _keyword(key, value)}
    return _nullable(plain) if node.get("nullable") is True else plain


def _keyword(key: str, value: Any) -> bool:
    """Tell a keyword from a property that happens to have its name."""
    return not (isinstance(value, Mapping) and ("type" in value or "$ref" in value)) or key == "example"


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"enum": [None]}]}
