"""What a fleet costs, how late it knows and what it misses: numbers over all jobs of a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean
from typing import Any

from benchmarks.load import percentile
from benchmarks.polling.fleets import Fleet
from benchmarks.polling.kinds import Kind, Span
from benchmarks.polling.lives import Life, Teller
from benchmarks.polling.watch import Server, Watched, watch
from jobstatus.durations import Durations

TOGETHER = 10_000
"""Jobs under way at a time, in the number of requests that a server has to answer in a second."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found of one fleet that watched jobs of one kind; times are in seconds."""

    fleet: Fleet
    kind: Kind
    watched: Sequence[Watched]
    mean_duration: float

    def told(self) -> Mapping[str, Any]:
        """Give the numbers, as they are kept."""
        requests = sorted(watched.requests for watched in self.watched)
        delays = sorted(watched.delay for watched in self.watched if watched.delay is not None)
        mean = fmean(requests)
        return {
            "fleet": self.fleet.name,
            "group": self.fleet.group,
            "kind": self.kind.name,
            "requests": {"mean": round(mean, 2), "p99": percentile(requests, 0.99)},
            "delay": _delay(delays),
            "never_seen": round(1 - len(delays) / len(requests), 4),
            "requests_per_second": round(TOGETHER * mean / self.mean_duration, 1),
        }


def measure(
    kinds: Sequence[Kind], fleets: Sequence[Fleet], jobs: int, seed: int, tell: Callable[[str], None]
) -> Iterator[Measured]:
    """Let each fleet watch the same jobs of each kind; the same *seed* gives the same numbers."""
    for kind in kinds:
        spans = kind.spans(jobs, f"watched {seed}")
        known = known_of(kind, jobs, seed)
        lives: dict[Teller, list[Life]] = {}
        for fleet in fleets:
            tell(f"{kind.name}: {fleet.name}")
            if fleet.tell not in lives:
                lives[fleet.tell] = lives_of(spans, fleet.tell, seed)
            server = Server(known if fleet.history else None, fleet.most, fleet.hold)
            chance = Random(f"{fleet.name}: {kind.name}: {seed}")
            watched = [watch(fleet.loop, life, server, chance) for life in lives[fleet.tell]]
            yield Measured(fleet, kind, watched, fmean(span.whole for span in spans))


def known_of(kind: Kind, jobs: int, seed: int) -> Durations:
    """Know as many other jobs of this kind, which ended before."""
    return Durations.of([span.duration for span in kind.spans(jobs, f"known {seed}")])


def lives_of(spans: Sequence[Span], tell: Teller, seed: int) -> list[Life]:
    """Let each job live as its worker tells of it."""
    chance = Random(f"{tell.__name__}: {seed}")
    return [Life.of(tell(span, chance)) for span in spans]


def _delay(delays: Sequence[float]) -> Mapping[str, float] | None:
    """Tell how late the end was known, if it ever was."""
    if not delays:
        return None
    shares = {"median": 0.5, "p95": 0.95, "max": 1.0}
    return {name: round(percentile(delays, share), 3) for name, share in shares.items()}
