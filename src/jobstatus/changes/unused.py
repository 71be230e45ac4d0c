"""Components that no operation uses: whatever becomes of them, nobody notices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jobstatus.changes.change import Rating
from jobstatus.changes.pair import Pair
from jobstatus.changes.source import Source, same
from jobstatus.contract.spec import Node

_Key = tuple[str, str]


def unused(pair: Pair) -> None:
    """Tell of components that came, went or changed while an operation used them in neither document, or in one."""
    (old, old_used), (new, new_used) = (_components(source) for source in (pair.run.old, pair.run.new))
    for key in dict.fromkeys((*old, *new)):
        if key in old_used or key in new_used or (key[0] == "securitySchemes" and key in old and key in new):
            continue
        if not same(old.get(key), new.get(key)):
            went = "gone" if key not in new else "new" if key not in old else "changed"
            place = f"components/{key[0]}/{key[1]}"
            pair.at(place).tell("unused-component", Rating.PATCH, f"{went}, and nothing uses it")


def _components(source: Source) -> tuple[dict[_Key, Any], set[_Key]]:
    """Give all components, and which of them are used."""
    parts = source.mapping(source.document, "components")
    known = {(kind, name): node for kind in parts for name, node in source.mapping(parts, kind).items()}
    found: set[_Key] = set()
    waiting = [source.document.get("paths")]
    while waiting:
        for key in set(_named(waiting.pop())) & known.keys() - found:
            found.add(key)
            waiting.append(known[key])
    return known, found | {("securitySchemes", name) for name in _schemes(source)}


def _named(node: Any) -> Iterator[_Key]:
    """Find the components that a node refers to."""
    if isinstance(node, Mapping):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.count("/") >= 3:
            yield tuple(reference.split("/")[2:4])  # type: ignore[misc]  # two of them, by the count
        for value in node.values():
            yield from _named(value)
    elif isinstance(node, list):
        for value in node:
            yield from _named(value)


def _schemes(source: Source) -> Iterator[str]:
    """Find the security schemes that some operation asks for."""
    items = [source.resolve(item) for item in source.mapping(source.document, "paths").values()]
    nodes: list[Node] = [node for item in items for node in item.values() if isinstance(node, Mapping)]
    for node in (source.document, *nodes):
        for alternative in source.list(node, "security"):
            yield from alternative
