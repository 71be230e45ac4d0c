"""What an answer must tell, beside what the contract's schema for its status asks of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Member(Enum):
    """What a member must be, where no single value is asked for."""

    PRESENT = "there"
    """It is there, and neither null nor empty."""
    ABSENT = "not there"


PRESENT, ABSENT = Member.PRESENT, Member.ABSENT


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer must tell."""

    status: int
    says: Mapping[str, Any] = field(default_factory=dict)
    """By the path of a member, such as `data.status`: its value, a tuple of those allowed, or a `Member`."""
    has: tuple[str, ...] = ()
    """Headers that must be there."""
    lacks: tuple[str, ...] = ()
    """Headers that must not."""
    schema: str | None = None
    """The schema of the body, for answers that no operation of the document has."""
    media: str = "application/json"
    """The media type that goes with it."""

    def __str__(self) -> str:
        """Tell it in a line."""
        says = [f"{path} {_shown(value)}" for path, value in self.says.items()]
        return ", ".join([str(self.status), *says, *self.has, *(f"no {name}" for name in self.lacks)])


def wrong(told: Told, body: Any) -> Iterator[str]:
    """Tell which members of a body are not as they must be."""
    for path, expected in told.says.items():
        found = member(body, path)
        if not _fits(found, expected):
            yield f"{path} must be {_shown(expected)}, but is {_shown(found)}"


def member(body: Any, path: str) -> Any:
    """Give the member of a body at a path such as `alerts.0.text`, or `ABSENT`."""
    for part in path.split("."):
        if isinstance(body, Mapping) and part in body:
            body = body[part]
        elif isinstance(body, list) and part.isdigit() and int(part) < len(body):
            body = body[int(part)]
        else:
            return ABSENT
    return body


def _fits(found: Any, expected: Any) -> bool:
    if expected is PRESENT:
        return found not in (ABSENT, None, "", [], {})
    if isinstance(expected, tuple):
        return any(_fits(found, each) for each in expected)
    return type(found) is type(expected) and found == expected


def _shown(value: Any) -> str:
    if isinstance(value, Member):
        return value.value
    if isinstance(value, tuple):
        return " or ".join(map(_shown, value))
    return json.dumps(value, ensure_ascii=False)[:80]
