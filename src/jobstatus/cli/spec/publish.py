"""`jobstatus spec publish`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobstatus.cli import output
from jobstatus.cli.exits import Exit
from jobstatus.cli.options import AsJson
from jobstatus.errors import UnknownContract
from jobstatus.publishing import (
    KeyRefused,
    NothingThere,
    Plan,
    Registry,
    RegistryError,
    RegistryUnavailable,
    Step,
    Visibility,
    carry_out,
    planned,
)
from jobstatus.publishing.refusals import KEY
from jobstatus.publishing.registry import CLOUD

if TYPE_CHECKING:
    from jobstatus.contract.bundle import Bundle

EXAMPLE = (
    "Example: jobstatus spec publish --to swaggerhub --owner acme --contract ims --server https://jobs.acme.example"
)
_EXITS = {KeyRefused: Exit.DENIED, NothingThere: Exit.MISSING, RegistryUnavailable: Exit.UNREACHABLE}


class Place(StrEnum):
    """A kind of registry."""

    SWAGGERHUB = "swaggerhub"


@dataclass
class Progress:
    """How far one API is."""

    plan: Plan
    done: list[Step] = field(default_factory=list)

    @property
    def left(self) -> list[Step]:
        """Give what has not been done."""
        return [step for step in self.plan.steps if step not in self.done]


def publish(
    owner: Annotated[str, typer.Option(help="The organization or user that the APIs belong to.", show_default=False)],
    to: Annotated[Place, typer.Option(help="The kind of registry.")] = Place.SWAGGERHUB,
    contract: Annotated[
        list[str] | None, typer.Option(help="A contract; without it, all. Repeatable.", show_default=False)
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="The profile, documented or deployed; without it, both.", show_default=False)
    ] = None,
    server: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="A server that it is offered at. Repeatable.")
    ] = None,
    visibility: Annotated[Visibility, typer.Option(help="Who sees the APIs.")] = Visibility.PRIVATE,
    url: Annotated[
        str, typer.Option(metavar="URL", envvar="JOBSTATUS_SWAGGERHUB_URL", help="The URL of the Registry API.")
    ] = CLOUD,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing, only tell what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Publish the contracts in SwaggerHub, each as an API; a published version is never overwritten.

    The key is read from SWAGGERHUB_API_KEY. If it is broken off, run it again.
    """
    with Registry(owner, os.environ.get(KEY, ""), url) as registry:
        try:
            _publish(registry, _chosen(contract or [], profile, tuple(server or ())), visibility, dry_run, as_json)
        except RegistryError as error:
            output.complain(str(error))
            raise typer.Exit(_EXITS.get(type(error), Exit.USAGE)) from None


def _chosen(contracts: Sequence[str], profile: str | None, servers: tuple[str, ...]) -> list[Bundle]:
    """Cut out what is wanted; raises `UnknownContract` where there is no such thing."""
    from jobstatus.contract.bundle import bundle, bundles
    from jobstatus.contract.spec import Document

    document = Document.load()
    if contracts and profile:
        return [bundle(document, contract, profile, servers) for contract in dict.fromkeys(contracts)]
    for contract in contracts:
        bundle(document, contract)
    every = bundles(document, servers)
    found = [each for each in every if each.contract in (contracts or document.contracts) and _has(each, profile)]
    if not found:
        raise UnknownContract(f"no contract has the profile {profile!r}")
    return found


def _has(bundle: Bundle, profile: str | None) -> bool:
    return profile is None or bundle.profile == profile


def _publish(registry: Registry, bundles: list[Bundle], visibility: Visibility, dry_run: bool, as_json: bool) -> None:
    """Plan, act, and tell what was done, though it be broken off."""
    progress = [Progress(plan) for plan in planned(registry, bundles, visibility)]
    try:
        for each in progress if not dry_run else ():
            for step in carry_out(registry, each.plan):
                each.done.append(step)
    finally:
        if as_json:
            output.print_json({"dry_run": dry_run, "apis": [_machine(registry, each) for each in progress]})
        else:
            _show(registry, progress, dry_run)


def _show(registry: Registry, progress: Sequence[Progress], dry_run: bool) -> None:
    rows = output.table("api", "version", "what")
    for each in progress:
        api = output.text(f"{registry.owner}/{each.plan.api}")
        rows.add_row(api, output.text(each.plan.version), output.text(_what(each, dry_run)))
    output.console().print(rows)


def _what(progress: Progress, dry_run: bool) -> str:
    if not progress.plan.steps:
        return "unchanged"
    done, left = ", ".join(progress.done), ", ".join(progress.left)
    if not left:
        return done
    return "; ".join(part for part in (done, f"{'to be' if dry_run else 'not yet'} {left}") if part)


def _machine(registry: Registry, progress: Progress) -> dict[str, Any]:
    return {
        "api": f"{registry.owner}/{progress.plan.api}",
        "version": progress.plan.version,
        "unchanged": not progress.plan.steps,
        "done": progress.done,
        "left": progress.left,
    }
