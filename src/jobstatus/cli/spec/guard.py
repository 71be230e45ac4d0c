"""`jobstatus spec guard`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobstatus.cli import output
from jobstatus.cli.exits import Exit
from jobstatus.cli.options import AsJson
from jobstatus.errors import ConfigurationError

from .diff import show, told

if TYPE_CHECKING:
    from jobstatus.changes import Finding

EXAMPLE = "Example: jobstatus spec guard contracts/published"
REFUSED = (
    "what was published must be kept: raise the version (x-version of the contract's tag), or take back the change"
)


def guard(
    folder: Annotated[Path, typer.Argument(help="What was published, as <name>/<version>.yaml.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Tell whether the version of each contract is worth its changes since it was last published."""
    from jobstatus import changes
    from jobstatus.contract.bundle import bundles
    from jobstatus.contract.spec import Document

    if not folder.is_dir():
        raise ConfigurationError(f"there is no folder {folder}; `jobstatus spec release {folder}` makes one")
    findings = list(changes.guard(bundles(Document.load()), changes.Shelf(folder)))
    if as_json:
        output.print_json({"passes": all(each.passes for each in findings), "contracts": findings_told(findings)})
    else:
        show_findings(findings)
    refuse(findings)


def findings_told(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Tell a machine what the guard says."""
    return [
        {
            "name": each.name,
            "verdict": each.verdict.value,
            "passes": each.passes,
            "version": each.version,
            "published": each.published,
            "needed": each.needed,
            "changes": told(each.changes),
        }
        for each in findings
    ]


def show_findings(findings: Sequence[Finding]) -> None:
    """Show what the guard says, one contract a row, then the changes of those that it refuses."""
    rows = output.table("contract", "version", "published", "verdict", "")
    for each in findings:
        verdict = output.text(each.verdict.value, "green" if each.passes else "red")
        version, published = output.text(each.version), output.text(each.published)
        rows.add_row(output.text(each.name), version, published, verdict, output.text(each.text))
    output.console().print(rows)
    for each in findings:
        if not each.passes and each.changes:
            output.console().print(output.text(f"\n{each.name}:", "bold"))
            show(each.changes)


def refuse(findings: Sequence[Finding]) -> None:
    """End the command with `Exit.DIFFERENT` if the guard refuses a contract."""
    refused = [each.name for each in findings if not each.passes]
    if refused:
        output.complain(f"{', '.join(refused)}: {REFUSED}")
        raise typer.Exit(Exit.DIFFERENT)
