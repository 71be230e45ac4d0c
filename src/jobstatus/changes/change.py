"""A change between two documents, and how much of a version it takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Rating(IntEnum):
    """What a change asks of the version, by Semantic Versioning 2.0.0; the greater asks for more."""

    PATCH = 1
    """Nothing that is sent or answered changes."""
    MINOR = 2
    """What clients did until now goes on as before."""
    MAJOR = 3
    """A client may break."""

    def __str__(self) -> str:
        """Name it as the version's part: `major`, `minor` or `patch`."""
        return self.name.lower()


class Side(StrEnum):
    """Who must be content with a value: the server that asks for it, or the client that is answered with it."""

    REQUEST = "request"
    RESPONSE = "response"


class Effect(StrEnum):
    """What a change does to the set of values that a schema allows."""

    NARROWED = "narrowed"
    WIDENED = "widened"
    CHANGED = "changed"
    """It allows values that it did not, and no longer all that it did, or nobody can tell."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between an old and a new document."""

    place: str
    """The operation and what of it, or the component that it stands in."""
    kind: str
    """A name for machines, such as `parameter-removed`."""
    rating: Rating
    text: str
    """What is different, for a person."""


def worst(changes: Iterable[Change]) -> Rating | None:
    """Give the greatest rating; none if nothing changes."""
    return max((change.rating for change in changes), default=None)
