"""What is aimed at, and what a run found of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.spread import Spread

ELSEWHERE = "left out of this run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One row of the report: a ratio, or a value with a limit."""

    key: str
    """How what was found is handed in."""
    name: str
    target: float
    """For a value, its limit: the row tells the value as a multiple of it."""
    better: Literal["higher", "lower"] = "higher"
    unit: str | None = None
    """What a value is counted in; a ratio has none."""
    why: str = ELSEWHERE
    """Why nothing was found, where nothing is."""


TARGETS = (
    Target(key="bare", name="polls against a bare ASGI function over the same store", target=0.85),
    Target(key="fastapi", name="polls against the same endpoint in FastAPI", target=4.0),
    Target(key="connexion-flask", name="polls against the same spec on Connexion's FlaskApp", target=20.0),
    Target(
        key="postgresql",
        name="polls on PostgreSQL, 64 connections, against FastAPI with one query for each poll",
        target=3.5,
    ),
    Target(
        key="redis",
        name="polls on Redis, 64 connections, against SQLite",
        target=0.8,
    ),
    Target(key="not-modified", name="304 answers against 200 answers", target=1.0),
    Target(
        key="waiting",
        name="p99 of a poll while 10 000 waiting polls are held, against none",
        target=3.0,
        better="lower",
    ),
    *(
        Target(
            key=f"ten-million-{store}",
            name=f"polls with 10 million jobs against 10 thousand, {called}",
            target=0.75,
            why="not measured yet: make bench-large",
        )
        for store, called in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL"))
    ),
    Target(
        key="group-commit",
        name="reports against one transaction for each write",
        target=3.0,
    ),
    Target(key="start-up", name="start-up to the first answer", target=2.0, better="lower", unit="s"),
    Target(key="memory", name="resident memory of a worker after load", target=150.0, better="lower", unit="MB"),
)


def rows(found: Mapping[str, Spread | str]) -> list[dict[str, Any]]:
    """Give a row for every target; what was not measured has nulls and tells why. A text is a reason."""
    return [_row(target, found.get(target.key, target.why)) for target in TARGETS]


def merged(rows: Sequence[dict[str, Any]], before: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep what an earlier run found where this one found nothing: not every run measures all."""
    known = {row["name"]: row for row in before if row["ratio"] is not None}
    return [known.get(row["name"], row) if row["ratio"] is None else row for row in rows]


def _row(target: Target, found: Spread | str) -> dict[str, Any]:
    limit = target.target if target.unit else 1.0
    shown = {
        "name": target.name,
        **_numbers(found.over(limit) if isinstance(found, Spread) else None),
        "target": 1.0 if target.unit else target.target,
        "better": target.better,
    }
    if isinstance(found, str):
        return {**shown, "why": found}
    return {**shown, "value": round(found.middle, 2), "unit": target.unit} if target.unit else shown


def _numbers(ratio: Spread | None) -> dict[str, float | None]:
    if ratio is None:
        return dict.fromkeys(("ratio", "low", "high"))
    return {"ratio": round(ratio.middle, 3), "low": round(ratio.low, 3), "high": round(ratio.high, 3)}
