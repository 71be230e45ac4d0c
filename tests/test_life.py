"""A job's life: which change may follow which, and what each leaves in the record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstatus import life
from jobstatus.errors import TransitionRefused
from jobstatus.job import NEXT, Event, FailureKind, Job, Report, Status
from jobstatus.testing.strategies import RETENTION, clock_moments, jobs, lived_jobs, moments, reports, sensible_reports

Step = Callable[[Job, datetime], Job]

OPEN = [status for status in Status if not status.terminal]
ENDED = [status for status in Status if status.terminal]
UNTOUCHED = ("id", "number", "tenant", "owner", "type", "created_at")


def report(job: Job, said: Report, now: datetime) -> Job:
    """Report with the usual retention."""
    return life.report(job, said, now=now, retention=RETENTION)


def cancel(job: Job, now: datetime) -> Job:
    """Cancel with the usual retention."""
    return life.cancel(job, now=now, retention=RETENTION)


def lose(job: Job, now: datetime) -> Job:
    """Lose with the usual retention."""
    return life.lose(job, now=now, retention=RETENTION)


def reporting(said: Report) -> Step:
    """Make a step of a report."""
    return lambda job, now: report(job, said, now)


steps = st.sampled_from([cancel, lose]) | reports().map(reporting)


@pytest.mark.parametrize("status", Status)
def test_a_job_is_terminal_where_nothing_may_follow(status: Status) -> None:
    """Three states end a job, three do not, and each open one may be stayed in."""
    assert status.terminal == (status in {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})
    assert status.terminal != (status in NEXT[status])


@given(job=lived_jobs(), step=steps, now=clock_moments())
def test_every_step_is_taken_or_refused(job: Job, step: Step, now: datetime) -> None:
    """A step gives the next version, or nothing has changed, or it is refused: there is nothing else."""
    try:
        after = step(job, now)
    except TransitionRefused:
        return

    assert after is job or after.version == job.version + 1


@given(job=lived_jobs(), step=steps, now=clock_moments())
def test_every_job_keeps_its_shape(job: Job, step: Step, now: datetime) -> None:
    """An end has its time, a failure its error, a success alone its result, and an ended job no lease."""
    for one in (job, _taken(step, job, now)):
        assert (one.ended_at is not None) == one.terminal
        assert one.expires_at is not None or not one.terminal
        assert (one.error is not None) == (one.status is Status.FAILED)
        assert one.result is None or one.status is Status.SUCCEEDED
        assert one.progress == 100 or one.status is not Status.SUCCEEDED
        assert one.lease_until is None or not one.terminal
        assert one.started_at is None or one.status is not Status.PENDING


@given(job=lived_jobs(), step=steps, now=moments())
def test_time_never_runs_backwards_within_a_job(job: Job, step: Step, now: datetime) -> None:
    """Even where the clock does."""
    after = _taken(step, job, min(now, datetime(2999, 1, 1, tzinfo=now.tzinfo)))
    started, ended = after.started_at or after.created_at, after.ended_at or after.updated_at

    assert after.updated_at >= job.updated_at
    assert after.created_at <= started <= ended <= after.updated_at
    assert job.started_at in (None, after.started_at)


@given(job=lived_jobs(), step=steps, now=clock_moments())
def test_no_step_makes_another_job_of_it(job: Job, step: Step, now: datetime) -> None:
    """Who and what a job is stays for ever."""
    after = _taken(step, job, now)

    assert [getattr(after, name) for name in UNTOUCHED] == [getattr(job, name) for name in UNTOUCHED]


@given(job=lived_jobs(*ENDED), step=steps, now=clock_moments())
def test_what_has_ended_never_changes(job: Job, step: Step, now: datetime) -> None:
    """Every step is refused, one that would change nothing too."""
    with pytest.raises(TransitionRefused, match="has ended"):
        step(job, now)


@given(data=st.data(), job=lived_jobs(), now=clock_moments(), status=st.sampled_from(Status))
def test_a_sensible_report_moves_a_job_where_it_may_go(
    data: st.DataObject, job: Job, now: datetime, status: Status
) -> None:
    """The table of the states that may follow is the whole truth."""
    said = data.draw(sensible_reports(status))
    if status in NEXT[job.status]:
        assert report(job, said, now).status is status
    else:
        with pytest.raises(TransitionRefused):
            report(job, said, now)


@given(job=lived_jobs(*OPEN), said=reports(), now=clock_moments())
def test_results_and_errors_come_with_the_end_they_belong_to(job: Job, said: Report, now: datetime) -> None:
    """A report that has one of them with any other state is refused."""
    status = said.status or job.status
    if (said.result and status is not Status.SUCCEEDED) or (said.error and status is not Status.FAILED):
        with pytest.raises(TransitionRefused):
            report(job, said, now)


@given(job=lived_jobs(*OPEN), said=sensible_reports(None, *ENDED), now=clock_moments())
def test_what_a_report_leaves_out_stays(job: Job, said: Report, now: datetime) -> None:
    """What it says is taken, but a success is always complete."""
    after = report(job, said, now)
    complete = 100.0 if after.status is Status.SUCCEEDED else None

    assert after.progress == complete or after.progress == (job.progress if said.progress is None else said.progress)
    assert after.message == (job.message if said.message is None else said.message)
    assert after.eta == (said.eta or job.eta)
    assert after.result == said.result
    assert said.error in (None, after.error)


@given(job=lived_jobs(*OPEN), said=sensible_reports(None), now=clock_moments())
def test_a_report_renews_the_lease_that_it_names(job: Job, said: Report, now: datetime) -> None:
    """The lease counts from the report's own time in the record; without one in the report the old one holds."""
    after = report(job, said, now)

    assert after.lease_until == (after.updated_at + said.lease if said.lease else job.lease_until)


