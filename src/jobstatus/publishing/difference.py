"""What two documents differ in, whatever each was written as."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOCKING = "SwaggerHub API Auto Mocking"
"""How the server is described that SwaggerHub itself puts into a document."""


def difference(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str | None:
    """Name the first place where they differ, as a JSON pointer; the order of keys and mock servers do not count."""
    pointer = next(_places("", ours, {**theirs, **_servers(ours, theirs)}), None)
    return None if pointer is None else pointer or "/"


def _servers(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Give their servers without the mock; where it has taken the place of all, ours."""
    found = theirs.get("servers")
    if not isinstance(found, list):
        return {}
    kept = [each for each in found if not (isinstance(each, dict) and each.get("description") == MOCKING)]
    return {} if kept == found else {"servers": kept or ours.get("servers", [])}


def _places(at: str, ours: Any, theirs: Any) -> Iterator[str]:
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        yield from _in_objects(at, _by_name(ours), _by_name(theirs))
    elif isinstance(ours, list | tuple) and isinstance(theirs, list | tuple):
        yield from _in_lists(at, ours, theirs)
    elif isinstance(ours, bool) is not isinstance(theirs, bool) or ours != theirs:
        yield at


def _in_objects(at: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    for name in [*ours, *(theirs.keys() - ours.keys())]:
        place = f"{at}/{name.replace('~', '~0').replace('/', '~1')}"
        if name in ours and name in theirs:
            yield from _places(place, ours[name], theirs[name])
        else:
            yield place


def _in_lists(at: str, ours: Sequence[Any], theirs: Sequence[Any]) -> Iterator[str]:
    for number, (one, other) in enumerate(zip(ours, theirs, strict=False)):
        yield from _places(f"{at}/{number}", one, other)
    if len(ours) != len(theirs):
        yield f"{at}/{min(len(ours), len(theirs))}"


def _by_name(node: Mapping[Any, Any]) -> dict[str, Any]:
    """Name a status that YAML has as a number as JSON does."""
    return {str(name): value for name, value in node.items()}
