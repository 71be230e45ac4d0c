"""What is there is documented."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from jobstatus.cli import app as command_line
from jobstatus.contract.spec import Document, Operation
from jobstatus.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    """Its variable stands in the table of settings, with what it means."""
    text = (DOCS / "settings.md").read_text(encoding="utf-8")

    assert f"| `JOBSTATUS_{name.upper()}` |" in text
    assert Settings.model_fields[name].description


@pytest.mark.parametrize("operation", Document.load().operations.values(), ids=lambda operation: operation.id)
def test_every_operation_is_documented(operation: Operation) -> None:
    """It stands in its contract's page."""
    page = (DOCS / "contracts" / f"{operation.contract}.md").read_text(encoding="utf-8")

    assert f"`{operation.id}`" in page


def commands() -> list[str]:
    """Give each command as it is typed."""
    group = typer.main.get_command(command_line)
    found: list[str] = []
    waiting = [("jobstatus", group)]
    while waiting:
        name, command = waiting.pop()
        children = getattr(command, "commands", {})
        waiting += [(f"{name} {child}", children[child]) for child in children]
        if not children:
            found.append(name)
    return sorted(found)


@pytest.mark.parametrize("command", commands())
def test_every_command_is_documented(command: str) -> None:
    """It stands in the page of the command line."""
    assert f"`{command}" in (DOCS / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("contract", Document.load().contracts)
def test_every_contract_has_its_page_and_stands_in_the_readme(contract: str) -> None:
    """A reader finds each contract from the front page."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert f"docs/contracts/{contract}.md" in readme


def test_links_between_pages_lead_somewhere() -> None:
    """No page points to a file that is not there."""
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]
    for page in pages:
        for part in page.read_text(encoding="utf-8").split("](")[1:]:
            target = part.split(")")[0].split("#")[0]
            if target and "://" not in target and not target.startswith("src/"):
                assert (page.parent / target).exists(), f"{page.name} → {target}"
