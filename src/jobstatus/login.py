"""What handlers may ask of whoever lets callers in: logging in and out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jobstatus.credential import Caller


class Sessions(Protocol):
    """Sessions that a client keeps in cookies."""

    async def log_in(self, name: str, password: str) -> tuple[str, ...]:
        """Give the cookies of a new session. Raises `Unauthenticated`."""

    async def log_in_by_token(self, token: str) -> tuple[str, ...]:
        """Give the cookies of a new session to the holder of a token. Raises `Unauthenticated`."""

    def log_out(self, caller: Caller) -> tuple[str, ...]:
        """Give cookies that take the place of a session's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A token, and what it says."""

    token: str
    methods: tuple[str, ...]
    caller: Caller
    project: str | None
    """None where the token is for no project."""
    issued_at: datetime
    expires_at: datetime


class Tokens(Protocol):
    """Tokens for projects."""

    region: str
    """The region that the catalog names."""

    async def by_password(self, name: str, password: str, project: str | None) -> Issued:
        """Give a new token to a user; its project is the user's own where none is named. Raises `Unauthenticated`."""

    async def by_token(self, token: str, project: str | None) -> Issued:
        """Give a new token to the bearer of one, which ends when that ends. Raises `Unauthenticated`."""
