"""How much a caller may ask for in a time, and what is told of it: the `RateLimit` headers of the IETF's draft.

Source: draft-ietf-httpapi-ratelimit-headers, September 2025.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

OFF = "off"
LONGEST = 3600
"""Seconds that a bucket may take to fill, at the most: so long a client may be told to stay away."""
_TEXT = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,3})")


@dataclass(frozen=True)
class Policy:
    """A bucket of tokens, of which each request takes one."""

    name: str
    quota: int
    """How many tokens it holds."""
    seconds: int
    """In how many seconds it fills, when it is empty."""

    @classmethod
    def read(cls, name: str, text: str) -> Policy | None:
        """Read a policy from its quota and its seconds, such as `60000/60`, or none from `off`.

        Raises:
            ValueError: the text is neither.
        """
        if text == OFF:
            return None
        found = _TEXT.fullmatch(text)
        if found is None or int(found[2]) > LONGEST:
            raise ValueError(f"must be requests/seconds, such as 60000/60, of {LONGEST} seconds at the most, or {OFF}")
        return cls(name, int(found[1]), int(found[2]))

    @cached_property
    def told(self) -> str:
        """The policy as an item of the header `RateLimit-Policy`."""
        return f'"{self.name}";q={self.quota};w={self.seconds}'

    @cached_property
    def header(self) -> tuple[bytes, bytes]:
        """The policy as a header of an answer."""
        return b"ratelimit-policy", self.told.encode()

    @cached_property
    def form(self) -> bytes:
        """What is left, with blanks for the tokens and the seconds."""
        return f'"{self.name}";r=%d;t=%d'.encode()


@dataclass(slots=True)
class Reading:
    """How much is left of a policy for one caller, as far as this server knows."""

    policy: Policy
    remaining: int
    """Tokens that are left."""
    full_after: int
    """Seconds until there are as many as the policy has, if none is taken."""

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
        """Tell it as headers of an answer."""
        policy = self.policy
        return policy.header, (b"ratelimit", policy.form % (self.remaining, self.full_after))
