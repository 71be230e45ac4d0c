"""Parameters: what a request may or must bring beside its body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jobstatus.changes.bodies import form
from jobstatus.changes.change import Rating, Side
from jobstatus.changes.pair import PROSE, Pair, Rule, changed, deprecated, elsewhere, went
from jobstatus.changes.schemas import schema
from jobstatus.changes.source import Source, same
from jobstatus.contract.spec import Node

_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
_Key = tuple[str, str]


def parameters(pair: Pair, shared: Pair) -> None:
    """Compare the parameters of an operation; those that its path *shared* among all are its own too."""
    old = _named(pair.run.old, (*shared.lists("parameters")[0], *pair.lists("parameters")[0]))
    new = _named(pair.run.new, (*shared.lists("parameters")[1], *pair.lists("parameters")[1]))
    for where, name in dict.fromkeys((*old, *new)):
        here, key = pair.at(f" {where} {name}", Side.REQUEST), (where, name)
        if key not in new:
            _removed(here, name, [other for other, same_name in new if same_name == name and (other, name) not in old])
        elif key in old:
            pair.step(f" {where} {name}", old[key], new[key], RULES, Side.REQUEST)
        else:
            _added(here, pair.run.new.resolve(new[key]))


def _named(source: Source, nodes: Iterable[Any]) -> dict[_Key, Node]:
    """Give parameters by where they stand and their names; the later ones go before."""
    named = {}
    for node in nodes:
        found = source.resolve(node)
        where, name = str(found.get("in")), str(found.get("name"))
        named[where, name.lower() if where == "header" else name] = node
    return named


def _removed(here: Pair, name: str, elsewhere: list[str]) -> None:
    moved = f"moved to {elsewhere[0]}" if elsewhere else "gone"
    here.tell("parameter-removed", Rating.MAJOR, f"the parameter {name} is {moved}")


def _added(here: Pair, node: Node) -> None:
    if node.get("required"):
        here.tell("parameter-added", Rating.MAJOR, "a new parameter, which must be given")
    else:
        here.tell("parameter-added", Rating.MINOR, "a new parameter, which may be left out")


def _required(pair: Pair, key: str) -> None:
    old, new = pair.pick(key, False)
    if not same(old, new):
        rating = Rating.MINOR if new is False else Rating.MAJOR
        pair.tell("parameter-required", rating, f"it {'may be left out' if new is False else 'must be given'} now")


def _empty(pair: Pair, key: str) -> None:
    old, new = pair.pick(key, False)
    if not same(old, new):
        rating = Rating.MINOR if new is True else Rating.MAJOR
        pair.tell("parameter-empty", rating, f"it {'may' if new is True else 'must not'} be empty now")


def _spelling(pair: Pair, key: str) -> None:
    """Compare how values are spelt, which has a default by the place of the parameter."""
    old, new = (_spelt(node, key) for node in (pair.old, pair.new))
    if not same(old, new):
        pair.tell(f"parameter-{key}", Rating.MAJOR, f"{key} {went(old, new)}")


def _spelt(node: Node, key: str) -> Any:
    style = node.get("style", _STYLES.get(str(node.get("in")), "simple"))
    return style if key == "style" else node.get(key, style == "form")


def _name(pair: Pair, key: str) -> None:
    """Compare a name as it is written: that of a header means the same in capitals."""
    old, new = pair.pick(key)
    if old != new:
        pair.tell("parameter-name", Rating.PATCH, f"the name is written {new}")


RULES: Mapping[str, Rule] = {
    **PROSE,
    "name": _name,
    "in": elsewhere,
    "required": _required,
    "schema": schema,
    "content": form,
    "style": _spelling,
    "explode": _spelling,
    "allowReserved": changed(Rating.MAJOR),
    "allowEmptyValue": _empty,
    "deprecated": deprecated,
}
