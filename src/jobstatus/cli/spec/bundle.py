"""`jobstatus spec bundle`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobstatus.cli import output
from jobstatus.errors import ConfigurationError

if TYPE_CHECKING:
    from jobstatus.contract.bundle import Bundle

EXAMPLE = "Example: jobstatus spec bundle --contract ims --profile deployed -o ims.yaml"


class Form(StrEnum):
    """What a document is written as."""

    YAML = "yaml"
    JSON = "json"


def bundle(
    contract: Annotated[
        str | None, typer.Option(help="The contract; without it, all in all their profiles.", show_default=False)
    ] = None,
    profile: Annotated[str, typer.Option(help="The profile: documented or deployed.")] = "documented",
    server: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="A server that it is offered at. Repeatable.")
    ] = None,
    form: Annotated[
        Form | None, typer.Option("--format", help="By default by the name of the file, else yaml.", show_default=False)
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write, of all the folder; else standard output."),
    ] = None,
) -> None:
    """Write one contract as an OpenAPI document that stands alone: the same bytes each time."""
    from jobstatus.contract import bundle as contracts
    from jobstatus.contract.spec import Document

    document, servers = Document.load(), tuple(server or ())
    if contract is not None:
        _write(contracts.bundle(document, contract, profile, servers), form, to)
    elif to is None:
        raise ConfigurationError("to write all contracts, name a folder with --output, or one with --contract")
    else:
        _write_all(list(contracts.bundles(document, servers)), form or Form.YAML, to)


def _write_all(bundles: list[Bundle], form: Form, folder: Path) -> None:
    _trying(lambda: folder.mkdir(parents=True, exist_ok=True))
    for each in bundles:
        _write(each, form, folder / f"{each.name}.{form}")
        output.note(f"{folder / each.name}.{form}")


def _write(bundle: Bundle, form: Form | None, to: Path | None) -> None:
    if form is None:
        form = Form.JSON if to is not None and to.suffix == ".json" else Form.YAML
    content = bundle.json if form is Form.JSON else bundle.yaml
    if to is None:
        sys.stdout.buffer.write(content)
    else:
        _trying(lambda: to.write_bytes(content))


def _trying(work: Callable[[], object]) -> None:
    try:
        work()
    except OSError as error:
        raise ConfigurationError(f"cannot write {error.filename}: {error.strerror}") from None
