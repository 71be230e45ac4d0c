"""What has to be done that a registry has the contracts as they are here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .difference import difference
from .refusals import PublishedVersion
from .registry import Registry
from .rules import api_name, api_version

if TYPE_CHECKING:
    from jobstatus.contract.bundle import Bundle


class Visibility(StrEnum):
    """Who sees an API."""

    PUBLIC = "public"
    PRIVATE = "private"


class Step(StrEnum):
    """One write, named for what it has done."""

    CREATED = "created"
    UPDATED = "updated"
    REWRITTEN = "its servers rewritten by the Registry"
    MADE_PUBLIC = "made public"
    MADE_PRIVATE = "made private"
    PUBLISHED = "published"
    MADE_DEFAULT = "made default"


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be done for one API, in this order; nothing if all is as it should be."""

    api: str
    version: str
    bundle: Bundle
    private: bool
    steps: tuple[Step, ...]
    obstacle: str | None = None
    """Where the published version differs, so that nothing can be done."""


def planned(registry: Registry, bundles: Iterable[Bundle], visibility: Visibility) -> list[Plan]:
    """Find out what has to be done, by reading alone.

    Raises `PublishedVersion` if a published version differs, `ConfigurationError` if a version breaks a rule.
    """
    private = visibility is Visibility.PRIVATE
    named = [(api_name(each.name), api_version(each.version, registry.url), each) for each in bundles]
    plans = [_plan(registry, api, version, each, private) for api, version, each in named]
    if blocked := [plan for plan in plans if plan.obstacle is not None]:
        raise PublishedVersion(_refused(registry.owner, blocked))
    return plans


def _plan(registry: Registry, api: str, version: str, bundle: Bundle, private: bool) -> Plan:
    found = registry.definition(api, version)
    published = found is not None and registry.is_published(api, version)
    differs = None if found is None else difference(bundle.document, found)
    if published and differs is not None:
        return Plan(api, version, bundle, private, (), differs)
    steps: list[Step] = []
    if found is None:
        steps += [Step.CREATED]
    else:
        steps += [Step.UPDATED] if differs is not None else []
        steps += _shown(registry.is_private(api, version), private)
    steps += [] if published else [Step.PUBLISHED]
    steps += [] if registry.default(api) == version else [Step.MADE_DEFAULT]
    return Plan(api, version, bundle, private, tuple(steps))


def _shown(is_private: bool, wanted: bool) -> Iterator[Step]:
    if is_private is not wanted:
        yield Step.MADE_PRIVATE if wanted else Step.MADE_PUBLIC


def _refused(owner: str, blocked: Iterable[Plan]) -> str:
    each = ", ".join(f"{owner}/{plan.api} {plan.version} (at {plan.obstacle})" for plan in blocked)
    return f"published already, and different: {each}; raise the version of the contract; nothing was changed"
