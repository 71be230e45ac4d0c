"""The rules of a schema that hold a single value: its type, its form, its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobstatus.changes.change import Effect
from jobstatus.changes.pair import Pair, Rule, went
from jobstatus.changes.source import same

_WIDER = {("integer", "number"): Effect.WIDENED, ("number", "integer"): Effect.NARROWED}
_WIDER |= {("int32", "int64"): Effect.WIDENED, ("int64", "int32"): Effect.NARROWED}


def shape(pair: Pair, key: str) -> None:
    """Compare a rule that is kept or broken, with nothing between: without it everything is allowed."""
    old, new = pair.pick(key)
    if same(old, new):
        return
    if old is None or new is None:
        effect = Effect.NARROWED if old is None else Effect.WIDENED
    else:
        effect = _WIDER.get((str(old), str(new)), Effect.CHANGED)
    pair.effect(key, effect, f"{key} {went(old, new)}")


def flag(of_true: Effect) -> Rule:
    """Make a rule for a switch that is off by itself, and does *of_true* when it is turned on."""
    of_false = Effect.WIDENED if of_true is Effect.NARROWED else Effect.NARROWED

    def rule(pair: Pair, key: str) -> None:
        old, new = pair.pick(key, False)
        if not same(old, new):
            known = {(False, True): of_true, (True, False): of_false}
            both = isinstance(old, bool) and isinstance(new, bool)
            pair.effect(key, known[old, new] if both else Effect.CHANGED, f"{key} {went(old, new)}")

    return rule


def _limit(lower: bool, without: int | None = None) -> Rule:
    """Make a rule for a limit; *without* it there is this one."""

    def rule(pair: Pair, key: str) -> None:
        old, new = (without if value is None else value for value in pair.pick(key))
        if not same(old, new) and not (_is_number(old) and _is_number(new) and old == new):
            pair.effect(key, _moved(old, new, lower), f"{key} {went(*pair.pick(key))}")

    return rule


def _moved(old: Any, new: Any, lower: bool) -> Effect:
    if old is None or new is None:
        return Effect.NARROWED if old is None else Effect.WIDENED
    if not (_is_number(old) and _is_number(new)):
        return Effect.CHANGED
    return Effect.NARROWED if (new > old) is lower else Effect.WIDENED


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


LIMITS: Mapping[str, Rule] = {
    **dict.fromkeys(("type", "format", "pattern", "multipleOf"), shape),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum", "uniqueItems"), flag(Effect.NARROWED)),
    **dict.fromkeys(("minLength", "minItems", "minProperties"), _limit(lower=True, without=0)),
    **dict.fromkeys(("maximum", "maxLength", "maxItems", "maxProperties"), _limit(lower=False)),
    "minimum": _limit(lower=True),
}
