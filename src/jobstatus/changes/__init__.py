"""What changes between two documents of a contract, whom it breaks, and which version it takes."""

from __future__ import annotations

from .change import Change, Rating, worst
from .documents import compare
from .guard import Finding, Verdict, guard, judge, needed_after
from .published import Published, Shelf
from .reading import read, title_of, version_of
from .releasing import Release, release
from .version import Version

__all__ = [
    "Change",
    "Finding",
    "Published",
    "Rating",
    "Release",
    "Shelf",
    "Verdict",
    "Version",
    "compare",
    "guard",
    "judge",
    "needed_after",
    "read",
    "release",
    "title_of",
    "version_of",
    "worst",
]
