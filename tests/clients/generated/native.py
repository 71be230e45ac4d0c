"""A job's whole life, by a client that was generated from the native contract."""

from __future__ import annotations

from typing import Any

from contract_client import AuthenticatedClient
from contract_client.api.native import (
    cancel_job,
    create_job,
    delete_job,
    get_job,
    list_job_events,
    list_jobs,
    report_job,
)
from contract_client.models import Job, JobPage, JobStatus, NewJob, Problem, Report, ReportStatus, Timeline
from contract_client.types import Response
from talk import CREDENTIALS, URL, Told, broken, talk

client = AuthenticatedClient(URL, CREDENTIALS["jobToken"], raise_on_unexpected_status=True)


def poll(id: str) -> Told:
    """Poll for one job."""
    answer = get_job.sync_detailed(id, client=client)
    return answer, answer.parsed.status.value if isinstance(answer.parsed, Job) else None


def live() -> dict[str, Any]:
    """Create, report, list, cancel and delete; each time see what comes back."""
    made = create_job.sync_detailed(client=client, body=NewJob(type_="generated"))
    assert isinstance(made.parsed, Job)
    id = made.parsed.id
    seen: list[Response[Any]] = [made]
    seen.append(get_job.sync_detailed(id, client=client, if_none_match=made.headers["ETag"]))
    seen.append(report_job.sync_detailed(id, client=client, body=Report(status=ReportStatus.RUNNING, progress=42.5)))
    listed = list_jobs.sync_detailed(client=client, status=[JobStatus.RUNNING], type_="generated")
    named = list_jobs.sync_detailed(client=client, ids=[id])
    assert isinstance(listed.parsed, JobPage)
    assert isinstance(named.parsed, JobPage), named.content
    assert [job.id for job in listed.parsed.jobs] == [job.id for job in named.parsed.jobs] == [id]
    seen += [listed, named, cancel_job.sync_detailed(id, client=client)]
    seen.append(report_job.sync_detailed(id, client=client, body=Report(status=ReportStatus.CANCELLED)))
    events = list_job_events.sync_detailed(id, client=client)
    assert isinstance(events.parsed, Timeline)
    assert [event.version for event in events.parsed.events] == [1, 2, 3, 4]
    seen += [events, delete_job.sync_detailed(id, client=client), get_job.sync_detailed(id, client=client)]
    assert isinstance(seen[-1].parsed, Problem)
    return {"statuses": [int(answer.status_code) for answer in seen], "broken": [*filter(None, map(broken, seen))]}


if __name__ == "__main__":
    talk(poll, live=live)
