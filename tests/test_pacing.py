"""When a job is thought to end, and when to ask after it again."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from jobstatus.durations import Durations
from jobstatus.job import Job, Status
from jobstatus.pacing import Source, estimate, lasts, retry_after

BEGAN = datetime(2031, 3, 4, 5, 6, 7, 250_000, UTC)
JOB = Job(id="a", tenant="t", owner="o", type="export", created_at=BEGAN, updated_at=BEGAN)
RUNNING = replace(JOB, status=Status.RUNNING, started_at=BEGAN)

moments = st.floats(-1e6, 1e8).map(lambda seconds: timedelta(seconds=seconds))
spans = st.floats(0, 1e8).map(lambda seconds: timedelta(seconds=seconds))
histories = st.none() | st.lists(spans, max_size=20).map(Durations.of)
jobs = st.builds(
    lambda eta, updated, progress, started: replace(
        JOB,
        status=Status.RUNNING if started else Status.PENDING,
        eta=None if eta is None else BEGAN + eta,
        started_at=BEGAN if started else None,
        updated_at=BEGAN + updated,
        progress=progress,
    ),
    st.none() | moments,
    spans,
    st.none() | st.floats(0, 100),
    st.booleans(),
)


@given(job=jobs, age=moments, known=histories, most=st.integers(1, 3600))
def test_nobody_is_told_to_ask_at_once_or_not_at_all(
    job: Job, age: timedelta, known: Durations | None, most: int
) -> None:
    """Whatever is known, and however clocks are off: whole seconds, from 1 to the most."""
    seconds = retry_after(job, BEGAN + age, known, most)

    assert isinstance(seconds, int)
    assert 1 <= seconds <= most


@given(job=jobs, age=moments, known=histories)
def test_an_estimate_is_never_over(job: Job, age: timedelta, known: Durations | None) -> None:
    """Only what somebody said may be; and only of a job that has not ended is anything reckoned."""
    told = estimate(job, BEGAN + age, known)

    if told is not None and told.source is not Source.REPORTED:
        assert told.at > BEGAN + age
    assert (job.eta is not None) == (told is not None and told.source is Source.REPORTED)


@given(job=jobs, age=moments, known=histories, took=spans)
def test_what_has_ended_is_known(job: Job, age: timedelta, known: Durations | None, took: timedelta) -> None:
    """Whatever was said before."""
    ended = replace(job, status=Status.FAILED, ended_at=BEGAN + took)
    told = estimate(ended, BEGAN + age, known)

    assert told is not None
    assert (told.at, told.source) == (BEGAN + took, Source.ENDED)


@given(ahead=st.floats(0.001, 3600), known=histories)
def test_an_end_that_is_ahead_is_when_to_ask(ahead: float, known: Durations | None) -> None:
    """Not before, and less than a second later."""
    job = replace(JOB, eta=BEGAN + timedelta(seconds=ahead))
    seconds = retry_after(job, BEGAN, known, 3600)

    assert 0 <= seconds - (job.expected_end - BEGAN).total_seconds() < 1  # type: ignore[operator]  # it was said


@given(age=st.floats(0, 1e6))
def test_where_nothing_is_known_the_age_decides(age: float) -> None:
    """As long again as it has taken so far; an end that was said and is over counts for nothing."""
    now = BEGAN + timedelta(seconds=age)
    expected = max(1, math.ceil(math.sqrt(2 * (now - BEGAN).total_seconds())))

    assert retry_after(JOB, now, None, 3600) == min(expected, 3600)
    assert retry_after(replace(JOB, eta=BEGAN), now, None, 3600) == min(expected, 3600)


def test_an_end_is_put_off_as_it_is_outlasted() -> None:
    """By what half, then three quarters, nine tenths and nearly all of the jobs took; then nothing is said."""
    known = Durations.of([timedelta(seconds=seconds) for seconds in range(1, 101)])
    ends = []
    for age in (0, 40, 60, 80, 95, 110):
        told = estimate(RUNNING, BEGAN + timedelta(seconds=age), known)
        ends.append(None if told is None else round((told.at - BEGAN).total_seconds()))

    assert ends[-1] is None
    for end, exact in zip(ends, (50, 50, 75, 90, 99), strict=False):
        assert end is not None
        assert abs(end - exact) <= exact / 20 + 1


@given(job=jobs, age=moments, known=histories, most=st.integers(1, 3600), part=st.floats(0, 1, exclude_max=True))
def test_what_is_said_holds_for_as_long_as_it_is_said_to(
    job: Job, age: timedelta, known: Durations | None, most: int, part: float
) -> None:
    """At every moment until then; a year stands for ever."""
    now = BEGAN + age
    until = min(lasts(job, now, known, most), now + timedelta(days=366))
    later = max(now, min(now + (until - now) * part, until - timedelta(microseconds=1)))

    assert estimate(job, later, known) == estimate(job, now, known)
    assert retry_after(job, later, known, most) == retry_after(job, now, known, most)
