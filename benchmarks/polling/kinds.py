"""The kinds of jobs that are watched: how long each waits for its turn, and how long it then takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from math import log
from random import Random

LONGEST = 6 * 3600.0
"""Seconds; no job works longer, however heavy the tail of its kind."""


@dataclass(frozen=True, slots=True)
class Span:
    """The seconds that one job waits for its turn, and those that it then works."""

    queued: float
    worked: float

    @property
    def whole(self) -> float:
        """The seconds from its creation to its end."""
        return self.queued + self.worked

    @property
    def duration(self) -> timedelta:
        """The same, as the server counts it."""
        return timedelta(seconds=self.whole)


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of jobs, and how the time that one takes is drawn."""

    name: str
    told: str
    draw: Callable[[Random], Span]

    def spans(self, count: int, lot: str) -> list[Span]:
        """Draw so many jobs; the same *lot* gives the same."""
        chance = Random(f"{self.name}: {lot}")
        return [self.draw(chance) for _ in range(count)]


def usual(median: float, spread: float) -> Callable[[Random], Span]:
    """Draw from a log-normal distribution; two thirds of all are within exp(±*spread*) of the median."""
    return lambda chance: Span(0.0, min(LONGEST, chance.lognormvariate(log(median), spread)))


def heavy(median: float, shape: float) -> Callable[[Random], Span]:
    """Draw from a log-logistic distribution: its tail falls as a power, here of *shape*."""

    def draw(chance: Random) -> Span:
        share = chance.random()
        return Span(0.0, min(LONGEST, max(0.1, median * (share / (1 - share)) ** (1 / shape))))

    return draw


def queued(mean: float, *works: Callable[[Random], Span]) -> Callable[[Random], Span]:
    """Draw one of several works, each as likely, and a wait for its turn before it."""

    def draw(chance: Random) -> Span:
        return Span(chance.expovariate(1 / mean), chance.choice(works)(chance).worked)

    return draw


IMAGES = Kind("images", "median 5 min", usual(300, 0.6))
KINDS = (
    Kind("short", "median 2 s", usual(2, 0.5)),
    Kind("certificates", "median 45 s, heavy tail", heavy(45, 1.5)),
    IMAGES,
    Kind("batch", "median 40 min", usual(2400, 0.5)),
    Kind(
        "queued",
        "2 min in a queue, then any of the first three",
        queued(120, usual(2, 0.5), heavy(45, 1.5), usual(300, 0.6)),
    ),
)
"""From jobs that end before one has asked, to those of an afternoon."""
