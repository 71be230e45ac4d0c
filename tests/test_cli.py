"""The command line."""

from __future__ import annotations

import json
import logging
import re
import signal
import socket
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from commands import CommandLine
from hypothesis import example, given
from hypothesis import strategies as st
from serving import Server, free_port, serving

from jobstatus.cli import app
from jobstatus.cli.exits import Exit
from jobstatus.cli.options import moment, rfc3339
from jobstatus.cli.serve import Announcer

PAGE = (Path(__file__).parent.parent / "docs" / "cli.md").read_text(encoding="utf-8")
TENANT = "demo"


@pytest.fixture(scope="module")
def jobstatus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """Give the command line, and a server for it that looks a credential up each time."""
    with serving(tmp_path_factory.mktemp("server"), credential_seconds="0") as server:
        yield CommandLine(server, server.token(TENANT))


@pytest.fixture
def alone(tmp_path: Path) -> CommandLine:
    """Give the command line with a store, and no server."""
    return CommandLine(Server(tmp_path, free_port()), "")


def commands() -> Iterator[tuple[str, typer.core.TyperCommand]]:
    """Give each command with its name."""
    waiting = [("", typer.main.get_command(app))]
    while waiting:
        name, command = waiting.pop()
        children = getattr(command, "commands", None)
        if children is None:
            yield name.strip(), command  # type: ignore[misc]
        else:
            waiting += [(f"{name} {child}", found) for child, found in children.items()]


@pytest.mark.parametrize(("name", "command"), [pytest.param(*found, id=found[0]) for found in commands()])
def test_every_command_explains_itself(name: str, command: typer.core.TyperCommand) -> None:
    """It has a sentence, an example of itself, and a word for each option."""
    assert command.help
    assert (command.epilog or "").startswith(f"Example: jobstatus {name}")
    assert all(getattr(option, "help", None) for option in command.params)


@pytest.mark.parametrize("code", Exit)
def test_every_exit_code_is_documented(code: Exit) -> None:
    """It stands in the page's table."""
    assert f"\n| {int(code)} | " in PAGE


@pytest.mark.parametrize(("name", "command"), [pytest.param(*found, id=found[0]) for found in commands()])
def test_every_variable_is_documented(name: str, command: typer.core.TyperCommand) -> None:
    """Whatever can be given in the environment stands in the page."""
    for option in command.params:
        assert f"`{option.envvar or 'JOBSTATUS_TOKEN'}`" in PAGE


def test_a_job_is_led_through_its_life(jobstatus: CommandLine, tmp_path: Path) -> None:
    """Create, report, show, list, events, delete: what one writes the others read."""
    result = tmp_path / "result.json"
    result.write_text('{"links": [{"entity": "file", "href": "/files/1"}], "response_data": {"size": 1}}')
    id = jobstatus.json("jobs", "create", "--type", "life", "--message", "soon", "--eta", "10m", "--lease", "300")["id"]
    jobstatus.json("jobs", "report", id, "--status", "running", "--progress", "42.5", "--if-match", "1")
    done = jobstatus.json("jobs", "report", id, "--status", "succeeded", "--result", f"@{result}")
    events = jobstatus.json("jobs", "events", id)["events"]
    listed = jobstatus.json("jobs", "list", "--type", "life", "--status", "succeeded", "--status", "failed")["jobs"]

    assert done["result"]["links"] == [{"entity": "file", "href": "/files/1"}]
    assert [event["progress"] for event in events] == [None, 42.5, 100]
    assert listed == [jobstatus.job(id)] == [done]
    assert jobstatus.json("jobs", "delete", id) == {"deleted": id}
    assert jobstatus("jobs", "show", id).returncode == 4


def test_a_failure_is_reported_in_full(jobstatus: CommandLine) -> None:
    """Kind, message, code and HTTP status."""
    id = jobstatus.json("jobs", "create", "--type", "failure")["id"]
    error = ("--error-kind", "user", "--error-message", "bad input", "--error-code", "E1", "--error-status", "422")
    failed = jobstatus.json("jobs", "report", id, "--status", "failed", *error)

    assert failed["error"] | {"type": None, "invalid": []} == {
        "kind": "user",
        "message": "bad input",
        "code": "E1",
        "http_status": 422,
        "type": None,
        "invalid": [],
    }


