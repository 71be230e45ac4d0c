"""Security: which credentials are no longer enough, and which newly are."""

from __future__ import annotations

from collections.abc import Mapping

from jobstatus.changes.change import Rating
from jobstatus.changes.pair import PROSE, Pair, Rule, changed, reworded, went
from jobstatus.changes.source import Source, same
from jobstatus.contract.spec import Node

_Alternative = Mapping[str, frozenset[str]]
"""The schemes that are needed together, and the scopes that each must come with."""
PUBLIC: _Alternative = {}


def access(pair: Pair) -> None:
    """Compare which credentials two operations take; one that names none takes those of its document."""
    old, new = _effective(pair.run.old, pair.old), _effective(pair.run.new, pair.new)
    for alternative in old:
        if not any(_enough(alternative, other) for other in new):
            now = " or ".join(map(_shown, new))
            pair.tell("security-tightened", Rating.MAJOR, f"{_shown(alternative)} is not enough any more: {now}")
    for alternative in new:
        if not any(_enough(alternative, other) for other in old):
            pair.tell("security-added", Rating.MINOR, f"{_shown(alternative)} is enough now")


def schemes(pair: Pair) -> None:
    """Compare the security schemes that both documents have; what is made of them the operations say."""
    old, new = (
        source.mapping(source.mapping(source.document, "components"), "securitySchemes") for source in _both(pair)
    )
    for name in old:
        if name in new:
            pair.step(f"components/securitySchemes/{name}", old[name], new[name], SCHEME)


def _both(pair: Pair) -> tuple[Source, Source]:
    return pair.run.old, pair.run.new


def _effective(source: Source, node: Node) -> list[_Alternative]:
    listed = source.list(node if "security" in node else source.document, "security")
    return [{name: frozenset(source.list(each, name)) for name in each} for each in listed] or [PUBLIC]


def _enough(held: _Alternative, asked: _Alternative) -> bool:
    """Tell whether who holds one alternative is let in by the other."""
    return all(name in held and scopes <= held[name] for name, scopes in asked.items())


def _shown(alternative: _Alternative) -> str:
    parts = [f"{name} ({', '.join(sorted(scopes))})" if scopes else name for name, scopes in alternative.items()]
    return " with ".join(parts) or "no credential"


def _flows(pair: Pair, key: str) -> None:
    old, new = pair.mappings(key)
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            pair.tell("flow-removed", Rating.MAJOR, f"the flow {name} is gone")
        elif name in old:
            pair.step(f" {name}", old[name], new[name], FLOW)
        else:
            pair.tell("flow-added", Rating.MINOR, f"the flow {name} is new")


def _scopes(pair: Pair, key: str) -> None:
    old, new = pair.mappings(key)
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if name not in new:
            pair.tell("scope-removed", Rating.MAJOR, f"the scope {name} is gone")
        elif name not in old:
            pair.tell("scope-added", Rating.MINOR, f"the scope {name} is new")
        elif not same(before, after):
            pair.tell("scope-reworded", Rating.PATCH, f"the scope {name} is described anew")


def _url(pair: Pair, key: str) -> None:
    old, new = pair.pick(key)
    if not same(old, new):
        pair.tell("flow-url", Rating.MINOR, f"{key} {went(old, new)}")


_urls: Mapping[str, Rule] = dict.fromkeys(("authorizationUrl", "tokenUrl", "refreshUrl"), _url)
FLOW: Mapping[str, Rule] = {**_urls, "scopes": _scopes}
SCHEME: Mapping[str, Rule] = {
    **PROSE,
    **dict.fromkeys(("type", "in", "name", "scheme"), changed(Rating.MAJOR)),
    "flows": _flows,
    "openIdConnectUrl": _url,
    "bearerFormat": reworded,
}
