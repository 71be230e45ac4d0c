"""Two OpenAPI documents, compared."""

from __future__ import annotations

from collections.abc import Mapping

from jobstatus.changes.access import schemes
from jobstatus.changes.change import Change, Rating
from jobstatus.changes.operations import paths
from jobstatus.changes.pair import PROSE, Pair, Rule, Run, elsewhere, reworded, walk
from jobstatus.changes.servers import servers
from jobstatus.changes.source import Source, same
from jobstatus.changes.unused import unused
from jobstatus.contract.spec import Node
from jobstatus.errors import ConfigurationError


def compare(old: Node, new: Node, names: tuple[str, str] = ("the old document", "the new document")) -> list[Change]:
    """Give all changes from an *old* to a *new* document of OpenAPI 3.0, the gravest first.

    Their versions are no change. *names* are what an error calls them: `ConfigurationError` for a reference that leads
    nowhere, or for something that has not the form of OpenAPI.
    """
    pair = Pair(Run(Source(old, names[0]), Source(new, names[1])), "", old, new)
    try:
        walk(pair, DOCUMENT)
        schemes(pair)
        unused(pair)
        _rewritten(pair)
    except (AttributeError, TypeError, RecursionError) as error:
        raise ConfigurationError(f"{' or '.join(names)} has not the form of OpenAPI 3.0: {error}") from error
    found = dict.fromkeys(pair.run.changes)
    return sorted(found, key=lambda change: -change.rating)


def _rewritten(pair: Pair) -> None:
    if not pair.run.changes and not same(_versionless(pair.old), _versionless(pair.new)):
        pair.tell("rewritten", Rating.PATCH, "it is written otherwise and means the same")


def _versionless(document: Node) -> Node:
    return {**document, "info": {**document.get("info", {}), "version": None}}


def _info(pair: Pair, key: str) -> None:
    pair.step("info", *pair.mappings(key), INFO)


def _openapi(pair: Pair, key: str) -> None:
    """Compare the versions of OpenAPI itself, whose third number changes no meaning."""
    old, new = (str(value) for value in pair.pick(key))
    if old != new:
        equal = old.rpartition(".")[0] == new.rpartition(".")[0]
        pair.tell("openapi-changed", Rating.PATCH if equal else Rating.MAJOR, f"openapi was {old}, is {new}")


INFO: Mapping[str, Rule] = {
    **dict.fromkeys(("title", "description", "summary", "termsOfService", "contact", "license"), reworded),
    "version": elsewhere,
}
DOCUMENT: Mapping[str, Rule] = {
    **PROSE,
    **dict.fromkeys(("components", "security"), elsewhere),
    "openapi": _openapi,
    "info": _info,
    "tags": reworded,
    "servers": servers,
    "paths": paths,
}
