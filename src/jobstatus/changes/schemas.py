"""Schemas: which values they no longer allow, and which they newly do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobstatus.changes.change import Effect, Rating, Side
from jobstatus.changes.limits import LIMITS, flag, shape
from jobstatus.changes.pair import PROSE, Pair, Rule, changed, deprecated, reworded, shown
from jobstatus.changes.source import EMPTY, canonical, same


def schema(pair: Pair, key: str = "schema") -> None:
    """Compare the schemas of two parameters, headers or bodies; none allows everything."""
    pair.step("", pair.old.get(key, EMPTY), pair.new.get(key, EMPTY), RULES)


def _enum(pair: Pair, key: str) -> None:
    if key not in pair.old or key not in pair.new:
        shape(pair, key)
        return
    old, new = ({canonical(value): value for value in values} for values in pair.lists(key))
    for effect, verb, values in (
        (Effect.NARROWED, "lost", [old[name] for name in old if name not in new]),
        (Effect.WIDENED, "gained", [new[name] for name in new if name not in old]),
    ):
        if values:
            pair.effect(key, effect, f"enum {verb} {', '.join(map(shown, values))}")


def _properties(pair: Pair, key: str) -> None:
    old, new = pair.mappings(key)
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            pair.at(f".{name}").tell(f"{pair.side}-property-removed", Rating.MAJOR, f"the property {name} is gone")
        elif name in old:
            pair.step(f".{name}", old[name], new[name], RULES)
        else:
            _new_property(pair, name, new[name])


def _new_property(pair: Pair, name: str, node: Any) -> None:
    rest, here = pair.old.get("additionalProperties", True), pair.at(f".{name}")
    if isinstance(rest, Mapping) and rest:
        here.step("", rest, node, RULES)
    breaking = pair.side is Side.RESPONSE and rest is False
    if not (pair.side is Side.REQUEST and name in pair.run.new.list(pair.new, "required")):
        text = f"the property {name} is new" + (", and clients were told of no other ones" if breaking else "")
        here.tell(f"{pair.side}-property-added", Rating.MAJOR if breaking else Rating.MINOR, text)


def _required(pair: Pair, key: str) -> None:
    old, new = pair.lists(key)
    for name in dict.fromkeys((*old, *new)):
        here = pair.at(f".{name}")
        if name not in old:
            here.effect(key, Effect.NARROWED, f"the property {name} must be there")
        elif name not in new and not _removed(pair, name):
            here.effect(key, Effect.WIDENED, f"the property {name} may be missing")


def _removed(pair: Pair, name: str) -> bool:
    """Tell whether a property was told of as removed, so that nothing more is to be said."""
    old, new = pair.mappings("properties")
    return name in old and name not in new


def _rest(pair: Pair, key: str) -> None:
    """Compare what is said of properties without a name, or of a list's items."""
    old, new = pair.pick(key, True)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        pair.step("[]" if key == "items" else ".*", old, new, RULES)
        return
    grades = _grade(old), _grade(new)
    if grades[0] != grades[1]:
        effect = Effect.NARROWED if grades[1] > grades[0] else Effect.WIDENED
        pair.effect(key, effect, f"{key} was {shown(old)}, is {shown(new)}")


def _grade(node: Any) -> int:
    """Tell how narrow what is said of the rest is: everything, what a schema allows, or nothing."""
    return 2 if node is False else 1 if isinstance(node, Mapping) and node else 0


def _alternatives(pair: Pair, key: str) -> None:
    """Compare lists of schemas: those written alike stand for each other, and what is left does in its order."""
    if key not in pair.old or key not in pair.new:
        shape(pair, key)
        return
    old, new = map(list, pair.lists(key))
    for node in list(old):
        twin = next((number for number, other in enumerate(new) if same(node, other)), None)
        if twin is not None:
            pair.step(f".{key}", old.pop(_index(old, node)), new.pop(twin), RULES)
    if len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            pair.step(f".{key}[{number}]", before, after, RULES)
    else:
        _unequal(pair, key, len(old), len(new))


def _index(nodes: list[Any], node: Any) -> int:
    return next(number for number, other in enumerate(nodes) if other is node)


def _unequal(pair: Pair, key: str, lost: int, gained: int) -> None:
    effect = Effect.CHANGED
    # Another alternative of oneOf may also make wrong what was right, by allowing it too.
    if key != "oneOf" and not (lost and gained):
        effect = Effect.WIDENED if bool(gained) is (key == "anyOf") else Effect.NARROWED
    pair.effect(key, effect, f"{key} lost {lost} of its schemas and gained {gained}")


RULES: Mapping[str, Rule] = {
    **PROSE,
    **LIMITS,
    "title": reworded,
    "enum": _enum,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _rest,
    "items": _rest,
    "anyOf": _alternatives,
    "oneOf": _alternatives,
    "allOf": _alternatives,
    "nullable": flag(Effect.WIDENED),
    "deprecated": deprecated,
    "default": changed(Rating.MAJOR),
}
