"""What was found of those who wait, for people and to be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.table import Table

from benchmarks.load import Outcome, percentile
from benchmarks.machine import facts
from benchmarks.spread import Spread, ratio
from benchmarks.waiting import crowd


@dataclass(frozen=True, slots=True)
class Found:
    """All that was found: crowds by their kind, and polls by what was beside them, the first beside nothing."""

    crowds: Mapping[str, tuple[int, crowd.Outcome]]
    polls: Mapping[str, Sequence[Outcome]]


def kept(found: Found) -> dict[str, Any]:
    """Give all of it, with what the numbers depend on."""
    return {
        **facts(),
        "waiting": [_crowd(kind, count, outcome) for kind, (count, outcome) in found.crowds.items()],
        "polls_beside": [_polls(name, found.polls) for name in found.polls],
    }


def _crowd(kind: str, count: int, outcome: crowd.Outcome) -> dict[str, Any]:
    before, idle, waiting = outcome.memory
    first, middle, last = (median(percentile(times, share) for times in outcome.together) for share in (0.0, 0.5, 1.0))
    return {
        "kind": kind,
        "count": count,
        "memory_mb": {"before": round(before, 1), "idle": round(idle, 1), "waiting": round(waiting, 1)},
        "kb_per_connection": round((idle - before) * 1000 / count, 1),
        "kb_beyond": round((waiting - idle) * 1000 / count, 1),
        "one_told_ms": {"median": _ms(percentile(outcome.single, 0.5)), "p99": _ms(percentile(outcome.single, 0.99))},
        "all_told_ms": {"first": _ms(first), "median": _ms(middle), "last": _ms(last)},
    }


def _polls(name: str, polls: Mapping[str, Sequence[Outcome]]) -> dict[str, Any]:
    alone, beside = ([outcome.p99 for outcome in outcomes] for outcomes in (next(iter(polls.values())), polls[name]))
    against = ratio(beside, alone)
    return {
        "beside": name,
        "polls_per_second": round(Spread.of([outcome.rate for outcome in polls[name]]).middle),
        "p50_ms": _ms(Spread.of([outcome.p50 for outcome in polls[name]]).middle),
        "p99_ms": _ms(Spread.of(beside).middle),
        "p99_ratio": {"median": round(against.middle, 2), "low": round(against.low, 2), "high": round(against.high, 2)},
    }


def crowds(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Show what those who wait cost, and how late they are told."""
    table = Table("waiting", title="Memory, and milliseconds from an acknowledged write to its being told")
    columns = ("many", "kB each, idle", "kB beyond, waiting", "one: median", "p99", "all: first", "median", "last")
    for column in columns:
        table.add_column(column, justify="right")
    for row in rows:
        told = [*row["one_told_ms"].values(), *row["all_told_ms"].values()]
        memory = f"{row['kb_per_connection']:.1f}", f"{row['kb_beyond']:.1f}"
        table.add_row(row["kind"], f"{row['count']:,}", *memory, *(f"{value:,.1f}" for value in told))
    return table


def polls(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Show plain polls beside those who wait."""
    table = Table("polls beside", title="Plain polls")
    for column in ("polls/s", "p50 ms", "p99 ms", "p99 against none", "lowest", "highest"):
        table.add_column(column, justify="right")
    for row in rows:
        numbers = f"{row['polls_per_second']:,}", f"{row['p50_ms']:.1f}", f"{row['p99_ms']:.1f}"
        table.add_row(row["beside"], *numbers, *(f"{value:.2f}" for value in row["p99_ratio"].values()))
    return table


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
