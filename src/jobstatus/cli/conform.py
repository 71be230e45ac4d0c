"""`jobstatus conform`: whether a server, whoever made it, keeps a contract."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobstatus.errors import ConfigurationError

from . import output
from .exits import Exit
from .options import AsJson

if TYPE_CHECKING:
    from rich.status import Status

    from jobstatus.conformance import Finding, State, Target
    from jobstatus.contract.bundle import Bundle

EXAMPLE = "Example: jobstatus conform https://jobs.example.com --contract ehealth --credential TOKEN --job pending=ID"
STYLES = {"passed": "green", "failed": "red", "skipped": "yellow"}
EXAMPLES = 25
NARROW = 80
"""Columns that what must be may take of the table; the rest is for what is."""


def conform(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where the server is.", show_default=False)],
    contract: Annotated[str, typer.Option(help="The contract that it claims.", show_default=False)],
    profile: Annotated[str, typer.Option(help="The profile: documented or deployed.")] = "documented",
    credential: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[SCHEME=]VALUE",
            envvar="JOBSTATUS_CONFORM_CREDENTIAL",
            help="What a caller who may read jobs sends. Repeatable. Prefer the variable.",
            show_default=False,
        ),
    ] = None,
    weak_credential: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[SCHEME=]VALUE",
            envvar="JOBSTATUS_CONFORM_WEAK_CREDENTIAL",
            help="The same of a caller who lacks the permission. Repeatable.",
            show_default=False,
        ),
    ] = None,
    job: Annotated[
        list[str] | None, typer.Option(metavar="STATE=ID", help="A job to ask for, in a state. Repeatable.")
    ] = None,
    path_parameter: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="What stands in paths. Repeatable.")
    ] = None,
    original: Annotated[
        bool, typer.Option("--original", help="Do not ask for what jobstatus adds to the contract.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Also call what changes something there.")] = False,
    examples: Annotated[
        int, typer.Option(min=0, max=10_000, help="Requests made at random for each operation; 0 makes none.")
    ] = EXAMPLES,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a report in the form of JUnit.")] = None,
    as_json: AsJson = False,
) -> None:
    """Hold a server to a contract: ask it every row of the decision table, then requests made at random."""
    from jobstatus import conformance
    from jobstatus.contract.bundle import bundle
    from jobstatus.contract.spec import Document

    cut = bundle(Document.load(), contract, profile)
    target = conformance.Target(
        url,
        conformance.original(cut) if original else cut,
        conformance.credentials.read(cut, credential or ()),
        conformance.credentials.read(cut, weak_credential or (), "weak-credential"),
        _jobs(job or ()),
        dict(_pair(text, "path-parameter") for text in path_parameter or ()),
        writes=write,
        original=original,
    )
    findings = _held(target, examples)
    _report(findings, cut, junit, as_json)


def _jobs(given: Iterable[str]) -> dict[State, str]:
    from jobstatus.conformance import State

    found = {}
    for text in given:
        state, id = _pair(text, "job")
        if state not in list(State):
            raise ConfigurationError(f"job: there is no state {state!r}; there are {', '.join(State)}")
        found[State(state)] = id
    return found


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise ConfigurationError(f"{option}: must be NAME=VALUE, not {text!r}")
    return name, value


def _held(target: Target, examples: int) -> list[Finding]:
    """Ask all there is to ask; whoever watches a terminal sees what is asked just now."""
    from jobstatus.conformance import Unreachable, fuzz, hold

    with _progress() as shown:

        def tell(check: str) -> None:
            if shown is not None:
                shown.update(output.text(check))

        try:
            findings = asyncio.run(hold(target, tell=tell))
        except Unreachable as error:
            output.complain(str(error))
            raise typer.Exit(Exit.UNREACHABLE) from None
        tell(f"Schemathesis makes up to {examples} requests for each operation")
        return [*findings, *(fuzz(target, examples) if examples else [])]


def _progress() -> AbstractContextManager[Status | None]:
    from rich.console import Console

    errors = Console(stderr=True, highlight=False)
    return errors.status("") if sys.stderr.isatty() else nullcontext()


def _report(findings: Sequence[Finding], cut: Bundle, file: Path | None, as_json: bool) -> None:
    from jobstatus.conformance import Verdict, counted, junit

    counts = counted(findings)
    if file is not None:
        _write(file, junit(f"jobstatus conform {cut.name} {cut.version}", findings))
    if as_json:
        output.print_json(_machine(findings, cut, counts))
    else:
        _show(findings)
        said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        print(f"{cut.name} {cut.version}: {said}")
    if counts[Verdict.FAILED]:
        raise typer.Exit(Exit.FAILED)


def _machine(findings: Iterable[Finding], cut: Bundle, counts: Any) -> dict[str, Any]:
    return {
        "contract": cut.contract,
        "profile": cut.profile,
        "version": cut.version,
        "counts": counts,
        "findings": [finding.view for finding in findings],
    }


def _show(findings: Iterable[Finding]) -> None:
    rows = output.table("verdict", "check", "must be", "is")
    rows.columns[2].no_wrap, rows.columns[2].overflow, rows.columns[2].max_width = False, "fold", NARROW
    for finding in findings:
        verdict = output.text(finding.verdict, STYLES[finding.verdict])
        rows.add_row(verdict, output.text(finding.check), output.text(finding.expected), output.text(finding.got))
    output.console().print(rows)


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"cannot write {file}: {error.strerror}") from None
