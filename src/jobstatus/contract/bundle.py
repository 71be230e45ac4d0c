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
    return {**part, "components": _used(raw["components"], part)}


def _own(item: dict[str, Any], contract: str) -> dict[str, Any]:
    return {key: node for key, node in item.items() if key not in METHODS or node["x-contract"] == contract}


def _used(components: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Collect the components that *part* refers to, and those that they refer to."""
    used: dict[str, dict[str, Any]] = {}
    waiting = [part]
    while waiting:
        for kind, name in _references(waiting.pop()):
            if name not in used.setdefault(kind, {}):
                used[kind][name] = components[kind][name]
                waiting.append(components[kind][name])
    return {kind: {name: node for name, node in components[kind].items() if name in used[kind]} for kind in used}


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
