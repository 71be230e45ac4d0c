"""What was found of large stores, for people and to be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from benchmarks.large.stages import FEW, MANY, SOME, Stage, Told
from benchmarks.load import Outcome
from benchmarks.machine import facts
from benchmarks.spread import Spread, ratio


def stages(store: str, found: Sequence[Stage]) -> Table:
    """Show what was found stage by stage."""
    table = Table("stage", title=f"{store}: one server, from the first stage to the last")
    for column in ("s", "jobs", "RSS MB", "disk MB", "answers/s", "p50 ms", "p99 ms"):
        table.add_column(column, justify="right")
    for stage in found:
        table.add_row(
            f"{stage.name}: {stage.failure}" if stage.failure else stage.name,
            f"{stage.at:,.0f}",
            f"{stage.jobs:,}",
            f"{stage.memory:,.0f}",
            f"{stage.disk:,.0f}",
            "" if stage.rate is None else f"{stage.rate:,.0f}",
            "" if stage.p50 is None else f"{stage.p50 * 1000:,.1f}",
            "" if stage.p99 is None else f"{stage.p99 * 1000:,.1f}",
        )
    return table


def polls(store: str, found: Mapping[str, Sequence[Outcome]]) -> Table:
    """Show the polls of many jobs beside those of few."""
    table = Table("polled", title=f"{store}: polls")
    for column in ("polls/s", "lowest", "highest", "against few", "lowest", "highest"):
        table.add_column(column, justify="right")
    against = dict(zip((MANY, SOME), ratios(found), strict=True))
    for name, outcomes in found.items():
        rates = Spread.of([outcome.rate for outcome in outcomes])
        numbers = [f"{rate:,.0f}" for rate in (rates.middle, rates.low, rates.high)]
        beside = against.get(name)
        table.add_row(name, *numbers, *(f"{r:.2f}" for r in (beside.middle, beside.low, beside.high)) if beside else ())
    return table


def ratios(found: Mapping[str, Sequence[Outcome]]) -> tuple[Spread, Spread]:
    """Hold polls of any of many jobs, and of some of many, against those of few."""
    rates = {name: [outcome.rate for outcome in outcomes] for name, outcomes in found.items()}
    return ratio(rates[MANY], rates[FEW]), ratio(rates[SOME], rates[FEW])


def kept(told: Mapping[str, Told], jobs: int) -> dict[str, Any]:
    """Give all of it, with what the numbers depend on."""
    return {**facts(), "jobs": jobs, "stores": {store: _kept(found) for store, found in told.items()}}


def _kept(found: Told) -> dict[str, Any]:
    return {
        "polls": {name: [asdict(outcome) for outcome in outcomes] for name, outcomes in found.polls.items()},
        "stages": [asdict(stage) for stage in found.stages],
    }
