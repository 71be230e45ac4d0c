"""A job, followed to its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import CommandLine, until
from serving import serving


@pytest.fixture(scope="module")
def jobstatus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """Give the command line, and a server for it."""
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield CommandLine(server, server.token())


def created(jobstatus: CommandLine) -> str:
    """Create a job and give its id."""
    id: str = jobstatus.json("jobs", "create", "--type", "test")["id"]
    return id


def ended(jobstatus: CommandLine, status: str) -> str:
    """Create a job, end it, and give its id."""
    id = created(jobstatus)
    jobstatus.json("jobs", "report", id, "--status", status)
    return id


@pytest.mark.parametrize(("status", "code"), [("succeeded", 0), ("failed", 1), ("cancelled", 3)])
@pytest.mark.parametrize("form", ["--json", ""])
def test_the_exit_code_tells_how_the_job_ended(jobstatus: CommandLine, status: str, code: int, form: str) -> None:
    """A script needs to read nothing."""
    done = jobstatus("watch", ended(jobstatus, status), *filter(None, [form]))

    assert done.returncode == code
    assert status in done.stdout


def test_each_change_is_one_line_of_json(jobstatus: CommandLine) -> None:
    """No version is told twice, and the last line is the end."""
    id = created(jobstatus)
    with jobstatus.started("watch", id, "--json") as process:
        assert process.stdout is not None
        seen = [json.loads(process.stdout.readline())]
        jobstatus.json("jobs", "report", id, "--status", "running", "--progress", "30")
        seen.append(json.loads(process.stdout.readline()))
        jobstatus.json("jobs", "report", id, "--status", "succeeded")
        seen += [json.loads(line) for line in process.stdout]
        process.wait()

    assert [job["status"] for job in seen] == ["pending", "running", "succeeded"]
    assert [job["version"] for job in seen] == [1, 2, 3]
    assert process.returncode == 0


def test_watching_ends_when_its_time_is_over(jobstatus: CommandLine) -> None:
    """The job goes on; the exit code is that of timeout(1)."""
    id = created(jobstatus)
    done = jobstatus("watch", id, "--timeout", "0.5")

    assert done.returncode == 124
    assert jobstatus.job(id)["status"] == "pending"


def test_what_cannot_be_watched_is_told_apart(jobstatus: CommandLine) -> None:
    """Unknown and deleted jobs, a wrong token, and a server that is not there."""
    gone = ended(jobstatus, "succeeded")
    jobstatus("jobs", "delete", gone)
    nowhere = ("--server", "http://127.0.0.1:1", "--patience", "0.2")

    assert jobstatus("watch", "unknown").returncode == 4
    assert jobstatus("watch", gone).returncode == 4
    assert jobstatus("watch", gone, JOBSTATUS_TOKEN="wrong").returncode == 5
    assert jobstatus("watch", gone, *nowhere).returncode == 6


def test_an_outage_is_sat_out(tmp_path: Path) -> None:
    """A server that comes back is asked again."""
    with serving(tmp_path) as server:
        jobstatus = CommandLine(server, server.token())
        id = created(jobstatus)
        with jobstatus.started("watch", id, "--json") as process:
            assert process.stdout is not None
            process.stdout.readline()
            server.kill()
            server.start()
            jobstatus.json("jobs", "report", id, "--status", "succeeded")
            last = json.loads(process.stdout.readline())
            process.wait()

    assert last["status"] == "succeeded"
    assert process.returncode == 0


def test_a_job_is_shown_at_once_as_it_stands(jobstatus: CommandLine) -> None:
    """Only for what comes next is the server asked to wait, which it would do for longer than this."""
    done = jobstatus("watch", created(jobstatus), "--json", "--timeout", "5")

    assert json.loads(done.stdout)["status"] == "pending"
    assert done.returncode == 124


def test_watching_stops_at_ctrl_c(jobstatus: CommandLine) -> None:
    """Without a traceback, and the job goes on."""
    id = created(jobstatus)
    with jobstatus.started("watch", id, "--json") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(2)
        _, said = process.communicate()

    assert process.returncode == 130
    assert said == ""
    until(lambda: jobstatus.job(id)["status"] == "pending")
