"""`jobstatus migrate`."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest
from commands import Done, until
from hypothesis import given
from hypothesis import strategies as st
from serving import PATIENCE

from jobstatus.cli.exits import Exit
from jobstatus.cli.moving_shown import INTERVAL, Lines, shown
from jobstatus.moving import Stage, Step
from jobstatus.storage import Store, open_store
from jobstatus.testing.stores.moving import kept, some_of_all
from jobstatus.testing.stores.samples import a_credential, put

T = TypeVar("T")

WRITER = Path(__file__).parent / "storage" / "writer.py"
MANY = 8000
"""Records that take long enough to copy to be killed meanwhile."""


@pytest.fixture
def source(tmp_path: Path) -> str:
    """Name a store that holds something of each kind."""
    url = f"sqlite:///{tmp_path / 'source.db'}"
    in_store(url, fill)
    return url


@pytest.fixture
def target(tmp_path: Path) -> str:
    """Name a store that is not there yet."""
    return f"sqlite:///{tmp_path / 'target.db'}"


def in_store(url: str, work: Callable[[Store], Awaitable[T]]) -> T:
    """Do something in a store."""

    async def use() -> T:
        store = await open_store(url)
        try:
            return await work(store)
        finally:
            await store.aclose()

    return asyncio.run(use())


async def fill(store: Store) -> None:
    """Write something of each kind."""
    await some_of_all(store)
    await store.add_credential(a_credential(secret="confidential"))


def everything(url: str) -> Any:
    """Read all that a store keeps."""

    async def read(store: Store) -> Any:
        return list(await store.scan(0, 2 * MANY)), list(await store.credentials())

    return in_store(url, read)


def command(*arguments: str) -> list[str]:
    """Give the command as it is run."""
    return [sys.executable, "-m", "jobstatus", "migrate", *arguments]


def migrate(*arguments: str, **env: str) -> Done:
    """Run the command to its end."""
    return subprocess.run(
        command(*arguments), env={**os.environ, **env}, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_a_store_is_moved_and_verified(source: str, target: str) -> None:
    """People are told each pass, and shown what both stores keep."""
    done = migrate("--from", source, "--to", target)

    assert done.returncode == Exit.DONE, done.stderr
    assert done.stderr.splitlines() == [
        "Looking at the target: 0 records read.",
        "Pass 1: 4 records compared, 5 changed.",
        "Pass 2: 4 records compared, 0 changed.",
        "Verifying: 4 records read.",
        "Both keep the same.",
    ]
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == ["store", source, target]
    assert rows[1][1:] == rows[2][1:]
    assert rows[1][1:5] == ["3", "5", "1", "1"]
    assert everything(target) == everything(source)


def test_machines_are_told_in_one_line(source: str, target: str) -> None:
    """What the passes did, and the two inventories; nothing on standard error. The URLs may be variables."""
    done = migrate("--json", JOBSTATUS_FROM=source, JOBSTATUS_TO=target)
    told = json.loads(done.stdout)

    assert done.returncode == Exit.DONE
    assert done.stderr == ""
    assert told["equal"]
    assert told["passes"] == [{"compared": 4, "changed": 5}, {"compared": 4, "changed": 0}]
    assert told["source"] == told["target"]
    assert told["source"] | {"sha256": ""} == {"jobs": 3, "events": 5, "tombstones": 1, "credentials": 1, "sha256": ""}
    assert "confidential" not in done.stdout


def test_a_move_that_was_killed_is_run_again(source: str, target: str) -> None:
    """What was copied stays, and the rest follows."""

    async def fill_more(store: Store) -> None:
        for above in range(10, MANY, 1000):
            await store.restore(above, above + 1000, [kept(above + i) for i in range(1, 1001)])

    in_store(source, fill_more)
    with subprocess.Popen(command("--from", source, "--to", target), stderr=subprocess.PIPE) as process:
        until(lambda: copied(target) > 0)
        process.kill()
    before = copied(target)
    done = migrate("--from", source, "--to", target, "--json")
    told = json.loads(done.stdout)

    assert 0 < before < MANY
    assert done.returncode == Exit.DONE
    assert told["passes"][0]["changed"] <= MANY - before + 10
    assert everything(target) == everything(source)


def copied(url: str) -> int:
    """Count the jobs that a file holds, if it is there."""
    try:
        with closing(sqlite3.connect(f"file:{url.removeprefix('sqlite:///')}?mode=ro", uri=True)) as connection:
            found: int = connection.execute("SELECT count(*) FROM jobs").fetchone()[0]
            return found
    except sqlite3.OperationalError:
        return 0


def test_a_source_that_is_in_use_is_moved_in_two_runs(source: str, target: str) -> None:
    """The first tells that it has changed meanwhile; the second, once the writer has stopped, that all is there."""
    writer = [sys.executable, str(WRITER), source, "w", "100000"]
    pipe = subprocess.PIPE
    with subprocess.Popen(writer, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("begin\n")
            process.stdin.flush()
            for _ in range(10):
                process.stdout.readline()
            first = migrate("--from", source, "--to", target)
        finally:
            process.kill()
    second = migrate("--from", source, "--to", target)

    assert first.returncode == Exit.DIFFERENT
    assert "stop the servers and run this again" in first.stderr
    assert "Traceback" not in first.stderr
    assert second.returncode == Exit.DONE, second.stderr
    assert everything(target) == everything(source)


def test_a_target_that_holds_more_is_overwritten_only_when_told_so(source: str, target: str) -> None:
    """What would be lost is named."""
    job = in_store(target, put)
    before = everything(target)
    refused = migrate("--from", source, "--to", target)

    assert refused.returncode == Exit.REFUSED
    assert job.id in refused.stderr
    assert everything(target) == before
    assert migrate("--from", source, "--to", target, "--overwrite").returncode == Exit.DONE
    assert everything(target) == everything(source)


def test_a_check_copies_nothing(source: str, target: str) -> None:
    """It finds what was tampered with, and what is missing."""
    assert migrate("--from", source, "--to", target, "--check").returncode == Exit.DIFFERENT
    assert everything(target) == ([], [])
    migrate("--from", source, "--to", target)
    equal = migrate("--from", source, "--to", target, "--check", "--json")
    with closing(sqlite3.connect(target.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE jobs SET message = 'other' WHERE number = 1")
    different = migrate("--from", source, "--to", target, "--check", "--json")

    assert (equal.returncode, different.returncode) == (Exit.DONE, Exit.DIFFERENT)
    assert json.loads(equal.stdout)["passes"] == json.loads(different.stdout)["passes"] == []
    assert json.loads(different.stdout)["equal"] is False
    assert "run this again" not in different.stderr


def test_a_store_cannot_be_moved_to_itself_or_out_of_nothing(source: str, target: str, tmp_path: Path) -> None:
    """By whatever name, the command line is wrong."""
    (tmp_path / "link").symlink_to(tmp_path)
    same = f"sqlite:///{tmp_path / 'link' / 'source.db'}"
    wrong = [
        (source, source),
        (source, same),
        (source, "memory://"),
        ("memory://", target),
        (target, source),
        (source, "unknown://"),
    ]
    for pair in wrong:
        done = migrate("--from", pair[0], "--to", pair[1])

        assert done.returncode == Exit.USAGE, pair
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""


def test_a_store_that_is_not_there_is_unreachable(source: str, tmp_path: Path) -> None:
    """The exit code is that of any store that cannot be reached."""
    (tmp_path / "file.db").write_text("no database, but long enough to be taken for one" * 100)
    done = migrate("--from", source, "--to", f"sqlite:///{tmp_path / 'file.db'}")

    assert done.returncode == Exit.UNREACHABLE
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("as_json", [False, True])
def test_on_a_terminal_there_are_bars(source: str, target: str, as_json: bool) -> None:
    """On standard error, so that standard output is the answer alone."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command("--from", source, "--to", target, *(["--json"] if as_json else [])),
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    ) as process:
        os.close(theirs)
        drawn = b"".join(read_all(ours)).decode()
        stdout, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == Exit.DONE
    for words in ("Pass 1", "Pass 2", "Verifying", "100%", "4 records compared, 5 changed"):
        assert words in drawn
    assert "\x1b" not in stdout
    if as_json:
        assert json.loads(stdout)["equal"]


