"""How long a record is kept: what the job says, its type, its tenant, and what holds for all."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from commands import CommandLine
from house import TENANT, House, MovingClock, running_house
from hypothesis import given
from hypothesis import strategies as st
from serving import Server, free_port, serving

from jobstatus import life
from jobstatus.credential import Caller
from jobstatus.errors import ConfigurationError
from jobstatus.job import Job, Report, Status
from jobstatus.life import Retention
from jobstatus.service import Draft, JobService
from jobstatus.settings import Settings
from jobstatus.storage.memory import MemoryStore
from jobstatus.testing.strategies import clock_moments, lived_jobs, moments, sensible_reports

CALLER = Caller(id="c", tenant=TENANT)
OPEN = [status for status in Status if not status.terminal]
ENDED = [status for status in Status if status.terminal]
BY_TYPE, BY_TENANT = "JOBSTATUS_RETENTION_DAYS_BY_TYPE", "JOBSTATUS_RETENTION_DAYS_BY_TENANT"

spans = st.timedeltas(timedelta(microseconds=1), timedelta(days=36500))
names = st.dictionaries(st.sampled_from(["type", "tenant", "other"]), spans)
retentions = st.builds(Retention, records=spans, types=names, tenants=names)


@given(job=lived_jobs(), keep=retentions)
def test_a_type_goes_before_a_tenant_and_both_before_what_holds_for_all(job: Job, keep: Retention) -> None:
    """What is said of other types and tenants has no say."""
    own = [keep.types.get("type"), keep.tenants.get("tenant"), keep.records]

    assert keep.of(job) == next(span for span in own if span is not None)


@given(job=lived_jobs(*OPEN), said=sensible_reports(*ENDED), keep=retentions, now=clock_moments())
def test_an_end_sets_when_a_record_expires_unless_that_is_set(
    job: Job, said: Report, keep: Retention, now: datetime
) -> None:
    """A time that the job has been given, then or before, stays; the latest one counts."""
    ended = life.report(job, said, now=now, retention=keep)

    assert ended.expires_at == (said.expires_at or job.expires_at or ended.updated_at + keep.of(job))


@given(job=lived_jobs(*OPEN), at=st.none() | moments(), keep=retentions, now=clock_moments())
def test_a_job_that_goes_on_expires_only_at_a_time_of_its_own(
    job: Job, at: datetime | None, keep: Retention, now: datetime
) -> None:
    """Retention counts from the end."""
    assert life.report(job, Report(expires_at=at), now=now, retention=keep).expires_at == (at or job.expires_at)


@given(job=lived_jobs(*OPEN), keep=retentions, now=clock_moments())
def test_what_the_server_ends_is_kept_as_long(job: Job, keep: Retention, now: datetime) -> None:
    """A job that is lost, or cancelled before it began, is like any other that has ended."""
    lost, asked = life.lose(job, now=now, retention=keep), life.cancel(job, now=now, retention=keep)

    for one in (lost, asked):
        kept = job.expires_at or (one.updated_at + keep.of(job) if one.terminal else None)
        assert one.expires_at == kept


async def created(house: House, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    """Create a job, and give what became of it."""
    answer = await house.client.post("/jobs", json={"type": "t", **body}, headers=headers)
    assert answer.status_code == 201, answer.text
    job: dict[str, Any] = answer.json()
    return job


async def test_settings_say_how_long_by_type_and_tenant() -> None:
    """Two days for one type, three for the rest of the tenant's."""
    by_type, by_tenant = '{"short": 2}', f'{{"{TENANT}": 3}}'
    settings = Settings(retention_days_by_type=by_type, retention_days_by_tenant=by_tenant)
    async with running_house(settings) as house:
        headers = house.headers(await house.token())
        jobs = [await created(house, headers, type=type) for type in ("short", "other")]
        ended = [await house.client.post(f"/jobs/{job['id']}/cancel", headers=headers) for job in jobs]

    assert [answer.json()["expires_at"][:10] for answer in ended] == ["2031-03-06", "2031-03-07"]


async def test_a_job_expires_at_its_own_time_whatever_has_become_of_it(house: House) -> None:
    """It is gone for reads and lists, even where it has not ended; what it says last counts."""
    headers = house.headers(await house.token())
    job = await created(house, headers, expires_at="2031-03-04T06:07:07+01:00")
    path = f"/jobs/{job['id']}"
    later = await house.client.patch(path, json={"expires_at": "2031-03-04T05:08:07Z"}, headers=headers)
    house.clock.move(seconds=119)
    there = await house.client.get(path, headers=headers)
    house.clock.move(seconds=1)

    gone = await house.client.get(path, headers=headers)
    listed = await house.client.get("/jobs", headers=headers)

    assert job["expires_at"] == "2031-03-04T05:07:07.000000Z"
    assert later.json()["expires_at"] == there.json()["expires_at"] == "2031-03-04T05:08:07.000000Z"
    assert (gone.status_code, listed.json()["jobs"]) == (410, [])


