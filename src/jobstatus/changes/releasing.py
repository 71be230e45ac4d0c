"""Publishing contracts: a file for each new version, and what changed beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jobstatus.changes.changelog import changelog
from jobstatus.changes.guard import Finding, Verdict, guard
from jobstatus.changes.published import Shelf
from jobstatus.contract.bundle import Bundle
from jobstatus.errors import ConfigurationError

CHANGELOG = "CHANGELOG.md"


@dataclass(frozen=True, slots=True)
class Release:
    """What the guard said, and which files were written for it: none if it refused, or if nothing is new."""

    findings: tuple[Finding, ...]
    written: tuple[Path, ...] = ()

    @property
    def passes(self) -> bool:
        """Tell whether the guard let all contracts through."""
        return all(finding.passes for finding in self.findings)


def release(bundles: Iterable[Bundle], shelf: Shelf) -> Release:
    """Publish all contracts whose version is new, if none of them is refused; done again, it changes nothing.

    Raises `ConfigurationError` if a file cannot be written.
    """
    named = {bundle.name: bundle for bundle in bundles}
    findings = tuple(guard(named.values(), shelf))
    if not all(finding.passes for finding in findings):
        return Release(findings)
    new = [named[finding.name] for finding in findings if finding.verdict is not Verdict.PUBLISHED]
    documents = [path for bundle in new for path in _write(shelf.path(bundle.name, bundle.version), bundle.yaml)]
    return Release(findings, (*documents, *_changelogs(named, shelf)))


def _changelogs(names: Iterable[str], shelf: Shelf) -> list[Path]:
    pages = {name: changelog(name, shelf.history(name)).encode() for name in names}
    return [path for name, page in pages.items() for path in _write(shelf.folder / name / CHANGELOG, page)]


def _write(path: Path, content: bytes) -> list[Path]:
    """Write a file, unless it has this content, and give it if it was written."""
    try:
        if path.is_file() and path.read_bytes() == content:
            return []
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"cannot write {error.filename}: {error.strerror}") from None
    return [path]
