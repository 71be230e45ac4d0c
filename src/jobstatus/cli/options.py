"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from jobstatus.settings import Settings

SERVER = "http://127.0.0.1:8080"
STORE: str = Settings.model_fields["store"].default

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id.", show_default=False)]
IfMatch = Annotated[
    int | None, typer.Option(metavar="VERSION", min=1, help="Only if the job is at this version.", show_default=False)
]
Server = Annotated[str, typer.Option(metavar="URL", envvar="JOBSTATUS_SERVER", help="The server to speak to.")]
Token = Annotated[
    str | None,
    typer.Option(
        envvar="JOBSTATUS_TOKEN",
        help="The token of a credential. Prefer the variable: others can read the options of a process.",
        show_default=False,
    ),
]
Store = Annotated[str, typer.Option(metavar="URL", envvar="JOBSTATUS_STORE", help="The store.")]

_SPAN = re.compile(r"(\d{1,9})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: datetime | None = None) -> datetime:
    """Read a time: RFC 3339, or a span from now such as `30d` (s, m, h, d, w)."""
    try:
        if span := _SPAN.fullmatch(text):
            return (now or datetime.now(UTC)) + timedelta(**{_UNITS[span[2]]: int(span[1])})
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise typer.BadParameter(f"{text!r} is neither a time such as 2026-01-02T03:04:05Z nor a span such as 30d")


def tenant_name(text: str) -> str:
    """Read a tenant's name: 1 to 128 characters, as the contract has it."""
    if not 1 <= len(text) <= 128:
        raise typer.BadParameter("a tenant has 1 to 128 characters")
    return text


def rfc3339(at: datetime) -> str:
    """Write a time in UTC as the contract does."""
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def json_object(text: str) -> dict[str, Any]:
    """Read a JSON object: the text itself, `@FILE`, or `@-` for standard input."""
    try:
        value = json.loads(_text(text))
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise typer.BadParameter("not a JSON object")
    return value


def _text(text: str) -> str:
    if text == "@-":
        return sys.stdin.read()
    return Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text
