"""The spec of one contract alone, cut out of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jobstatus.contract.spec import METHODS, Document


def bundle(document: Document, contract: str) -> dict[str, Any]:
    """Give a document that holds the operations of *contract* and of the components only what they use."""
    raw = document.raw
    paths = {path: _own(item, contract) for path, item in raw["paths"].items()}
    part = {
        **{name: value for name, value in raw.items() if name not in ("paths", "components", "tags")},
        "tags": [tag for tag in raw["tags"] if tag["x-contract"] == contract],
        "paths": {path: item for path, item in paths.items() if any(method in item for method in METHODS)},
    }
    own = {operation.id for operation in document.operations.values() if operation.contract == contract}
    foreign = {
        f"#/components/links/{name}"
        for name, link in raw["components"].get("links", {}).items()
        if link["operationId"] not in own
    }
    used = _used(raw["components"], _without(part, foreign), foreign)
    return {**_without(part, foreign), "components": used}


def _own(item: dict[str, Any], contract: str) -> dict[str, Any]:
    return {key: node for key, node in item.items() if key not in METHODS or node["x-contract"] == contract}


def _without(node: Any, foreign: set[str]) -> Any:
    """Leave out the links that lead to other contracts' operations."""
    if isinstance(node, list):
        return [_without(item, foreign) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if not (isinstance(value, dict) and value.get("$ref") in foreign)}
    return {key: _without(value, foreign) for key, value in kept.items()}


def _used(components: dict[str, Any], part: dict[str, Any], foreign: set[str]) -> dict[str, Any]:
    """Collect the components that *part* refers to, and those that they refer to."""
    used: dict[str, dict[str, Any]] = {}
    waiting = [part]
    while waiting:
        for kind, name in _references(waiting.pop()):
            if name not in used.setdefault(kind, {}):
                used[kind][name] = _without(components[kind][name], foreign)
                waiting.append(used[kind][name])
    return {kind: {name: used[kind][name] for name in components[kind] if name in used[kind]} for kind in used}


def _references(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "$ref" and isinstance(value, str):
            _, _, kind, name = value.split("/")
            yield kind, name
        elif key == "security":
            yield from (("securitySchemes", scheme) for alternative in value for scheme in alternative)
        else:
            yield from _references(value)
