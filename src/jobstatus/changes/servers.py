"""Where a contract is offered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobstatus.changes.change import Rating
from jobstatus.changes.pair import PROSE, Pair, Rule, elsewhere


def servers(pair: Pair, key: str) -> None:
    """Compare the servers of two documents; where a contract is offered is no part of what it promises."""
    old, new = (_by_url(nodes) for nodes in pair.lists(key))
    for url in dict.fromkeys((*old, *new)):
        here = pair.at(f" server {url}" if pair.place else f"server {url}")
        if url not in new:
            here.tell("server-removed", Rating.MINOR, "it is no longer offered there")
        elif url in old:
            here.step("", old[url], new[url], SERVER)
        else:
            here.tell("server-added", Rating.MINOR, "it is offered there too")


def _by_url(nodes: Any) -> dict[str, Any]:
    return {str(node.get("url")): node for node in nodes if isinstance(node, Mapping)}


SERVER: Mapping[str, Rule] = {**PROSE, "url": elsewhere}
