"""What is kept of a run: the rows of the targets, and the peers with what their numbers depend on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.comparisons import Compared
from benchmarks.load import Outcome
from benchmarks.machine import facts
from benchmarks.rounds import NOT_MODIFIED, Scale
from benchmarks.run import Measured
from benchmarks.spread import Spread, ratio
from benchmarks.targets import merged, rows

FOLDER = Path(__file__).parent / "results"
LATEST = FOLDER / "latest.json"
PEERS = "peers.json"


def keep(measured: Measured, scale: Scale, latest: Path) -> None:
    """Write the rows to a file, and the peers to one beside it."""
    keep_rows(measured.found(), latest)
    write(latest.with_name(PEERS), peers(measured, scale))


def keep_rows(found: Mapping[str, Spread | str], latest: Path) -> None:
    """Write the rows to a file, those that nothing was found of now as they are in it."""
    before = json.loads(latest.read_text(encoding="utf-8")) if latest.exists() else []
    write(latest, merged(rows(found), before))


def peers(measured: Measured, scale: Scale) -> dict[str, Any]:
    """Give the numbers of each peer, and the machine, versions and load that they were taken with."""
    names = [name for name in dict.fromkeys((*measured.in_process, *measured.outcomes)) if name != NOT_MODIFIED]
    shown = [_peer(name, measured) for name in names]
    extra = [_served(NOT_MODIFIED, measured.outcomes[NOT_MODIFIED])] if NOT_MODIFIED in measured.outcomes else []
    beside = [comparison(compared) for compared in measured.compared]
    return {**facts(), "load": _load(scale), "peers": shown + extra, "comparisons": beside}


def comparison(compared: Compared) -> dict[str, Any]:
    """Give the numbers of two servers, and the load that they were taken with."""
    return {
        "target": compared.key,
        "load": _load(compared.scale),
        "ratio": _told(compared.ratio(), digits=3),
        "servers": [_answering(name, outcomes) for name, outcomes in compared.outcomes.items()],
        **({"store_alone": _alone(compared)} if compared.in_process else {}),
    }


def _answering(name: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {key.replace("poll", "answer"): value for key, value in _served(name, outcomes).items()}


def _alone(compared: Compared) -> Mapping[str, Any]:
    ours, theirs = compared.in_process.values()
    return {
        **{name: _spread(rates) for name, rates in compared.in_process.items()},
        "ratio": _told(ratio(ours, theirs), digits=3),
    }


def _load(scale: Scale) -> Mapping[str, Any]:
    return {"connections": scale.connections, "jobs": scale.jobs, "rounds": scale.rounds, "seconds": scale.seconds}


def _peer(name: str, measured: Measured) -> dict[str, Any]:
    outcomes = measured.outcomes.get(name)
    times = measured.in_process.get(name)
    against = measured.found().get(name)
    return {
        **(_served(name, outcomes) if outcomes else {"name": name}),
        **({"jobstatus_against_it": _told(against, digits=3)} if isinstance(against, Spread) else {}),
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


def write(file: Path, content: Any) -> None:
    """Write what is kept to a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
