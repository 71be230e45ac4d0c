"""Two nodes that stand for each other in the old and the new document, and the rules by which they are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jobstatus.changes.change import Change, Effect, Rating, Side
from jobstatus.changes.source import EMPTY, Source, canonical, same
from jobstatus.contract.spec import Node

_RATINGS = {
    (Side.REQUEST, Effect.NARROWED): (Rating.MAJOR, "some of what was taken is refused"),
    (Side.REQUEST, Effect.WIDENED): (Rating.MINOR, "more is taken than was"),
    (Side.RESPONSE, Effect.NARROWED): (Rating.MINOR, "all that is answered could be answered before"),
    (Side.RESPONSE, Effect.WIDENED): (Rating.MAJOR, "answers may hold what they never did"),
}
_LONG = 120


@dataclass(frozen=True, slots=True)
class Run:
    """One comparison: both documents, what was found, and which nodes were compared already."""

    old: Source
    new: Source
    changes: list[Change] = field(default_factory=list)
    seen: dict[tuple[int, int, Side | None], tuple[Node, Node]] = field(default_factory=dict)
    """Holds on to the nodes, so that no other one comes to bear the identity of one of them."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An old node, the new one, and where they stand."""

    run: Run
    place: str
    old: Node
    new: Node
    side: Side | None = None

    def tell(self, kind: str, rating: Rating, text: str) -> None:
        """Note a change here."""
        self.run.changes.append(Change(self.place, kind, rating, text))

    def effect(self, key: str, effect: Effect, text: str) -> None:
        """Note what became of the values allowed here; who must be content with them decides how grave that is."""
        assert self.side is not None  # noqa: S101  for types alone: schemas are compared from one side
        rating, why = _RATINGS.get((self.side, effect), (Rating.MAJOR, "what was right may be wrong"))
        self.tell(f"{self.side}-{key}-{effect}", rating, f"{text}: {why}")

    def at(self, step: str, side: Side | None = None) -> Pair:
        """Stand at a place below this one, with the same nodes."""
        return replace(self, place=f"{self.place}{step}", side=side or self.side)

    def mappings(self, key: str) -> tuple[Node, Node]:
        """Give a part of both that is an object."""
        return self.run.old.mapping(self.old, key), self.run.new.mapping(self.new, key)

    def lists(self, key: str) -> tuple[Sequence[Any], Sequence[Any]]:
        """Give a part of both that is a list."""
        return self.run.old.list(self.old, key), self.run.new.list(self.new, key)

    def pick(self, key: str, default: Any = None) -> tuple[Any, Any]:
        """Give a value of both."""
        return self.old.get(key, default), self.new.get(key, default)

    def step(self, step: str, old: Any, new: Any, rules: Mapping[str, Rule], side: Side | None = None) -> None:
        """Compare two nodes below these, unless they were already, from the same side.

        What both refer to by the same name is told of once, under that name.
        """
        side = side or self.side
        found = self.run.old.resolve(old), self.run.new.resolve(new)
        key = (id(found[0]), id(found[1]), side)
        if key not in self.run.seen:
            self.run.seen[key] = found
            place = _component(old, new) or f"{self.place}{step}"
            walk(Pair(self.run, place, *found, side), rules)


Rule = Callable[[Pair, str], None]
"""Compares what two nodes have under one key."""


def _component(old: Node, new: Node) -> str | None:
    """Name what both refer to."""
    reference = old.get("$ref")
    return str(reference).removeprefix("#/") if reference and reference == new.get("$ref") else None


def walk(pair: Pair, rules: Mapping[str, Rule]) -> None:
    """Compare two nodes key by key; what no rule is for and differs is taken for the worst."""
    for key in dict.fromkeys((*pair.old, *pair.new)):
        rules.get(key, unclassified)(pair, key)


def differs(pair: Pair, key: str) -> bool:
    """Tell whether the two have something else under a key, references followed."""
    return not same(pair.run.old.whole(pair.old.get(key, EMPTY)), pair.run.new.whole(pair.new.get(key, EMPTY)))


def unclassified(pair: Pair, key: str) -> None:
    """Take a difference that nothing is known of for the worst."""
    if differs(pair, key):
        pair.tell("unclassified", Rating.MAJOR, f"{key} {went(*pair.pick(key))}, whatever that means")


def changed(rating: Rating) -> Rule:
    """Make a rule that takes every difference for equally grave."""

    def rule(pair: Pair, key: str) -> None:
        if differs(pair, key):
            pair.tell(f"{key}-changed", rating, f"{key} {went(*pair.pick(key))}")

    return rule


def reworded(pair: Pair, key: str) -> None:
    """Compare what is only read by people."""
    if differs(pair, key):
        pair.tell(f"{key}-changed", Rating.PATCH, f"{key} reworded")


def elsewhere(pair: Pair, key: str) -> None:
    """Leave a key to whoever compares the nodes as a whole."""


def deprecated(pair: Pair, key: str) -> None:
    """Compare whether something is on its way out, which is news (Semantic Versioning 2.0.0, rule 7)."""
    old, new = pair.pick(key, False)
    if not same(old, new):
        rating = Rating.MINOR if new else Rating.PATCH
        pair.tell("deprecated", rating, "deprecated" if new else "no longer deprecated")


def went(old: Any, new: Any) -> str:
    """Say what became of a value."""
    if old is None:
        return f"is now {shown(new)}"
    return f"was {shown(old)}, is {shown(new)}" if new is not None else f"was {shown(old)}, is gone"


def shown(value: Any) -> str:
    """Write a value for a person, not at any length."""
    text = value if isinstance(value, str) else canonical(value)
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"


PROSE: Mapping[str, Rule] = dict.fromkeys(("description", "summary", "example", "examples", "externalDocs"), reworded)
"""What only people read."""
