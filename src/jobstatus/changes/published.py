"""The folder of published documents: `<name>/<version>.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jobstatus.changes.reading import read, version_of
from jobstatus.changes.version import Version
from jobstatus.contract.spec import Node
from jobstatus.errors import ConfigurationError


@dataclass(frozen=True)
class Published:
    """One document as it was published."""

    version: Version
    path: Path

    @cached_property
    def document(self) -> Node:
        """Read it; raises `ConfigurationError` if its file cannot be, or says it is of another version."""
        document = read(self.path)
        if version_of(document) != self.path.stem:
            raise ConfigurationError(f"{self.path} says that it is of version {version_of(document)!r}")
        return document

    def is_written(self, content: bytes) -> bool:
        """Tell whether it has just these bytes."""
        try:
            return self.path.read_bytes() == content
        except OSError as error:
            raise ConfigurationError(f"cannot read {self.path}: {error.strerror}") from None


@dataclass(frozen=True)
class Shelf:
    """All that was published."""

    folder: Path

    def names(self) -> list[str]:
        """Give the names of all that was ever published."""
        if not self.folder.is_dir():
            return []
        folders = [entry for entry in self.folder.iterdir() if entry.is_dir()]
        return sorted(folder.name for folder in folders if any(folder.glob("*.yaml")))

    def history(self, name: str) -> list[Published]:
        """Give what was published under a name, the lowest version first."""
        found = [self._published(path) for path in sorted((self.folder / name).glob("*.yaml"))]
        return sorted(found, key=lambda published: published.version)

    def path(self, name: str, version: str) -> Path:
        """Say where a document is to be written."""
        return self.folder / name / f"{version}.yaml"

    def _published(self, path: Path) -> Published:
        try:
            return Published(Version.parse(path.stem), path)
        except ConfigurationError as error:
            raise ConfigurationError(f"the name of {path}: {error}") from None
