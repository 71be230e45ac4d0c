"""What a server sees where many jobs begin at once: clients that all do the same then do it together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

from benchmarks.polling.fleets import Fleet
from benchmarks.polling.kinds import Kind
from benchmarks.polling.measures import known_of, lives_of
from benchmarks.polling.watch import Server, Watch

CALM = 60
"""Seconds after the beginning, in which all ask for the first time whatever they do later."""


def crowds(
    kind: Kind, fleets: Sequence[Fleet], jobs: int, seed: int, tell: Callable[[str], None]
) -> Iterator[Mapping[str, Any]]:
    """Tell of each fleet how many requests come in a second, at its busiest, once the beginning is over."""
    spans, known = kind.spans(jobs, f"crowd {seed}"), known_of(kind, jobs, seed)
    for fleet in fleets:
        tell(f"a crowd: {fleet.name}")
        server = Server(known if fleet.history else None, fleet.most)
        chance = Random(f"{fleet.name}: crowd: {seed}")
        seconds: Counter[int] = Counter()
        for life in lives_of(spans, fleet.tell, seed):
            client = Watch(life, server, chance)
            fleet.loop(client)
            seconds.update(map(int, client.asked))
        busiest = max((count for second, count in seconds.items() if second >= CALM), default=0)
        yield {"fleet": fleet.name, "requests": round(seconds.total() / jobs, 2), "busiest_second": busiest}
