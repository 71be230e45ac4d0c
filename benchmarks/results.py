"""What is kept of a run: the rows of the targets, and the peers with what their numbers depend on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.load import Outcome
from benchmarks.machine import facts
from benchmarks.rounds import NOT_MODIFIED, Scale
from benchmarks.run import Measured
from benchmarks.spread import Spread
from benchmarks.targets import rows

FOLDER = Path(__file__).parent / "results"
LATEST = FOLDER / "latest.json"
PEERS = "peers.json"


def keep(measured: Measured, scale: Scale, latest: Path) -> None:
    """Write the rows to a file, and the peers to one beside it."""
    latest.parent.mkdir(parents=True, exist_ok=True)
    _write(latest, rows(measured.found()))
    _write(latest.with_name(PEERS), peers(measured, scale))


def peers(measured: Measured, scale: Scale) -> dict[str, Any]:
    """Give the numbers of each peer, and the machine, versions and load that they were taken with."""
    names = [name for name in dict.fromkeys((*measured.in_process, *measured.outcomes)) if name != NOT_MODIFIED]
    load = {"connections": scale.connections, "jobs": scale.jobs, "rounds": scale.rounds, "seconds": scale.seconds}
    shown = [_peer(name, measured) for name in names]
    extra = [_served(NOT_MODIFIED, measured.outcomes[NOT_MODIFIED])] if NOT_MODIFIED in measured.outcomes else []
    return {**facts(), "load": load, "peers": shown + extra}


def _peer(name: str, measured: Measured) -> dict[str, Any]:
    outcomes = measured.outcomes.get(name)
    times = measured.in_process.get(name)
    ratio = measured.found().get(name)
    return {
        **(_served(name, outcomes) if outcomes else {"name": name}),
        **({"jobstatus_against_it": _told(ratio, digits=3)} if isinstance(ratio, Spread) else {}),
        **({"in_process_microseconds": _spread(times)} if times else {}),
    }


def _served(name: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    rate = _spread([outcome.rate for outcome in outcomes])
    works = [outcome.work * 1e6 for outcome in outcomes if outcome.work is not None]
    return {
        "name": name,
        "polls_per_second": rate,
        "microseconds_per_poll": round(1e6 / rate["median"], 1),
        "p50_ms": _milliseconds([outcome.p50 for outcome in outcomes]),
        "p99_ms": _milliseconds([outcome.p99 for outcome in outcomes]),
        "load_busy": round(max(outcome.busy for outcome in outcomes), 2),
        "server_busy": round(min(outcome.server_busy or 0.0 for outcome in outcomes), 2) if works else None,
        "cpu_microseconds_per_poll": _spread(works) if works else None,
    }


def _milliseconds(seconds: Sequence[float]) -> float:
    return round(Spread.of(seconds).middle * 1000, 2)


def _spread(values: Sequence[float]) -> Mapping[str, float]:
    return _told(Spread.of(values), digits=1)


def _told(spread: Spread, digits: int) -> Mapping[str, float]:
    return {
        "median": round(spread.middle, digits),
        "low": round(spread.low, digits),
        "high": round(spread.high, digits),
    }


def _write(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
