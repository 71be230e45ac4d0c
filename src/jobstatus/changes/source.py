"""One of the two documents: its references, and what they lead to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from jobstatus.contract.spec import Node
from jobstatus.errors import ConfigurationError

EMPTY: Node = {}
"""What stands for a part that a document lacks: the same object everywhere."""
_HOPS = 100
"""No chain of references is as long, unless it is a circle."""


def same(old: Any, new: Any) -> bool:
    """Tell whether two values are the same JSON; to Python 1 and true are equal, to clients they are not."""
    return canonical(old) == canonical(new)


def canonical(value: Any) -> str:
    """Write a value so that equal ones are written equally."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


class Source:
    """A document that is compared."""

    def __init__(self, document: Node, name: str) -> None:
        self.document = document
        self._name = name

    def resolve(self, node: Any) -> Node:
        """Follow a reference to what it leads to in the end; raises `ConfigurationError` if it leads nowhere."""
        for _ in range(_HOPS):
            if not isinstance(node, Mapping):
                raise ConfigurationError(f"{self._name}: {canonical(node)[:80]} stands where an object must be")
            if not isinstance(node.get("$ref"), str):
                return node
            node = self._find(node["$ref"])
        raise ConfigurationError(f"{self._name}: the reference {node['$ref']} leads in a circle")

    def whole(self, value: Any, within: tuple[str, ...] = ()) -> Any:
        """Put what they lead to in the place of all references, but of those that lead back into themselves."""
        if isinstance(value, list):
            return [self.whole(item, within) for item in value]
        if not isinstance(value, Mapping):
            return value
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/") and reference not in within:
            return self.whole(self._find(reference), (*within, reference))
        return {key: self.whole(item, within) for key, item in value.items()}

    def mapping(self, node: Node, key: str) -> Node:
        """Give a part that is an object; an empty one if it is not there."""
        found = node.get(key, EMPTY)
        if not isinstance(found, Mapping):
            raise ConfigurationError(f"{self._name}: {key} must be an object, not {canonical(found)[:80]}")
        return found

    def list(self, node: Node, key: str) -> Sequence[Any]:
        """Give a part that is a list; an empty one if it is not there."""
        found = node.get(key, ())
        if not isinstance(found, list | tuple):
            raise ConfigurationError(f"{self._name}: {key} must be a list, not {canonical(found)[:80]}")
        return found

    def _find(self, reference: str) -> Any:
        found: Any = self.document
        if not reference.startswith("#/"):
            raise ConfigurationError(f"{self._name}: the reference {reference} leads out of the document")
        for part in reference[2:].split("/"):
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping) and key in found:
                found = found[key]
            elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
                found = found[int(key)]
            else:
                raise ConfigurationError(f"{self._name}: the reference {reference} leads nowhere")
        return found
