"""The rows of a decision table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .target import State
from .told import Told


class Who(StrEnum):
    """Who asks."""

    CALLER = "caller"
    NOBODY = "nobody"
    """No credential is sent."""
    STRANGER = "stranger"
    """A credential that nobody gave out is sent."""
    WEAK = "weak"
    """A credential is sent that lacks the permission."""


class Course(StrEnum):
    """How a row is asked."""

    ONCE = "once"
    TWICE = "twice"
    """Both answers must tell the same."""
    UNCHANGED = "unchanged"
    """The second time with the first answer's entity tag: there is nothing new."""


@dataclass(frozen=True, slots=True)
class Row:
    """One request, and what must be answered."""

    check: str
    told: Told
    operation: str | None = None
    """The operation that is asked; without one, *method* and *path* are what no operation has."""
    method: str | None = None
    path: str | None = None
    who: Who = Who.CALLER
    without: tuple[str, ...] = ()
    """Security schemes whose credential is not sent, though it is there."""
    added: bool = False
    """Whether it is about what this project adds to the contract."""
    id: str = "id"
    """The path parameter that is a job's id."""
    job: State | None = None
    """The job whose id is asked for; without one, the parameters have it."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What stands in the path, whatever the target gives for it."""
    body: Any = None
    writes: bool = False
    """Whether it would change something if the server were wrong, or does."""
    course: Course = Course.ONCE
    varying: tuple[str, ...] = ()
    """Members that tell something else each time."""
