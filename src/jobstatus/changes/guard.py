"""Whether a contract may be published as it is: its version must be worth its changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from jobstatus.changes.change import Change, worst
from jobstatus.changes.documents import compare
from jobstatus.changes.published import Published, Shelf
from jobstatus.changes.source import same
from jobstatus.changes.version import Version
from jobstatus.contract.bundle import Bundle


class Verdict(StrEnum):
    """What is to be said of a contract beside what was published of it."""

    UNPUBLISHED = "unpublished"
    PUBLISHED = "published"
    ENOUGH = "enough"
    TOO_LOW = "too low"
    ALTERED = "altered"
    GONE = "gone"


_TEXTS = {
    Verdict.UNPUBLISHED: "it was never published",
    Verdict.PUBLISHED: "it is what was published",
    Verdict.ENOUGH: "its version allows for what changes",
    Verdict.TOO_LOW: "its version must be at least {needed}",
    Verdict.ALTERED: "this version is published with other content; its version must be at least {needed}",
    Verdict.GONE: "it was published and is no contract any more; if that is meant, remove its folder",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What the guard says of one contract in one profile."""

    name: str
    verdict: Verdict
    version: str | None
    """The version that it has; none if it is gone."""
    published: str | None
    """The highest version that was published; none if there is no such one."""
    needed: str | None
    """The least version that it may have; none if there is nothing to compare it with."""
    changes: tuple[Change, ...] = ()
    """What differs from the highest published version, the gravest first."""

    @property
    def passes(self) -> bool:
        """Tell whether it may be published."""
        return self.verdict in (Verdict.UNPUBLISHED, Verdict.PUBLISHED, Verdict.ENOUGH)

    @property
    def text(self) -> str:
        """Say it to a person."""
        return _TEXTS[self.verdict].format(needed=self.needed)


def guard(bundles: Iterable[Bundle], shelf: Shelf) -> Iterator[Finding]:
    """Judge contracts by what was published of them, and name those that were published and are gone."""
    known = set()
    for bundle in bundles:
        known.add(bundle.name)
        yield judge(bundle, shelf.history(bundle.name))
    for name in shelf.names():
        if name not in known:
            yield Finding(name, Verdict.GONE, None, str(shelf.history(name)[-1].version), None)


def judge(bundle: Bundle, history: Sequence[Published]) -> Finding:
    """Judge a contract by its *history*, the lowest version first."""
    version = Version.parse(bundle.version)
    if not history:
        return Finding(bundle.name, Verdict.UNPUBLISHED, bundle.version, None, None)
    last = history[-1]
    if version == last.version and last.is_written(bundle.yaml):
        return Finding(bundle.name, Verdict.PUBLISHED, bundle.version, bundle.version, bundle.version)
    changes = compare(last.document, bundle.document, (str(last.path), bundle.name))
    needed = needed_after(last.version, changes)
    verdict = _verdict(bundle, version, last, needed)
    return Finding(bundle.name, verdict, bundle.version, str(last.version), str(needed), tuple(changes))


def needed_after(version: Version, changes: Sequence[Change]) -> Version:
    """Give the least version that *changes* may be published as after this one."""
    return version.bumped(worst(changes))


def _verdict(bundle: Bundle, version: Version, last: Published, needed: Version) -> Verdict:
    if version == last.version:
        return Verdict.PUBLISHED if same(last.document, bundle.document) else Verdict.ALTERED
    return Verdict.ENOUGH if last.version <= version and version.allows(needed) else Verdict.TOO_LOW
