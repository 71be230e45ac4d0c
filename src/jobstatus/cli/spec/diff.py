"""`jobstatus spec diff`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobstatus.cli import output
from jobstatus.cli.exits import Exit
from jobstatus.cli.options import AsJson
from jobstatus.errors import ConfigurationError

if TYPE_CHECKING:
    from jobstatus.changes import Change

EXAMPLE = "Example: jobstatus spec diff contracts/published/ims/1.0.0.yaml ims.yaml"
STYLES = {"major": "red", "minor": "yellow", "patch": "green"}


def diff(
    old: Annotated[Path, typer.Argument(help="The document as it was, YAML or JSON.", show_default=False)],
    new: Annotated[Path, typer.Argument(help="The document as it is now.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Tell what changes between two OpenAPI documents, whether it breaks clients, and which version it takes."""
    from jobstatus.changes import Rating, compare, read, title_of, version_of, worst

    before, after = read(old), read(new)
    if title_of(before) != title_of(after):
        output.note(f"these may be two contracts: {title_of(before)!r} and {title_of(after)!r}")
    changes = compare(before, after, (str(old), str(new)))
    breaking = worst(changes) is Rating.MAJOR
    versions = {"old": version_of(before), "new": version_of(after), "needed": _needed(version_of(before), changes)}
    if as_json:
        output.print_json({"breaking": breaking, "versions": versions, "changes": told(changes)})
    else:
        _show(changes, versions)
    if breaking:
        raise typer.Exit(Exit.DIFFERENT)


def told(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Tell changes to a machine, their ratings by name."""
    return [{**asdict(change), "rating": str(change.rating)} for change in changes]


def show(changes: Sequence[Change]) -> None:
    """Show changes, one a row."""
    rows = output.table("rating", "place", "change")
    for change in changes:
        rating = str(change.rating)
        rows.add_row(output.text(rating, STYLES[rating]), output.text(change.place), output.text(change.text))
    output.console().print(rows)


def _needed(version: str, changes: Sequence[Change]) -> str | None:
    from jobstatus.changes import Version, needed_after

    try:
        return str(needed_after(Version.parse(version), changes))
    except ConfigurationError:
        return None


def _show(changes: Sequence[Change], versions: dict[str, str | None]) -> None:
    if not changes:
        output.note("nothing changes")
        return
    show(changes)
    if versions["needed"] is None:
        output.note(
            f"the old version {versions['old']!r} is none of Semantic Versioning, so none can be told for the new"
        )
    else:
        output.note(f"the version was {versions['old']}; it must be at least {versions['needed']}")
