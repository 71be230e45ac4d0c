"""What is shown: tables for people, JSON for machines, troubles on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from jobstatus.client.wire import EventView, JobView
from jobstatus.progress import clean

WIDE = 250
STYLES = {
    "pending": "yellow",
    "running": "cyan",
    "cancelling": "magenta",
    "succeeded": "green",
    "failed": "red",
    "cancelled": "magenta",
    "active": "green",
    "expired": "yellow",
    "revoked": "red",
}
_JOB_FIELDS = ("id", "number", "type", "status", "progress", "message", "tenant", "owner", "version")
_TIMES = ("created_at", "started_at", "updated_at", "eta", "lease_until", "ended_at", "expires_at")


def console() -> Console:
    """Open standard output, for people; what is not a terminal has no edge to keep to."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def print_json(value: Any, file: TextIO | None = None) -> None:
    """Print one line of JSON; what a terminal could take for a command is escaped."""
    print(json.dumps(value), file=file, flush=True)


def complain(trouble: str) -> None:
    """Tell of a trouble in one line on standard error, if anybody is left to read it."""
    try:
        print(f"jobstatus: {clean(trouble)}", file=sys.stderr, flush=True)
    except OSError:
        # What is left unsaid would be tried once more at the exit, and the exit code would be Python's own for that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def text(value: Any, style: str = "") -> Text:
    """Show a value as it is: neither markup nor terminal escapes in it have a meaning."""
    return Text("" if value is None else clean(str(value)), style)


def status(value: str) -> Text:
    """Show a status in its colour."""
    return text(value, STYLES.get(value, ""))


def percent(progress: float | None) -> Text:
    """Show how far a job is."""
    return text(None if progress is None else f"{progress:g} %")


def time(value: str | None) -> Text:
    """Show a time to the second."""
    return text(value and f"{value[:19].replace('T', ' ')}Z")


def table(*columns: str) -> Table:
    """Make a table of whole cells, but for those of the last column, which takes what room is left."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns[:-1]:
        table.add_column(column, no_wrap=True)
    table.add_column(columns[-1], overflow="fold")
    return table


def show_job(job: JobView) -> None:
    """Show one job, field by field."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    shown = {"status": status(job["status"]), "progress": percent(job["progress"])}
    for name in _JOB_FIELDS:
        grid.add_row(text(name, "bold"), shown.get(name, text(dict(job)[name])))
    for name in _TIMES:
        grid.add_row(text(name, "bold"), time(dict(job)[name]))  # type: ignore[arg-type]  # a record read by name
    if job["error"]:
        grid.add_row(text("error", "bold"), text(_blame(job)))
    if job["result"]:
        grid.add_row(text("result", "bold"), text(json.dumps(job["result"])))
    for link in job["links"]:
        grid.add_row(text(link["contract"], "bold"), text(link["href"]))
    console().print(grid)


def show_jobs(jobs: Iterable[JobView]) -> None:
    """Show jobs, one a row."""
    rows = table("id", "status", "progress", "updated", "type", "message")
    for job in jobs:
        progress, updated = percent(job["progress"]), time(job["updated_at"])
        rows.add_row(text(job["id"]), status(job["status"]), progress, updated, text(job["type"]), text(job["message"]))
    console().print(rows)


def show_events(events: Iterable[EventView]) -> None:
    """Show a timeline, one event a row."""
    rows = table("version", "at", "status", "progress", "actor", "message")
    for event in events:
        at, progress = time(event["at"]), percent(event["progress"])
        rows.add_row(
            text(event["version"]), at, status(event["status"]), progress, text(event["actor"]), text(event["message"])
        )
    console().print(rows)


def _blame(job: JobView) -> str:
    error = job["error"]
    if error is None:
        return ""
    return ": ".join(part for part in (error["kind"], error.get("code"), error["message"]) if part)


def note(said: str) -> None:
    """Tell a person something beside what was asked for, on standard error."""
    print(clean(said), file=sys.stderr, flush=True)


def show_credentials(views: Iterable[dict[str, Any]]) -> None:
    """Show credentials, one a row."""
    rows = table("id", "state", "expires", "name", "tenant", "may")
    for view in views:
        may = " ".join([*view["permissions"], *(f"role:{role}" for role in view["roles"])])
        name, tenant, state = text(view["name"]), text(view["tenant"]), status(view["state"])
        rows.add_row(text(view["id"]), state, time(view["expires_at"]), name, tenant, text(may))
    console().print(rows)
