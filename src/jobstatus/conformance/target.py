"""The server that is held to a contract, and what whoever runs it gives for that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from jobstatus.contract.bundle import Bundle
from jobstatus.errors import ConfigurationError


class State(StrEnum):
    """A state that a job is asked for in."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    LINKED = "linked"
    """It succeeded, and what came of it is told as links alone."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FOREIGN = "foreign"
    """A job that there is, of another tenant."""


ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LINKED)
"""What never changes again."""


@dataclass(frozen=True)
class Target:
    """One server, the contract that it should keep, and what to ask it with."""

    url: str
    bundle: Bundle
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By security scheme, what a caller who may read jobs sends."""
    weak: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The same of a caller who is known and lacks the permission."""
    jobs: Mapping[State, str] = field(default_factory=dict)
    """By state, the id of a job in it, as the contract spells ids."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What else stands in paths, such as `project_id`."""
    writes: bool = False
    """Whether it may be asked for what changes something there."""
    original: bool = False
    """Whether what this project adds to the contract is not asked for."""

    def __post_init__(self) -> None:
        """Raise `ConfigurationError` for a URL that cannot be asked, or that has a secret in it."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError("URL: must begin with http:// or https:// and name a host")
        if parts.username or parts.password:
            raise ConfigurationError("URL: must name neither user nor password; give them with --credential")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Give what no report may show, the longest first."""
        return tuple(sorted({*self.credentials.values(), *self.weak.values()}, key=len, reverse=True))


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Put `[hidden]` in the place of every secret that *text* repeats."""
    for secret in secrets:
        text = text.replace(secret, "[hidden]")
    return text
