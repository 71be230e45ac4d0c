"""Answers: their statuses, headers, bodies and links."""

from __future__ import annotations

from collections.abc import Mapping

from jobstatus.changes.bodies import content, form
from jobstatus.changes.change import Rating, Side
from jobstatus.changes.pair import PROSE, Pair, Rule, changed, deprecated
from jobstatus.changes.schemas import schema
from jobstatus.changes.source import same


def responses(pair: Pair, key: str) -> None:
    """Compare the answers of two operations by their statuses."""
    old, new = ({str(status): node for status, node in nodes.items()} for nodes in pair.mappings(key))
    for status in dict.fromkeys((*old, *new)):
        here = pair.at(f" {status}", Side.RESPONSE)
        if status not in new:
            here.tell("response-removed", Rating.MAJOR, f"the status {status} is gone")
        elif status in old:
            pair.step(f" {status}", old[status], new[status], RESPONSE, Side.RESPONSE)
        elif status[:1] in "45d":
            here.tell("response-added", Rating.MINOR, f"the status {status} is new: one more way to fail")
        else:
            here.tell("response-added", Rating.MAJOR, f"the status {status} is new: success clients know nothing of")


def _headers(pair: Pair, key: str) -> None:
    old, new = ({name.lower(): (name, node) for name, node in nodes.items()} for nodes in pair.mappings(key))
    for known in dict.fromkeys((*old, *new)):
        name = (old.get(known) or new[known])[0]
        here = pair.at(f" header {name}")
        if known not in new:
            here.tell("header-removed", Rating.MAJOR, f"the header {name} is gone")
        elif known in old:
            pair.step(f" header {name}", old[known][1], new[known][1], HEADER)
        else:
            here.tell("header-added", Rating.MINOR, f"the header {name} is new")


def _always(pair: Pair, key: str) -> None:
    old, new = pair.pick(key, False)
    if not same(old, new):
        rating = Rating.MINOR if new is True else Rating.MAJOR
        pair.tell("header-required", rating, f"it is {'always' if new is True else 'not always'} there now")


def _links(pair: Pair, key: str) -> None:
    old, new = pair.mappings(key)
    for name in dict.fromkeys((*old, *new)):
        here = pair.at(f" link {name}")
        if name not in new:
            here.tell("link-removed", Rating.MAJOR, f"the link {name} is gone")
        elif name in old:
            pair.step(f" link {name}", old[name], new[name], LINK)
        else:
            here.tell("link-added", Rating.MINOR, f"the link {name} is new")


HEADER: Mapping[str, Rule] = {
    **PROSE,
    "required": _always,
    "schema": schema,
    "content": form,
    "deprecated": deprecated,
}
LINK: Mapping[str, Rule] = {
    **PROSE,
    **dict.fromkeys(("operationId", "operationRef", "parameters", "requestBody"), changed(Rating.MAJOR)),
}
RESPONSE: Mapping[str, Rule] = {**PROSE, "headers": _headers, "content": content, "links": _links}
