"""One contract's own document, cut out of the whole: what integrators get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from jobstatus.contract.components import used
from jobstatus.contract.cutting import cut
from jobstatus.contract.profile import narrowed
from jobstatus.contract.public import public
from jobstatus.contract.spec import Document, Node
from jobstatus.contract.writing import as_json, as_yaml
from jobstatus.errors import UnknownContract

PAGES = {"documented": "It answers as the published pages say.", "deployed": "It answers as the running systems do."}


@dataclass(frozen=True)
class Bundle:
    """A document that stands alone: one contract in one profile, the same bytes each time."""

    contract: str
    profile: str
    version: str
    """The contract's own version, by Semantic Versioning 2.0.0."""
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name it among all: `ims` in the profile `documented`, `ims-deployed` in the other."""
        return self.contract if self.profile == "documented" else f"{self.contract}-{self.profile}"

    @cached_property
    def yaml(self) -> bytes:
        """Write it as YAML."""
        return as_yaml(self.document)

    @cached_property
    def json(self) -> bytes:
        """Write it as JSON."""
        return as_json(self.document)


def bundles(document: Document, servers: tuple[str, ...] = ()) -> Iterator[Bundle]:
    """Give every contract in each of its profiles, in the order of the file."""
    for contract in document.contracts:
        for profile in document.profiles(contract):
            yield bundle(document, contract, profile, servers)


@cache
def bundle(document: Document, contract: str, profile: str = "documented", servers: tuple[str, ...] = ()) -> Bundle:
    """Cut one contract out, for these *servers*, or those of the file.

    Raises `UnknownContract` if there is no such contract, or if it has no such profile.
    """
    if contract not in document.contracts:
        raise UnknownContract(f"there is no contract {contract!r}; there are {', '.join(document.contracts)}")
    if profile not in (known := document.profiles(contract)):
        raise UnknownContract(f"{contract} has no profile {profile!r}; it has {', '.join(known)}")
    tag = document.tag(contract)
    whole = public(narrowed(document, cut(document, contract), profile), profile)
    whole["info"] = _info(whole["info"], tag, profile if len(known) > 1 else None)
    if servers:
        whole["servers"] = [{"url": url} for url in servers]
    components = whole.pop("components")
    return Bundle(contract, profile, tag["x-version"], {**whole, "components": used(components, whole)})


def _info(info: Node, tag: Node, profile: str | None) -> dict[str, Any]:
    """Say of one contract what the file says of all."""
    title = f"jobstatus: {tag['name']}"
    return {
        **info,
        "title": title if profile in (None, "documented") else f"{title} ({profile})",
        "version": tag["x-version"],
        "description": " ".join(part for part in (tag["description"], PAGES.get(profile or "")) if part),
    }
