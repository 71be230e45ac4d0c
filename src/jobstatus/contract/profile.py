"""What of the spec holds in one profile: that which `x-profile` does not give to another one."""

from __future__ import annotations

from typing import Any

from jobstatus.contract.schema import in_profile, json_schema
from jobstatus.contract.spec import Document, Node
from jobstatus.contract.validation import compile_schema

DEFAULT = "documented"
"""The profile of an example that names none, where schemas differ."""


def narrowed(document: Document, node: Any, profile: str) -> Any:
    """Give *node* without the alternatives and the examples of other profiles."""
    if isinstance(node, list):
        return [narrowed(document, item, profile) for item in node]
    if not isinstance(node, dict):
        return node
    if "schema" in node and "examples" in node:
        node = _shown(document, node, profile)
    elif "anyOf" in node:
        node = _alternatives(document, node, profile)
    return {key: narrowed(document, value, profile) for key, value in node.items()}


def _alternatives(document: Document, schema: dict[str, Any], profile: str) -> dict[str, Any]:
    """Put an only alternative that is left in the place of them all."""
    left = in_profile(document, schema, profile)
    if left is schema:
        return schema
    (only, *more) = left["anyOf"]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**rest, "anyOf": [only, *more]} if more or rest else only


def _shown(document: Document, media: dict[str, Any], profile: str) -> dict[str, Any]:
    """Keep of the examples of a body those of this profile; where both have the same body, all are of both."""
    schema = in_profile(document, media["schema"], profile)
    if schema is media["schema"]:
        return media
    resolved = {name: document.resolve(example) for name, example in media["examples"].items()}
    kept = {name for name, example in resolved.items() if _holds(document, example, schema, profile)}
    return {**media, "examples": {name: example for name, example in media["examples"].items() if name in kept}}


def _holds(document: Document, example: Node, schema: Node, profile: str) -> bool:
    """Tell whether an example is of this profile; one that names none is, where it fits."""
    mark = example.get("x-profile")
    if mark is not None or profile == DEFAULT:
        return mark in (None, profile)
    return bool(compile_schema(json_schema(document, schema)).is_valid(example["value"]))
