"""How long jobs have taken: counts that are small, can be joined, and tell quantiles to a twentieth."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstatus.durations import ENOUGH, FULL, Durations

NEAR = 0.05
"""By what part of itself a quantile may be off."""
LONG = 365 * 86_400.0

seconds = st.floats(0.001, LONG)
some = st.lists(seconds, min_size=ENOUGH, max_size=200)
shares = st.floats(0, 1)


def of(values: list[float]) -> Durations:
    """Count durations in seconds."""
    return Durations.of(timedelta(seconds=value) for value in values)


def exact(values: list[float], share: float) -> float:
    """Give the least of the values within which at least that share of them lies."""
    place = max(math.ceil(share * len(values) - 1e-9), 1)
    return sorted(values)[place - 1]


@given(values=some, share=shares)
def test_a_quantile_is_right_to_a_twentieth(values: list[float], share: float) -> None:
    """Whatever the durations, from a millisecond to a year."""
    told = of(values).quantile(share)

    assert told is not None
    within = [exact(values, min(max(share + off, 0), 1)) for off in (-1e-9, 0, 1e-9)]
    assert min(within) * (1 - NEAR) - 1e-6 <= told.total_seconds() <= max(within) * (1 + NEAR) + 1e-6


@given(values=some, age=st.floats(0, LONG))
def test_what_remains_is_what_those_took_that_lasted_so_long(values: list[float], age: float) -> None:
    """Half of them; never less than nothing, and nothing is said from fewer than are enough."""
    remaining = of(values).remaining(timedelta(seconds=age))
    surely = [value for value in values if value > max(age, 0.001) * 1.1001]
    perhaps = [value for value in values if value > age * 0.9]

    assert remaining is None or (remaining >= timedelta() and len(perhaps) >= ENOUGH)
    assert remaining is not None or len(surely) < ENOUGH
    if remaining is not None and surely == perhaps:
        assert abs(remaining.total_seconds() + age - exact(surely, 0.5)) <= NEAR * exact(surely, 0.5) + 1e-5


@given(values=some, others=some)
def test_joined_counts_are_the_counts_of_both(values: list[float], others: list[float]) -> None:
    """In whichever order; and nothing changes what was joined."""
    one, other = of(values), of(others)
    before = one.dumps(), other.dumps()

    assert one.joined(other).dumps() == other.joined(one).dumps() == of(values + others).dumps()
    assert (one.dumps(), other.dumps()) == before
    assert len(one.joined(other)) == len(values) + len(others)


@given(values=st.lists(st.floats(0, 10 * LONG), max_size=50))
def test_what_is_written_down_is_read_again(values: list[float]) -> None:
    """To the same; what is shorter or longer than is counted is the shortest or the longest."""
    counted = of(values)
    again = Durations.loads(counted.dumps())

    assert again.dumps() == counted.dumps()
    assert (again.quantile(0.5), len(again)) == (counted.quantile(0.5), len(values))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.75, 0.9])
@given(mean=st.floats(1, 10_000), spread=st.floats(0.01, 1))
def test_counts_stay_few_and_their_quantiles_what_they_were(share: float, mean: float, spread: float) -> None:
    """Halved again and again: off by a bin or two more, as the rarest durations are forgotten."""
    part = [mean * math.exp(spread * (place - 250) / 125) for place in range(500)]
    known = Durations({})
    for _ in range(20):
        known = known.joined(of(part))
        assert len(known) <= FULL
    told = known.quantile(share)

    assert len(known) > FULL / 4
    assert told is not None
    assert told.total_seconds() == pytest.approx(exact(part, share), rel=0.2)
    assert len(known.dumps()) < 8_000


def test_what_was_of_late_weighs_more() -> None:
    """Jobs that have become slower are told of as slow before there are as many of them as there were fast ones."""
    known = Durations({})
    for _ in range(100):
        known = known.joined(of([10.0] * 100))
    for _ in range(20):
        known = known.joined(of([100.0] * 100))

    told = known.quantile(0.5)
    assert told is not None
    assert told.total_seconds() == pytest.approx(100, rel=NEAR)


@given(values=st.lists(seconds, max_size=ENOUGH - 1), share=shares)
def test_nothing_is_said_from_few(values: list[float], share: float) -> None:
    """Nor from none."""
    assert of(values).quantile(share) is None
    assert of(values).remaining(timedelta()) is None