async def test_a_job_that_ends_keeps_its_own_time(house: House) -> None:
    """Retention is for those that have none."""
    headers = house.headers(await house.token())
    job = await created(house, headers, expires_at="2999-12-31T00:00:00Z")

    ended = await house.client.post(f"/jobs/{job['id']}/cancel", headers=headers)
    again = await house.client.patch(f"/jobs/{job['id']}", json={"expires_at": "2998-01-01T00:00:00Z"}, headers=headers)

    assert ended.json()["expires_at"] == "2999-12-31T00:00:00.000000Z"
    assert again.status_code == 409


@pytest.mark.parametrize("way", ["create", "report"])
@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ("2031-03-04T05:06:07.250000Z", "exclusiveMinimum"),
        ("1999-01-01T00:00:00Z", "exclusiveMinimum"),
        ("2031-02-30T00:00:00Z", "format"),
        ("tomorrow", "format"),
        (None, "type"),
        (1, "type"),
    ],
)
async def test_a_time_that_is_none_or_not_to_come_is_refused(house: House, way: str, given: Any, rule: str) -> None:
    """The field is named, and its rule; nothing is written."""
    headers = house.headers(await house.token())
    if way == "create":
        answer = await house.client.post("/jobs", json={"type": "t", "id": "a", "expires_at": given}, headers=headers)
    else:
        await created(house, headers, id="a")
        answer = await house.client.patch("/jobs/a", json={"progress": 1, "expires_at": given}, headers=headers)

    assert answer.status_code == 400
    violation = answer.json()["violations"][0]
    assert (violation["location"], violation["field"], violation["rule"]) == ("body", "$.expires_at", rule)
    found = await house.client.get("/jobs/a", headers=headers)
    assert found.status_code == 404 if way == "create" else found.json()["version"] == 1


async def test_an_expired_job_holds_no_work() -> None:
    """Whoever asks for the same work is given a job that is there, before any sweep."""
    clock = MovingClock()
    service = JobService(MemoryStore(), clock=clock)
    draft = Draft(type="t", work="w")
    first, _ = await service.submit(CALLER, draft)
    await service.report(CALLER, first.id, Report(expires_at=clock.now + timedelta(seconds=1)))
    _, early = await service.submit(CALLER, draft)
    clock.move(seconds=1)

    second, new = await service.submit(CALLER, draft)

    assert (early, new) == (False, True)
    assert second.id != first.id


@pytest.mark.parametrize("variable", [BY_TYPE, BY_TENANT])
@pytest.mark.parametrize("value", ["", "7", "[]", "null", "{", '{"a": 0}', '{"a": -1}', '{"a": 36501}', '{"a": "x"}'])
def test_a_wrong_setting_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """Whatever is wrong with it: a server is set up wrongly, no program is broken."""
    monkeypatch.setenv(variable, value)

    with pytest.raises(ConfigurationError, match=f"^{variable}: "):
        Settings.read()


def test_a_server_does_not_start_with_a_wrong_setting(tmp_path: Path) -> None:
    """It says in one line which, and of whom."""
    done = CommandLine(Server(tmp_path, free_port()), "")("serve", **{BY_TYPE: '{"export": 0}'})

    assert done.returncode == 2
    assert done.stderr == f"jobstatus: {BY_TYPE}: export: Input should be greater than 0\n"


def test_the_command_line_names_a_time(tmp_path: Path) -> None:
    """By itself, or as a span from now."""
    with serving(tmp_path) as server:
        jobstatus = CommandLine(server, server.token())
        job = jobstatus.json("jobs", "create", "--type", "t", "--expires", "2999-01-02T03:04:05Z")
        reported = jobstatus.json("jobs", "report", job["id"], "--expires", "30d")

    assert job["expires_at"] == "2999-01-02T03:04:05.000000Z"
    assert reported["expires_at"] < "2999"


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days by name, as a JSON object."""
    monkeypatch.setenv(BY_TYPE, '{"export": 30, "backup": 0.5}')
    monkeypatch.setenv(BY_TENANT, '{"demo": 1}')
    keep = Settings.read().retention

    assert keep.types == {"export": timedelta(days=30), "backup": timedelta(hours=12)}
    assert keep.tenants == {"demo": timedelta(days=1)}
    assert keep.records == timedelta(days=7)
