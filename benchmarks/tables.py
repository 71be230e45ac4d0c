"""A run's tables, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

from benchmarks.peers import OURS

BUSY = 0.8
"""The share of its core from which on the load may have been the limit."""
IDLE = 0.85
"""The share of its core below which a server was not at its own limit."""


def peers(found: Sequence[Mapping[str, Any]]) -> Table:
    """Show each peer's numbers, the fastest first; what was called in process alone comes last.

    The processor's work does not grow when a neighbour takes a share of the core, as the time for a poll does.
    """
    table = Table("peer", title="Polls")
    for column in ("polls/s", "lowest", "highest", "p50 ms", "p99 ms", "µs per poll", "µs of CPU", "in process"):
        table.add_column(column, justify="right")
    for peer in sorted(found, key=_rate, reverse=True):
        table.add_row(*_cells(peer), style="bold" if peer["name"] == OURS else "")
    return table


def comparisons(found: Sequence[Mapping[str, Any]]) -> Table:
    """Show the two servers of each comparison, and what their stores did alone."""
    table = Table("server", title="Beside the polls over SQLite: answers in a second")
    for column in (
        "connections",
        "answers/s",
        "lowest",
        "highest",
        "p99 ms",
        "server busy",
        "µs of CPU",
        "store alone",
    ):
        table.add_column(column, justify="right")
    for comparison in found:
        for server in comparison["servers"]:
            rate, work = server["answers_per_second"], server["cpu_microseconds_per_answer"]
            alone = comparison.get("store_alone", {}).get(server["name"])
            table.add_row(
                server["name"],
                str(comparison["load"]["connections"]),
                *(f"{rate[which]:,.0f}" for which in ("median", "low", "high")),
                f"{server['p99_ms']:.2f}",
                f"{server['server_busy']:.0%}" if server["server_busy"] else "",
                f"{work['median']:,.0f}" if work else "",
                f"{alone['median']:,.0f}" if alone else "",
            )
        table.add_section()
    return table


def targets(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Show what was aimed at beside what was found."""
    table = Table("target", title="Ratios")
    for column in ("found", "lowest", "highest", "aim"):
        table.add_column(column, justify="right")
    for row in rows:
        aim = f"{'≥' if row['better'] == 'higher' else '≤'} {row['target']:g}"
        if row["ratio"] is None:
            table.add_row(f"{row['name']}: {row['why']}", "", "", "", aim, style="dim")
        else:
            table.add_row(_named(row), *(f"{row[column]:.2f}" for column in ("ratio", "low", "high")), aim)
    return table


def doubts(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Tell of each peer that was perhaps not measured to its limit."""
    for peer in found:
        if peer.get("load_busy", 0) > BUSY:
            yield f"{peer['name']}: the load took up to {peer['load_busy']:.0%} of its core and may have been the limit"
        elif (peer.get("server_busy") or 1) < IDLE:
            yield f"{peer['name']}: got only {peer['server_busy']:.0%} of its core in some round; is the machine quiet?"


def _rate(peer: Mapping[str, Any]) -> float:
    rate: float = peer.get("polls_per_second", {"median": 0.0})["median"]
    return rate


def _cells(peer: Mapping[str, Any]) -> list[str]:
    inside = f"{peer['in_process_microseconds']['median']:,.0f}" if "in_process_microseconds" in peer else ""
    if "polls_per_second" not in peer:
        return [peer["name"], *[""] * 7, inside]
    rate, work = peer["polls_per_second"], peer["cpu_microseconds_per_poll"]
    return [
        peer["name"],
        *(f"{rate[which]:,.0f}" for which in ("median", "low", "high")),
        f"{peer['p50_ms']:.2f}",
        f"{peer['p99_ms']:.2f}",
        f"{peer['microseconds_per_poll']:,.0f}",
        f"{work['median']:,.0f}" if work else "",
        inside,
    ]


def _named(row: Mapping[str, Any]) -> str:
    return f"{row['name']}: {row['value']:g} {row['unit']}" if "value" in row else row["name"]
