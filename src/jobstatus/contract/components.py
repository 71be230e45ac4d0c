"""Which components a part of the spec refers to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def used(components: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Keep of *components* those that *part* refers to, and those that they refer to, in their order."""
    found: set[tuple[str, str]] = set()
    waiting: list[Any] = [part]
    while waiting:
        for kind, name in _references(waiting.pop()):
            if (kind, name) not in found:
                found.add((kind, name))
                waiting.append(components[kind][name])
    kept = {
        kind: {name: node for name, node in nodes.items() if (kind, name) in found}
        for kind, nodes in components.items()
    }
    return {kind: nodes for kind, nodes in kept.items() if nodes}


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