@given(job=lived_jobs(*OPEN), now=clock_moments(), message=st.none() | st.text())
def test_a_failure_without_a_reason_is_explained(job: Job, now: datetime, message: str | None) -> None:
    """By the job's last message, or by saying that there was none."""
    error = report(replace(job, message=message), Report(status=Status.FAILED), now).error

    assert error is not None
    assert error.kind is FailureKind.SYSTEM
    assert error.message == (message or life.UNEXPLAINED)


@given(job=lived_jobs(*OPEN), now=clock_moments())
def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_when_it_obeys(job: Job, now: datetime) -> None:
    """To ask twice changes nothing."""
    after = cancel(job, now)

    assert after.status is (Status.CANCELLED if job.status is Status.PENDING else Status.CANCELLING)
    assert (after is job) == (job.status is Status.CANCELLING)


@given(job=lived_jobs(*OPEN), now=clock_moments())
def test_a_lost_job_has_failed(job: Job, now: datetime) -> None:
    """Its error tells that nobody knows why."""
    error = lose(job, now).error

    assert error is not None
    assert (error.kind, error.message) == (FailureKind.LOST, life.LOST)


@given(job=jobs(), now=moments())
def test_a_lease_lapses_and_a_record_expires_at_the_moment_named(job: Job, now: datetime) -> None:
    """From that moment on, and not before; an ended job has nothing that could lapse."""
    assert job.lapsed(now) == (not job.terminal and job.lease_until is not None and now >= job.lease_until)
    assert job.expired(now) == (job.expires_at is not None and now >= job.expires_at)


@given(job=lived_jobs())
def test_the_end_expected_is_the_one_that_was_or_the_one_the_worker_names(job: Job) -> None:
    """An ended job has its end; of an open one the worker knows best."""
    if job.terminal:
        assert job.expected_end == job.ended_at
    elif job.eta is not None:
        assert job.expected_end == job.eta
    elif job.started_at is None or not job.progress:
        assert job.expected_end is None


@given(job=lived_jobs(Status.RUNNING, Status.CANCELLING), little=st.floats(0, 1e-6))
def test_an_end_beyond_all_time_is_not_expected(job: Job, little: float) -> None:
    """However little is done after however long, there is an estimate or none, but never an error."""
    expected = replace(job, eta=None, progress=little).expected_end

    assert expected is None or job.started_at is None or expected >= job.started_at


@given(job=lived_jobs(Status.RUNNING), half=clock_moments())
def test_a_job_that_is_half_done_needs_as_long_again(job: Job, half: datetime) -> None:
    """Without the worker's own estimate, its progress tells; where no time has passed it tells nothing."""
    after = report(replace(job, eta=None), Report(progress=50.0), half)
    started = after.started_at or after.created_at
    spent = after.updated_at - started

    assert after.expected_end == (started + spent * 2 if spent else None)


@given(job=lived_jobs(), actor=st.text(min_size=1))
def test_an_event_tells_the_change_that_made_a_version(job: Job, actor: str) -> None:
    """It repeats of the record what may differ from version to version and is worth a line."""
    event = Event.of(job, actor)
    shared = {field.name for field in fields(Event)} - {"at", "actor"}

    assert (event.at, event.actor) == (job.updated_at, actor)
    assert {name: getattr(event, name) for name in shared} == {name: getattr(job, name) for name in shared}


def _taken(step: Step, job: Job, now: datetime) -> Job:
    """Take a step; one that is refused changes nothing."""
    try:
        return step(job, now)
    except TransitionRefused:
        return job