def read_all(terminal: int) -> list[bytes]:
    """Read what is shown, until nobody is left to show anything."""
    parts = []
    try:
        while part := os.read(terminal, 65536):
            parts.append(part)
    except OSError:  # Linux tells the end of a terminal by an error
        pass
    os.close(terminal)
    return parts


def test_every_now_and_then_a_line_tells_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """How much, how fast, and how long still."""
    times = iter([0.0, 0.0, INTERVAL / 2, INTERVAL, INTERVAL + 1, 4 * INTERVAL])
    lines = Lines(lambda: next(times))
    for number in (0, 1250, 2500, 2600, 10_000):
        done = number == 10_000
        lines.tell(Step(stage=Stage.COPYING, turn=1, number=number, last=10_000, compared=number, changed=7, done=done))

    assert capsys.readouterr().err.splitlines() == [
        "Pass 1: 2,500 records compared, 7 changed, 25%, 250 a second, 30 s left …",
        "Pass 1: 10,000 records compared, 7 changed.",
    ]


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("sqlite:///jobs.db", "sqlite:///jobs.db"),
        ("sqlite:////var/lib/a@b.db", "sqlite:////var/lib/a@b.db"),
        ("postgresql://user:hunter2@db.example:5432/jobs?password=hunter2", "postgresql://db.example:5432/jobs"),
        ("postgresql://user:hunter2@one,two:5433/jobs", "postgresql://one,two:5433/jobs"),
        ("postgresql:///jobs?host=/run&password=hunter2", "postgresql:///jobs"),
        ("redis://:hunter2@[::1]:6379/0", "redis://[::1]:6379/0"),
        ("redis+cluster://db.example?prefix=hunter2", "redis+cluster://db.example"),
        ("postgresql://user:hun/ter2@db.example/jobs", "postgresql://…"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, seen: str) -> None:
    """Scheme, host and database, and where it cannot be told which these are, the scheme."""
    assert shown(url) == seen


ODD = st.text("@:/?#[]&=% ab,.", max_size=8)


@given(before=ODD, after=ODD)
def test_no_password_is_shown_however_it_is_written(before: str, after: str) -> None:
    """Even one that should have been escaped."""
    assert "hunter2" not in shown(f"postgresql://user:{before}hunter2{after}@db.example/jobs")
