"""How each contract writes a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstatus.handlers.times import english, micros, millis, trimmed
from jobstatus.job import Job

moments = st.datetimes().map(lambda naive: naive.replace(tzinfo=UTC, fold=0))
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@pytest.mark.parametrize(("number", "name"), list(enumerate(MONTHS, start=1)))
def test_months_are_english(number: int, name: str) -> None:
    """Each by its own name, whatever the locale."""
    assert english(datetime(2015, number, 4, 18, 11, 6, 586_999, tzinfo=UTC)) == f"04-{name}-2015 18:11:06:586"


@pytest.mark.parametrize(
    ("microsecond", "written"),
    [(0, ""), (350_000, ".35"), (352_261, ".352261"), (100_000, ".1"), (1, ".000001")],
)
def test_fractions_lose_their_zeros_as_in_go(microsecond: int, written: str) -> None:
    """RFC3339Nano drops zeros at the end, and the point with the last of them."""
    assert trimmed(datetime(2021, 2, 18, 17, 13, 56, microsecond, tzinfo=UTC)) == f"2021-02-18T17:13:56{written}Z"


@given(moments)
def test_every_time_reads_back(at: datetime) -> None:
    """As exact as the form is."""
    assert datetime.fromisoformat(micros(at)) == at
    assert datetime.fromisoformat(trimmed(at)) == at
    assert datetime.fromisoformat(millis(at)) == at.replace(microsecond=at.microsecond // 1000 * 1000)


def test_an_end_is_not_foreseen_from_no_time_at_all() -> None:
    """A first report that starts a job and names its progress tells nothing of its pace."""
    at = datetime(2031, 1, 1, tzinfo=UTC)
    job = Job(id="a", tenant="t", owner="o", type="t", created_at=at, started_at=at, updated_at=at, progress=20.0)

    assert job.expected_end is None