def test_all_pages_can_be_listed_at_once(jobstatus: CommandLine) -> None:
    """Or one after the other, by the cursor."""
    made = [jobstatus.json("jobs", "create", "--type", "page")["id"] for _ in range(5)]
    listing = ("jobs", "list", "--type", "page", "--limit", "2")
    first = jobstatus.json(*listing)
    second = jobstatus.json(*listing, "--cursor", first["next_cursor"])
    everything = jobstatus.json(*listing, "--all")

    assert [job["id"] for job in [*first["jobs"], *second["jobs"]]] == made[:0:-1]
    assert [job["id"] for job in everything["jobs"]] == made[::-1]


def test_what_the_job_stands_against_is_refused(jobstatus: CommandLine) -> None:
    """An id that is taken, another version, a change that its life does not allow."""
    jobstatus.json("jobs", "create", "--type", "refused", "--id", "taken")
    codes = [
        jobstatus("jobs", "create", "--type", "refused", "--id", "taken").returncode,
        jobstatus("jobs", "cancel", "taken", "--if-match", "9").returncode,
        jobstatus("jobs", "delete", "taken").returncode,
    ]

    assert codes == [Exit.REFUSED] * 3
    assert jobstatus.json("jobs", "cancel", "taken")["status"] == "cancelled"


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "x", "--server", "nowhere"),
        ("report", "x"),
        ("report", "x", "--result", "[]"),
        ("report", "x", "--result", "@/no/such/file"),
        ("report", "x", "--error-code", "E1"),
        ("report", "x", "--progress", "101"),
        ("create", "--type", ""),
        ("create", "--type", "x", "--eta", "tomorrow"),
        ("create", "--type", "x", "--eta", "2026-01-02T03:04:05"),
        ("list", "--status", "lost"),
    ],
)
def test_a_wrong_command_line_is_told_as_such(jobstatus: CommandLine, arguments: tuple[str, ...]) -> None:
    """Exit code 2, whoever found the mistake, and no traceback."""
    done = jobstatus("jobs", *arguments)

    assert done.returncode == Exit.USAGE
    assert "Traceback" not in done.stderr


def test_troubles_are_one_line(jobstatus: CommandLine) -> None:
    """They say what can be done, and stand on standard error alone."""
    without = jobstatus("jobs", "show", "x", JOBSTATUS_TOKEN="")
    nowhere = jobstatus("jobs", "show", "x", "--server", "http://127.0.0.1:1")

    assert (without.returncode, nowhere.returncode) == (Exit.DENIED, Exit.UNREACHABLE)
    assert "JOBSTATUS_TOKEN" in without.stderr
    assert "http://127.0.0.1:1" in nowhere.stderr
    assert without.stderr.count("\n") == nowhere.stderr.count("\n") == 1
    assert without.stdout == nowhere.stdout == ""


def test_what_a_job_says_is_no_command_to_the_terminal(jobstatus: CommandLine) -> None:
    """Neither escapes nor markup in a message have a meaning where it is shown."""
    message = "\x1b]0;title\x07[bold]plain[/bold]\x1b[2J"
    id = jobstatus.json("jobs", "create", "--type", "escape", "--message", message)["id"]
    shown = [jobstatus("jobs", *view).stdout for view in (("show", id), ("list", "--type", "escape"), ("events", id))]

    assert all("[bold]plain[/bold]" in text and "\x1b" not in text and "\x07" not in text for text in shown)
    assert jobstatus.job(id)["message"] == message


@pytest.mark.parametrize(
    ("contract", "permissions", "roles"),
    [
        ("native", ["job:read", "job:write"], []),
        ("ehealth", ["encounter:write", "job:read"], []),
        ("ehealth-composition", ["composition:read"], []),
        (
            "traffic-ops",
            [
                *("ACME:READ", "ASYNC-STATUS:READ", "CDN:READ", "CDN:UPDATE"),
                *("DELIVERY-SERVICE:UPDATE", "DNS-SEC:UPDATE", "DS-SECURITY-KEY:UPDATE"),
            ],
            ["admin"],
        ),
        ("ims", ["ims:imageJobs:get", "ims:imageJobs:getPercentage"], []),
        ("api-key", ["composition:read", "encounter:write", "job:read"], ["api-key"]),
    ],
)
def test_a_contract_stands_for_what_it_asks_for(
    alone: CommandLine, contract: str, permissions: list[str], roles: list[str]
) -> None:
    """Permissions and roles that are named go before it."""
    add = ("credentials", "add", "c", "--tenant", TENANT, "--contract", contract)
    preset = alone.json(*add)
    chosen = alone.json(*add, "--permission", "p", "--role", "r", "--role", "s")

    assert (preset["permissions"], preset["roles"]) == (permissions, roles)
    assert (chosen["permissions"], chosen["roles"]) == (["p"], ["r", "s"])


