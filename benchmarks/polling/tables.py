"""A simulation's tables, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table


def fleets(kind: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Table:
    """Show what was found of each fleet that watched jobs of this kind."""
    table = Table("fleet", title=f"{kind['name']}: {kind['told']}; mean {number(kind['mean_seconds'])} s")
    for column in ("requests", "p99", "late by s", "p95", "at most", "never seen", "requests/s"):
        table.add_column(column, justify="right")
    for row in rows:
        if row["kind"] == kind["name"]:
            table.add_row(*_cells(row))
    return table


def crowd(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Show what a server sees where all jobs begin at once."""
    table = Table("fleet", title="All jobs begin at once")
    for column in ("requests", "in the busiest second"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(row["fleet"], number(row["requests"]), f"{row['busiest_second']:,}")
    return table


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [
        row["fleet"],
        *(number(row["requests"][which]) for which in ("mean", "p99")),
        *(late(row, which) for which in ("median", "p95", "max")),
        share(row),
        number(row["requests_per_second"]),
    ]


def number(value: float) -> str:
    """Write a number with two digits that matter, or all that stand before the point."""
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def late(row: Mapping[str, Any], which: str) -> str:
    """Write how late the end was known, in seconds; nothing where it never was."""
    return number(row["delay"][which]) if row["delay"] else ""


def share(row: Mapping[str, Any]) -> str:
    """Write the share of jobs whose end was never seen; nothing where there is none."""
    missed: float = row["never_seen"]
    return f"{missed:.1%}" if missed else ""
