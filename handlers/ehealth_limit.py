"""How much of the error of a failed job the eHealth service keeps.

A text is measured as it is, anything else as its compact JSON; both in bytes of UTF-8.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .wire import dumps

LIMIT = 10_000
_CUT = "..."


def limited(error: Any, limit: int = LIMIT) -> Any:
    """Give *error* itself if it is within *limit*, or else what is left of it once it has been shortened to that.

    Of an object, the `params` of all rules go first, then as few entries of `invalid` as need be, from the end, then
    the end of its `message`. A text loses its end. Whatever cannot be shortened so becomes the text of its JSON, cut.
    """
    if _size(error) <= limit:
        return error
    for shortened in _shortenings(error, limit):
        if _size(shortened) <= limit:
            return shortened
    return _cut(error if isinstance(error, str) else dumps(error).decode(), limit)


def _size(error: Any) -> int:
    return len(error.encode() if isinstance(error, str) else dumps(error))


def _shortenings(error: Any, limit: int) -> Iterator[Mapping[str, Any]]:
    """Shorten an object step by step; the steps add up."""
    if not isinstance(error, Mapping):
        return
    if isinstance(entries := error.get("invalid"), list | tuple):
        entries = [_without_params(entry) for entry in entries]
        yield (error := {**error, "invalid": entries})
        yield (error := _fullest(lambda count: {**error, "invalid": entries[:count]}, len(entries), limit))
    if isinstance(message := error.get("message"), str):
        yield _fullest(lambda count: {**error, "message": message[:count] + _CUT}, len(message), limit)


def _without_params(entry: Any) -> Any:
    if not isinstance(entry, Mapping) or not isinstance(rules := entry.get("rules"), list | tuple):
        return entry
    return {**entry, "rules": [_without_own_params(rule) for rule in rules]}


def _without_own_params(rule: Any) -> Any:
    return {**rule, "params": []} if isinstance(rule, Mapping) and "params" in rule else rule


def _fullest(build: Callable[[int], dict[str, Any]], most: int, limit: int) -> dict[str, Any]:
    """Build what holds the most and is within *limit*, or what holds nothing if that is not either."""
    fitting = bisect_right(range(most), limit, key=lambda count: _size(build(count)))
    return build(max(fitting - 1, 0))


def _cut(text: str, limit: int) -> str:
    """Cut a text to *limit*, dots included, between two of its characters."""
    head = text.encode()[: max(limit - len(_CUT), 0)]
    return (head.decode(errors="ignore") + _CUT)[:limit]