def test_a_users_password_is_read_and_never_shown_or_kept(alone: CommandLine, tmp_path: Path) -> None:
    """It comes in on standard input; what is kept of it is an Argon2 hash, and no list shows that."""
    add = ("credentials", "add", "ops", "--tenant", TENANT, "--kind", "user", "--json")
    made = alone(*add, stdin="twelve monkeys\n")
    empty = alone(*add, stdin="\n")
    again = alone(*add, stdin="another\n")
    with sqlite3.connect(tmp_path / "jobs.db") as connection:
        ((secret,),) = connection.execute("SELECT secret FROM credentials")
    connection.close()

    assert json.loads(made.stdout)["kind"] == "user"
    assert "twelve monkeys" not in made.stdout + made.stderr
    assert secret.startswith("$argon2id$")
    assert secret not in alone("credentials", "list", "--json").stdout
    assert (empty.returncode, again.returncode) == (Exit.USAGE, Exit.REFUSED)
    assert not any(b"twelve monkeys" in file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["access-key", "temporary-access-key"])
def test_an_access_key_is_shown_once_and_its_secret_kept_encrypted(
    alone: CommandLine, tmp_path: Path, kind: str
) -> None:
    """Without a key to encrypt with none is made; a temporary one has a security token beside its secret."""
    add = ("credentials", "add", "robot", "--tenant", TENANT, "--kind", kind, "--json")
    keyless = alone(*add)
    made = json.loads(alone(*add, JOBSTATUS_SECRET_KEY="k" * 32).stdout)

    secrets = [made["secret_key"], *([made["security_token"]] if kind.startswith("temporary") else [])]
    assert (keyless.returncode, "JOBSTATUS_SECRET_KEY" in keyless.stderr) == (Exit.USAGE, True)
    assert not any(secret.encode() in file.read_bytes() for file in tmp_path.iterdir() for secret in secrets)
    assert ("security_token" in made) is kind.startswith("temporary")


def test_a_token_is_shown_once_and_kept_nowhere(alone: CommandLine, tmp_path: Path) -> None:
    """For people it is all of standard output; the store has only its digest, and no list shows either."""
    done = alone("credentials", "add", "me", "--tenant", TENANT)
    token = done.stdout.strip()
    listed = [alone("credentials", "list", *form).stdout for form in ((), ("--json",))]
    with sqlite3.connect(tmp_path / "jobs.db") as connection:
        ((digest,),) = connection.execute("SELECT digest FROM credentials")
    connection.close()

    assert re.fullmatch(r"[\w-]{43}", token)
    assert token not in done.stderr
    assert all(token not in text and digest.hex() not in text and "digest" not in text for text in listed)
    assert not any(token.encode() in file.read_bytes() for file in tmp_path.iterdir())


def test_a_credential_is_active_until_it_expires_or_is_revoked(alone: CommandLine) -> None:
    """The list tells which, and a second revocation changes nothing."""
    ids = {
        name: alone.json("credentials", "add", name, "--tenant", TENANT, "--expires", expires)["id"]
        for name, expires in (("lasting", "30d"), ("over", "0s"), ("withdrawn", "2100-01-01T00:00:00Z"))
    }
    revoked = [alone.json("credentials", "revoke", ids["withdrawn"]) for _ in range(2)]
    listed = alone.json("credentials", "list")["credentials"]

    assert {c["name"]: c["state"] for c in listed} == {"lasting": "active", "over": "expired", "withdrawn": "revoked"}
    assert revoked[0] == revoked[1]
    assert alone("credentials", "revoke", "unknown").returncode == Exit.MISSING


