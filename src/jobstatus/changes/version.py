"""Versions by Semantic Versioning 2.0.0, and what a change asks of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from jobstatus.changes.change import Rating
from jobstatus.errors import ConfigurationError

_NUMBER = r"(?:0|[1-9][0-9]*)"
_PART = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_FORM = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_PART}(?:\.{_PART})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)


@dataclass(frozen=True)
class Version:
    """A version: its three numbers, and what makes it a pre-release; what it was built from does not count."""

    core: tuple[int, int, int]
    early: str = ""

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read a version; raises `ConfigurationError` for what is none by Semantic Versioning 2.0.0."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise ConfigurationError(f"the version {text!r} is none of Semantic Versioning 2.0.0, such as 1.2.3")
        major, minor, patch, early = found.groups()
        return cls((int(major), int(minor), int(patch)), early or "")

    def __str__(self) -> str:
        """Write it without what it was built from."""
        return ".".join(map(str, self.core)) + (f"-{self.early}" if self.early else "")

    def __lt__(self, other: Version) -> bool:
        """Order versions by their precedence (Semantic Versioning 2.0.0, rule 11)."""
        return self._precedence < other._precedence

    def __le__(self, other: Version) -> bool:
        """Tell whether it comes before the other, or is as high."""
        return self._precedence <= other._precedence

    def bumped(self, rating: Rating | None) -> Version:
        """Give the least version whose numbers allow a change of this rating after this one.

        A pre-release stays as it is if its numbers allow it. While the first number is 0, the second stands in for it,
        and the third allows all the rest.
        """
        if rating is None or (self.early and self._room >= rating):
            return self
        major, minor, patch = self.core
        if rating is Rating.MAJOR and major:
            return Version((major + 1, 0, 0))
        if rating is Rating.MAJOR or (rating is Rating.MINOR and major):
            return Version((major, minor + 1, 0))
        return Version((major, minor, patch + 1))

    def allows(self, needed: Version) -> bool:
        """Tell whether it is as high as what is *needed*, or an early release of such a one."""
        return needed <= self or (bool(self.early) and needed.core <= self.core and not needed.early)

    @property
    def _room(self) -> Rating:
        major, minor, patch = self.core
        if patch:
            return Rating.PATCH if major else Rating.MINOR
        return Rating.MINOR if minor and major else Rating.MAJOR

    @cached_property
    def _precedence(self) -> tuple[tuple[int, int, int], bool, list[tuple[bool, int, str]]]:
        parts = self.early.split(".") if self.early else []
        return self.core, not self.early, [_ranked(part) for part in parts]


def _ranked(part: str) -> tuple[bool, int, str]:
    """Put numbers before words, each in their own order."""
    return (False, int(part), "") if part.isdecimal() else (True, 0, part)
