"""Paths and their operations."""

from __future__ import annotations

from collections.abc import Mapping

from jobstatus.changes.access import access
from jobstatus.changes.bodies import body
from jobstatus.changes.change import Rating
from jobstatus.changes.pair import PROSE, Pair, Rule, changed, deprecated, elsewhere, reworded, walk
from jobstatus.changes.parameters import parameters
from jobstatus.changes.responses import responses
from jobstatus.changes.servers import servers

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def paths(pair: Pair, key: str) -> None:
    """Compare the paths of two documents."""
    old, new = pair.mappings(key)
    for path in dict.fromkeys((*old, *new)):
        here = pair.at(path)
        if path not in new:
            here.tell("path-removed", Rating.MAJOR, "the path is gone")
        elif path not in old:
            here.tell("path-added", Rating.MINOR, "the path is new")
        else:
            # Parameters that a path shares make its operations differ, so no operation is compared without its path.
            found = pair.run.old.resolve(old[path]), pair.run.new.resolve(new[path])
            _item(Pair(pair.run, path, *found))


def _item(item: Pair) -> None:
    walk(item, ITEM)
    for method in METHODS:
        here = Pair(item.run, f"{method.upper()} {item.place}", *item.mappings(method))
        if method in item.old and method not in item.new:
            here.tell("operation-removed", Rating.MAJOR, "the operation is gone")
        elif method in item.new and method not in item.old:
            here.tell("operation-added", Rating.MINOR, "the operation is new")
        elif method in item.new:
            _operation(here, item)


def _operation(here: Pair, item: Pair) -> None:
    walk(here, OPERATION)
    parameters(here, item)
    access(here)


ITEM: Mapping[str, Rule] = {
    **PROSE,
    **dict.fromkeys((*METHODS, "parameters"), elsewhere),
    "servers": servers,
}
OPERATION: Mapping[str, Rule] = {
    **PROSE,
    **dict.fromkeys(("parameters", "security"), elsewhere),
    "operationId": changed(Rating.MAJOR),
    "tags": reworded,
    "requestBody": body,
    "responses": responses,
    "deprecated": deprecated,
    "servers": servers,
}