def test_a_revoked_token_is_refused_from_then_on(jobstatus: CommandLine) -> None:
    """Without a restart of the server."""
    made = jobstatus.json("credentials", "add", "brief", "--tenant", TENANT, "--contract", "native")
    before = jobstatus("jobs", "list", JOBSTATUS_TOKEN=made["token"]).returncode
    jobstatus.json("credentials", "revoke", made["id"])

    assert before == Exit.DONE
    assert jobstatus("jobs", "list", JOBSTATUS_TOKEN=made["token"]).returncode == Exit.DENIED


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("serve", "--store", "nowhere://"), Exit.USAGE),
        (("serve", "--store", "memory://", "--workers", "2"), Exit.USAGE),
        (("serve", "--port", "70000"), Exit.USAGE),
        (("serve", "--store", "sqlite:////no/such/folder/jobs.db"), Exit.USAGE),
        (("credentials", "list", "--store", "memory://"), Exit.USAGE),
    ],
)
def test_a_wrong_setting_is_told_in_one_line(alone: CommandLine, arguments: tuple[str, ...], code: Exit) -> None:
    """Before anything is started."""
    done = alone(*arguments)

    assert done.returncode == code
    assert done.stderr.startswith("jobstatus: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("workers", "number", "code"),
    [
        ("1", signal.SIGTERM, -signal.SIGTERM),
        ("2", signal.SIGTERM, Exit.DONE),
        ("1", signal.SIGINT, Exit.DONE),
        ("2", signal.SIGINT, Exit.DONE),
    ],
)
def test_the_server_says_where_it_listens_and_stops_when_asked(
    alone: CommandLine, workers: str, number: signal.Signals, code: int
) -> None:
    """With several workers too, on a port that it finds itself."""
    with alone.started("serve", "--port", "0", "--workers", workers) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        process.send_signal(number)
        process.communicate()

    assert re.match(r"jobstatus listens on http://127\.0\.0\.1:[1-9]\d+ ", said)
    assert process.returncode == code


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_that_cannot_listen_where_it_was_told_to_says_so(alone: CommandLine, workers: str) -> None:
    """In one line: the port is taken, or the address is none of this machine's."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = [
            alone("serve", "--port", port, "--workers", workers),
            alone("serve", "--port", port, "--workers", workers, "--host", "192.0.2.1"),
        ]

    assert [done.returncode for done in refused] == [Exit.USAGE] * 2
    assert all(re.fullmatch(r"jobstatus: \[Errno \d+\] .+\n", done.stderr) for done in refused)


def test_a_fault_of_the_server_is_told_with_where_it_happened(capsys: pytest.CaptureFixture[str]) -> None:
    """What it was and in which line, and all of it in one."""
    server = logging.Logger("server")
    server.addHandler(Announcer())
    try:
        raise KeyError("nothing")
    except KeyError:
        server.exception("Exception in application")
    said = capsys.readouterr().err

    assert said.startswith("jobstatus: Exception in application")
    assert "test_cli.py" in said
    assert said.endswith("KeyError: 'nothing'\n")
    assert said.count("\n") == 1


@given(st.integers(0, 1000), st.sampled_from("smhdw"))
def test_a_span_counts_from_now(number: int, unit: str) -> None:
    """In seconds, minutes, hours, days or weeks."""
    now = datetime(2031, 1, 1, tzinfo=UTC)
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

    assert moment(f"{number}{unit}", now) - now == timedelta(seconds=number * seconds[unit])


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.timezones() | st.just(UTC)))
@example(datetime(999, 1, 1, tzinfo=UTC))
def test_a_time_is_read_in_any_zone_and_written_in_utc(at: datetime) -> None:
    """Reading what was written gives the same moment."""
    assert moment(rfc3339(at.astimezone(UTC))) == at.astimezone(UTC)


def test_json_is_pure_ascii(jobstatus: CommandLine) -> None:
    """It can go through any terminal, pipe or log."""
    id = jobstatus.json("jobs", "create", "--type", "ascii", "--message", "héllo \x9b2J ✓")["id"]
    shown = jobstatus("jobs", "show", id, "--json").stdout

    assert shown.isascii()
    assert json.loads(shown)["message"] == "héllo \x9b2J ✓"


def test_each_exit_code_means_one_thing() -> None:
    """No two ends are told by the same number."""
    assert len(Exit.__members__) == len(set(Exit))  # an alias would be counted once
    assert int(Exit.STOPPED) == 130
